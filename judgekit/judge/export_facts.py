"""What an export says about itself: in `judgekit.json` what reading it needs, in the model card where it comes from.

Nothing in it tells where on the exporting machine something lay.
"""

from __future__ import annotations

import dataclasses
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import torch

from judgekit.config.choices import ExportFormat
from judgekit.judge.export_sample import ProbeGap
from judgekit.judge.judge import TrainedJudge
from judgekit.judge.kept_evaluation import KeptEvaluation
from judgekit.judge.loading import judge_verbalizer
from judgekit.judge.manifest import EVALUATION_FILE, ExportManifest, JudgeManifest
from judgekit.models import starter, starter_lm
from judgekit.models.loading import Backbone, load_tokenizer
from judgekit.prompts.verbalizer import shown_labels
from judgekit.version import __version__
from judgekit.workspace.manifest import now

CARD_FILE = "README.md"


class CardFacts(NamedTuple):
    """What the model card says."""

    judge: JudgeManifest
    """Where the judge comes from; its backbone is named as in `export`."""
    export: ExportManifest
    licence: str
    """Of the backbone; `unknown` where its folder does not say."""
    evaluation: KeptEvaluation | None
    """The newest; None where there was none."""
    is_classifier: bool
    """Whether `pipeline("text-classification")` of plain transformers says what the judge says."""
    trust_remote_code: bool
    """Whether loading the export needs that."""
    exported_with: dict[str, str]
    """Versions of the packages, by name."""
    sample_items: int
    """Items that were scored before and after."""
    largest_shift: float
    """Of a label's probability over these items."""
    without_probe: ProbeGap | None
    """How far they are from the judge with its probe, where it has one and the format holds none."""


def exported_facts(
    judge: TrainedJudge, dtype: torch.dtype, format_: ExportFormat, *, keeps_probe: bool
) -> ExportManifest:
    """What `judgekit.json` says: all that reading needs; of a local backbone the last folder's name.

    Args:
        judge: the judge.
        dtype: of the weights.
        format_: of the export.
        keeps_probe: whether the judge's probe is part of it.
    """
    manifest, verbalizer = judge.manifest, judge_verbalizer(judge.entry)
    tokenizer = load_tokenizer(judge.backbone)
    separator = tokenizer.sep_token
    return ExportManifest(
        created=now(),
        judgekit=__version__,
        name=judge.name,
        backbone=dataclasses.replace(manifest.backbone, name=_public_name(judge.backbone)),
        labels=manifest.labels,
        scale=manifest.scale,
        values=manifest.values,
        verbalizer=verbalizer,
        chat=manifest.chat,
        fields=manifest.fields,
        max_length=manifest.max_length,
        temperature=manifest.alone.temperature if verbalizer is not None and manifest.alone.temperature else 1.0,
        bias=manifest.alone.bias if verbalizer is not None else (),  # else both are part of the head
        class_prior=manifest.class_prior,
        shown_labels=shown_labels(manifest.labels, () if verbalizer is None else verbalizer.codes),
        separator=f" {separator} " if separator else " ",
        dtype=str(dtype).removeprefix("torch."),
        format=format_,
        probe_fields=manifest.probe.fields if keeps_probe and manifest.probe is not None else (),
        pad_id=int(tokenizer.pad_token_id or 0),
    )


def card_facts(
    judge: TrainedJudge,
    export: ExportManifest,
    *,
    is_classifier: bool,
    trust_remote_code: bool,
    sample_items: int,
    largest_shift: float,
    without_probe: ProbeGap | None,
) -> CardFacts:
    """What the model card says.

    Args:
        judge: the judge.
        export: of `exported_facts`.
        is_classifier: whether a `pipeline` of plain transformers says what the judge says.
        trust_remote_code: whether loading the export needs that.
        sample_items: items that were scored before and after.
        largest_shift: of a label's probability over these items.
        without_probe: of `probe_gap`.
    """
    evaluation = judge.folder / EVALUATION_FILE
    return CardFacts(
        judge=judge.manifest,
        export=export,
        licence=_licence(judge.backbone.folder),
        evaluation=KeptEvaluation.read(evaluation) if evaluation.is_file() else None,
        is_classifier=is_classifier,
        trust_remote_code=trust_remote_code,
        exported_with={"judgekit": __version__, **{name: version(name) for name in _packages(export.format)}},
        sample_items=sample_items,
        largest_shift=largest_shift,
        without_probe=without_probe,
    )


def _packages(format_: ExportFormat) -> tuple[str, ...]:
    engine = {"onnx": ("onnxruntime",), "openvino": ("openvino",)}
    return ("torch", "transformers", *engine.get(format_, ()))


def _public_name(backbone: Backbone) -> str:
    if backbone.name == starter.NAME:
        return starter.HUB_ID
    if backbone.name == starter_lm.NAME:
        return starter_lm.PUBLIC_NAME
    return backbone.name if backbone.revision is not None else Path(backbone.name).name


def _licence(folder: Path) -> str:
    """What the card in the backbone's folder names; `unknown` where it names none."""
    card = folder / CARD_FILE
    lines = card.read_text(encoding="utf-8", errors="replace").splitlines() if card.is_file() else []
    if not lines or lines[0].strip() != "---":
        return "unknown"
    named = [line.partition(":")[2].strip() for line in lines[1:] if line.startswith("license:")]
    return named[0] if named and named[0] else "unknown"
