"""A judge as one graph of tensors, from token ids to probabilities, and the graph as an ONNX file.

The graph holds all that a judge weighs: the fine-tuned encoder with its label head, the backbone as it was pretrained
with the probe that reads it, the label shares, temperature and bias. Engines other than torch run it; they need not
know how a judge is made.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from judgekit.core.calibration import Calibration
from judgekit.core.probe import Probe
from judgekit.errors import BackboneError
from judgekit.models.encoder import EncoderJudge, FrozenEncoder
from judgekit.models.first_forward import OF_FAMILIES
from judgekit.models.quiet import quiet_libraries
from judgekit.models.reader import Batch
from judgekit.wording import first_line

OF_BATCH = ("input_ids", "attention_mask", "token_type_ids")
OF_TEXTS = "texts_"
"""Stands before the names of what the probe reads."""
LOGITS, PROBABILITIES = "logits", "probabilities"
# Of ONNX. The first with a layer norm of its own; later ones say nothing that engines compute faster.
_OPSET = 17


class ProbeGraph(NamedTuple):
    """What a probe reads: the texts of F columns, each by itself, and some of them compared."""

    reader: FrozenEncoder
    probe: Probe
    fields: int
    """F."""
    pairs: Sequence[tuple[int, int]]
    """Numbers of the columns that are compared."""


class JudgeGraph(nn.Module):
    """The distributions of a judge as a function of tensors alone.

    Of B items it takes the prompts as a batch, and for a probe their texts as another, `[F * B, T]`: the first column
    of all items, then the second, and so on. It gives their logarithms, then the distributions, both `[B, K]`.

    Args:
        judge: the fine-tuned encoder, in float32; None where it has no weight.
        probe: None where it has none.
        calibration: what weighs them.
        log_prior: log of the label shares, `[K]`.
        has_segments: whether batches carry segment numbers.
    """

    shift: Tensor
    weight: Tensor
    bias: Tensor

    def __init__(
        self,
        judge: EncoderJudge | None,
        probe: ProbeGraph | None,
        calibration: Calibration,
        log_prior: NDArray[np.float64],
        *,
        has_segments: bool,
    ) -> None:
        super().__init__()
        self.judge, self._probe, self._calibration = judge, probe, calibration
        self.frozen = None if probe is None else probe.reader.backbone
        self.backbone = judge.backbone if judge is not None else self.frozen
        self.texts_per_item = 0 if probe is None else probe.fields
        shift = calibration.prior * log_prior + np.asarray(calibration.bias or 0.0)
        self.register_buffer("shift", torch.from_numpy(np.broadcast_to(shift, log_prior.shape).copy()).float())
        if probe is not None:
            self.register_buffer("weight", torch.from_numpy(probe.probe.weight).float())
            self.register_buffer("bias", torch.from_numpy(probe.probe.bias).float())
        names = OF_BATCH if has_segments else OF_BATCH[:2]
        self.inputs = [*(names if judge is not None else ()), *(f"{OF_TEXTS}{name}" for name in names if probe)]
        """The names of what it takes, in order."""

    def forward(self, *tensors: Tensor) -> tuple[Tensor, Tensor]:
        """Log of the distributions, and the distributions, float32 `[B, K]`."""
        given = dict(zip(self.inputs, tensors, strict=True))
        scores: Any = self.shift
        if self.judge is not None:
            scores = scores + self.judge.label_logits(_batch(given, "")) / (self._calibration.temperature or 1.0)
        if self._probe is not None:
            scores = scores + self._calibration.probe * self._log_q_of_probe(_batch(given, OF_TEXTS), self._probe)
        return scores.log_softmax(-1), scores.softmax(-1)

    def _log_q_of_probe(self, texts: Batch, probe: ProbeGraph) -> Tensor:
        states = probe.reader.read(texts).logits  # [F B, D]
        of_field = states.reshape(probe.fields, -1, states.shape[1])
        parts = list(of_field.unbind(0))
        for one, other in probe.pairs:
            parts += [(of_field[one] - of_field[other]).abs(), of_field[one] * of_field[other]]
        return (torch.cat(parts, dim=1) @ self.weight + self.bias).log_softmax(-1)


class ReaderGraph(nn.Module):
    """What an encoder makes of a batch, without calibration: label logits, or hidden states of a frozen one."""

    texts_per_item = 0

    def __init__(self, reader: EncoderJudge | FrozenEncoder, *, has_segments: bool) -> None:
        super().__init__()
        self.backbone, self._reader = reader.backbone, reader
        self.inputs = [*(OF_BATCH if has_segments else OF_BATCH[:2])]

    def forward(self, *tensors: Tensor) -> Tensor:
        """`[B, K]`, or `[B, L H]`."""
        return self._reader.read(_batch(dict(zip(self.inputs, tensors, strict=True)), "")).logits


def write_graph(graph: JudgeGraph | ReaderGraph, outputs: Sequence[str], path: Path) -> None:
    """Write a graph as ONNX; batches and texts may have any length in it.

    Args:
        graph: on the CPU, in evaluation mode.
        outputs: names of what it gives.
        path: of the file. Weights beyond 2 GB, which ONNX cannot hold in one file, stand beside it.

    Raises:
        BackboneError: the model does something for which ONNX has no word.
    """
    example = tuple(_example(name, graph.texts_per_item) for name in graph.inputs)
    sizes = {name: {0: "items", 1: "tokens"} for name in graph.inputs if not name.startswith(OF_TEXTS)}
    sizes |= {name: {0: "texts", 1: "text_tokens"} for name in graph.inputs if name.startswith(OF_TEXTS)}
    sizes |= {name: {0: "items"} for name in outputs}
    try:
        # The exporter by tracing: of the encoders that judgekit reads it wrote all but one, within seconds; the one by
        # torch.export takes minutes, packages of its own, and fails where attention masks are made by vmap.
        with _quiet_exporter(), torch.no_grad():
            torch.onnx.export(
                graph, example, str(path), input_names=graph.inputs, output_names=[*outputs], dynamic_axes=sizes,
                opset_version=_OPSET, dynamo=False,
            )  # fmt: skip
    except OF_FAMILIES as error:
        family = type(graph.backbone).__name__
        raise BackboneError(
            f"This {family} cannot be written as ONNX: {type(error).__name__}: {first_line(error)}",
            hint="Use --format cross-encoder, or --engine torch.",
        ) from error


def _example(name: str, texts: int) -> Tensor:
    """A batch of two items that the graph is traced with, so small that no length in it means anything."""
    rows, tokens = (2 * texts, 5) if name.startswith(OF_TEXTS) else (2, 7)
    whole = torch.arange(1, tokens + 1).repeat(rows, 1)
    if name.endswith("input_ids"):
        return whole
    ends = torch.full((rows, 1), tokens)
    ends[-1] -= 2  # with padding behind it: without any, some models take a way that knows none
    return (whole <= ends).long() if name.endswith("attention_mask") else torch.zeros_like(whole)


def _batch(given: Mapping[str, Tensor], prefix: str) -> Batch:
    ids, mask, types = (given.get(f"{prefix}{name}") for name in OF_BATCH)
    assert ids is not None and mask is not None
    return Batch(ids, mask, types)


@contextmanager
def _quiet_exporter() -> Generator[None]:
    """Its warnings are about what it is told here, and about branches that a traced batch decides."""
    with quiet_libraries(), warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
