"""A judge as one graph of tensors with all that it weighs, its probe included, checked through the written file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from judgekit.config import ExportSettings, LoadSettings
from judgekit.errors import BackboneError
from judgekit.judge.export_folder import FACTS_FILE
from judgekit.judge.export_sample import EXACT_TOLERANCE, Sample, check_shift, predict_sample
from judgekit.judge.judge import TrainedJudge
from judgekit.judge.loading import judge_prompts
from judgekit.judge.manifest import ExportManifest, JudgeManifest
from judgekit.models.backbones import Backbone
from judgekit.models.encoder import EncoderJudge, FrozenEncoder
from judgekit.models.graph import LOGITS, OF_BATCH, OF_TEXTS, PROBABILITIES, JudgeGraph, ProbeGraph, write_graph
from judgekit.models.graph_session import (
    ONNX_FILE,
    GraphFormat,
    GraphSession,
    open_graph,
    require_engine,
    to_openvino,
    write_beside,
)
from judgekit.models.tokenizer import has_segments
from judgekit.training.batches import EncodedItems, TokenizedPrompts, collate
from judgekit.training.reporter import Reporter
from judgekit.workspace.store import Entry

_AT_ONCE = 7
"""Items of the check that are run together: of another number than the graph was traced with."""


class GraphExporter(NamedTuple):
    """How a judge becomes one graph: decided before any weights are loaded."""

    judge: TrainedJudge
    """In float32 on the CPU."""
    format: GraphFormat
    tolerance: float
    """Largest shift of a probability that is accepted."""
    dtype: torch.dtype = torch.float32
    """Of the saved weights."""
    keeps_probe: bool = True

    def before(self, sample: Sample, settings: ExportSettings, reporter: Reporter) -> NDArray[np.float64]:
        """What the judge says of the sample, `[N, K]`."""
        return predict_sample(self.judge.loaded, sample, settings, reporter)

    def save(self, folder: Path) -> bool:
        """Write graph, config and tokenizer into a folder.

        Returns:
            False: no `pipeline` of plain transformers reads it.

        Raises:
            BackboneError: the model cannot be written as a graph.
        """
        backbone, loaded = self.judge.backbone, self.judge.loaded
        assert isinstance(loaded.reader, EncoderJudge)
        probe = None
        if loaded.probe is not None:
            plan, reader = loaded.probe.plan, loaded.probe.reader
            assert isinstance(reader, FrozenEncoder)
            pairs = [(plan.fields.index(one), plan.fields.index(other)) for one, other in plan.pairs]
            probe = ProbeGraph(reader, loaded.probe.probe, len(plan.fields), pairs)
        judge = None if loaded.calibration.temperature is None else loaded.reader
        graph = JudgeGraph(
            judge, probe, loaded.calibration, loaded.log_prior, has_segments=has_segments(backbone)
        ).eval()
        if self.format == "onnx":
            write_graph(graph, (LOGITS, PROBABILITIES), folder / ONNX_FILE)
        else:
            with TemporaryDirectory() as place:
                write_graph(graph, (LOGITS, PROBABILITIES), Path(place) / ONNX_FILE)
                to_openvino(Path(place) / ONNX_FILE, folder)
        write_beside(backbone, self.judge.labels, folder)
        return False

    def shift(
        self, folder: Path, sample: Sample, before: NDArray[np.float64], settings: ExportSettings, reporter: Reporter
    ) -> dict[str, float]:
        """The largest shift of each label's probability over the sample.

        Args:
            folder: the written folder, from which alone the graph is run.
            sample: the items.
            before: what the judge says of them, `[N, K]`.
            settings: of the export.
            reporter: gets progress.

        Raises:
            BackboneError: a shift is beyond the tolerance, or the engine cannot compute the graph.
        """
        written = ExportManifest.read(folder / FACTS_FILE)
        backbone = Backbone(str(folder), folder, None, "encoder", settings.trust_remote_code)
        prompts = judge_prompts(folder, written, backbone)
        session, after = open_graph(folder, self.format), []
        for start in range(0, len(sample.texts), _AT_ONCE):
            items = sample.texts[start : start + _AT_ONCE]
            after.append(session.run(_tensors(session, prompts, written.probe_fields, items)))
            reporter.items(start + len(items), len(sample.texts))
        return check_shift(
            self.judge.labels, before, np.concatenate(after), self.tolerance,
            hint="Export it in another format, such as cross-encoder, or raise --tolerance.",
        )  # fmt: skip


def plan_graph(
    entry: Entry[JudgeManifest], settings: ExportSettings, format_: GraphFormat, *, offline: bool
) -> GraphExporter:
    """Decide whether a judge can become a graph, and how exactly.

    Raises:
        BackboneError: it cannot.
        SettingsError: what runs such a graph is not installed, which is needed to check it.
    """
    manifest = entry.manifest
    if manifest.backbone.kind != "encoder":
        raise BackboneError(
            f"The judge {entry.name!r} is a causal LM; only judges on encoders are written as {format_}.",
            hint="Write weights for transformers and what reads them: judgekit export --merged FOLDER",
        )
    if manifest.calibration.is_shares:
        raise BackboneError(
            f"The judge {entry.name!r} predicts the label shares for every item, so there is nothing to compute.",
            hint="Train it on more items."
            + ("" if manifest.settings.quick else " Its fine-tuned model by itself: judgekit export --merged FOLDER"),
        )
    require_engine(format_)
    how = LoadSettings(
        backbone=settings.backbone, trust_remote_code=settings.trust_remote_code, device="cpu", dtype="float32"
    )
    judge = TrainedJudge(entry, settings=how, offline=offline)
    return GraphExporter(judge, format_, settings.tolerance or EXACT_TOLERANCE)


def _tensors(
    session: GraphSession, prompts: TokenizedPrompts, fields: Sequence[str], items: Sequence[Mapping[str, str]]
) -> dict[str, NDArray[np.int64]]:
    """What a graph takes of some items."""
    found: dict[str, NDArray[np.int64]] = {}
    if any(not name.startswith(OF_TEXTS) for name in session.inputs):
        found |= _named(prompts.encode(items), "")
    if fields:
        found |= _named(prompts.encode_texts([item[field] for field in fields for item in items]), OF_TEXTS)
    return {name: found[name] for name in session.inputs}


def _named(encoded: EncodedItems, prefix: str) -> dict[str, NDArray[np.int64]]:
    batch = collate(encoded, np.arange(len(encoded.input_ids)), pad_left=False)
    parts = zip(OF_BATCH, batch, strict=True)
    return {f"{prefix}{name}": tensor.numpy() for name, tensor in parts if tensor is not None}
