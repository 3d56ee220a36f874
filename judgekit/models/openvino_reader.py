"""OpenVINO as what reads an encoder's batches on a CPU: the same numbers up to rounding, and less waiting.

Its threads do not wait for each other at every product as torch's do, which matters where other programs compute too:
with 11 processes beside it on 2 cores it read 226 items/s where torch read 148 in streams and 10 without.
"""

# The extra may be missing where types are checked.
# pyright: reportMissingImports=false

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from judgekit.errors import BackboneError
from judgekit.models.encoder import EncoderJudge, FrozenEncoder
from judgekit.models.first_forward import are_close
from judgekit.models.graph import OF_BATCH, ReaderGraph, write_graph
from judgekit.models.graph_session import ONNX_FILE, require_engine
from judgekit.models.reader import Batch, Reading
from judgekit.wording import first_line

_PRECISIONS = {torch.float32: "f32", torch.bfloat16: "bf16"}
_OUTPUT = "read"


class OpenVinoReader:
    """What an encoder makes of batches, computed by OpenVINO; several threads may call it, each for its own batch.

    Args:
        reader: in float32 on the CPU.
        has_segments: whether batches carry segment numbers.
        dtype: number format of the matrix products.
        streams: how many threads will call it.

    Raises:
        BackboneError: OpenVINO cannot compute the model, or computes something else than torch does.
        SettingsError: OpenVINO is not installed.
    """

    pad_left = False

    def __init__(
        self, reader: EncoderJudge | FrozenEncoder, *, has_segments: bool, dtype: torch.dtype, streams: int
    ) -> None:
        openvino = require_engine("openvino")
        self.device = torch.device("cpu")
        self._free: list[Any] = []  # requests that no thread uses now; threads come and go with each file
        graph = ReaderGraph(reader, has_segments=has_segments).eval()
        self._inputs = graph.inputs
        options = {
            "INFERENCE_PRECISION_HINT": _PRECISIONS[dtype],
            "NUM_STREAMS": streams,
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "ENABLE_CPU_PINNING": False,  # a thread that is bound to a busy core waits there
        }
        with TemporaryDirectory() as folder:
            path = Path(folder) / ONNX_FILE
            write_graph(graph, (_OUTPUT,), path)
            try:
                core = openvino.Core()
                self._compiled: Any = core.compile_model(core.read_model(str(path)), "CPU", options)
            except RuntimeError as error:
                raise _cannot(first_line(error)) from error
        self._taken = {name for one in self._compiled.inputs for name in one.get_names()}
        self._check(reader, dtype)

    def read(self, batch: Batch) -> Reading:
        """What the model gives of the batch, float32."""
        try:
            request = self._free.pop()
        except IndexError:
            request = self._compiled.create_infer_request()
        parts: list[tuple[str, Tensor | None]] = [*zip(OF_BATCH, batch, strict=True)]
        given = {name: part.numpy() for name, part in parts if part is not None and name in self._taken}
        found = request.infer(given, share_inputs=True)[_OUTPUT]
        reading = Reading(torch.from_numpy(found.copy()), None)
        self._free.append(request)
        return reading

    @torch.no_grad()
    def _check(self, reader: EncoderJudge | FrozenEncoder, dtype: torch.dtype) -> None:
        """Read made-up batches of other shapes than the graph was traced with, and compare."""
        for rows, tokens in ((1, 6), (3, 21)):
            ids = torch.arange(1, 1 + tokens).repeat(rows, 1)
            ends = torch.arange(tokens, tokens - rows, -1).unsqueeze(1)
            batch = Batch(ids, (torch.arange(tokens) < ends).long(), torch.zeros_like(ids))
            own = batch if OF_BATCH[2] in self._inputs else batch._replace(token_type_ids=None)
            try:
                found = self.read(own).logits
            except RuntimeError as error:
                raise _cannot(first_line(error)) from error
            if not are_close(found, reader.read(own).logits, dtype):
                raise _cannot("it gives other numbers than torch")


def _cannot(why: str) -> BackboneError:
    return BackboneError(f"OpenVINO cannot compute this judge's model: {why}.", hint="Use --engine torch.")
