"""A judge in memory whose forward passes OpenVINO computes."""

from __future__ import annotations

import torch

from judgekit.judge.loading import LoadedJudge
from judgekit.models.encoder import EncoderJudge, FrozenEncoder
from judgekit.models.openvino_reader import OpenVinoReader
from judgekit.models.reader import LabelReader
from judgekit.training.streams import streams_of


def by_openvino(loaded: LoadedJudge, *, has_segments: bool, dtype: torch.dtype) -> LoadedJudge:
    """The same judge, read by OpenVINO.

    Args:
        loaded: in float32 on the CPU.
        has_segments: whether batches carry segment numbers.
        dtype: number format of the matrix products.

    Raises:
        BackboneError: OpenVINO cannot compute it.
        SettingsError: OpenVINO is not installed.
    """

    def read(reader: LabelReader) -> LabelReader:
        assert isinstance(reader, EncoderJudge | FrozenEncoder)
        return OpenVinoReader(reader, has_segments=has_segments, dtype=dtype, streams=streams_of(reader.device))

    probe = None if loaded.probe is None else loaded.probe._replace(reader=read(loaded.probe.reader))
    is_asked = loaded.calibration.temperature is not None
    return loaded._replace(reader=read(loaded.reader) if is_asked else loaded.reader, probe=probe)
