"""What an export says about itself: in `judgekit.json` what reading it needs, in the model card where it comes from.

Nothing in it tells where on the exporting machine something lay.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from judgekit.judge.judge import EVALUATION_FILE, judge_verbalizer
from judgekit.judge.manifest import ExportManifest, JudgeManifest
from judgekit.models import starter
from judgekit.models.loading import Backbone, load_tokenizer
from judgekit.prompts.verbalizer import shown_labels
from judgekit.version import __version__
from judgekit.workspace.manifest import now, read_json
from judgekit.workspace.store import Entry

CARD_FILE = "README.md"


def exported_facts(entry: Entry[JudgeManifest], backbone: Backbone, dtype: torch.dtype) -> ExportManifest:
    """What `judgekit.json` says: all that reading needs; of a local backbone the last folder's name."""
    manifest = entry.manifest
    verbalizer = judge_verbalizer(entry)
    separator = load_tokenizer(backbone).sep_token
    return ExportManifest(
        created=now(),
        judgekit=__version__,
        name=entry.name,
        backbone=replace(manifest.backbone, name=_public_name(backbone)),
        labels=manifest.labels,
        scale=manifest.scale,
        values=manifest.values,
        verbalizer=verbalizer,
        chat=manifest.chat,
        fields=manifest.fields,
        max_length=manifest.max_length,
        temperature=manifest.calibration.temperature,
        class_prior=manifest.class_prior,
        shown_labels=shown_labels(manifest.labels, () if verbalizer is None else verbalizer.codes),
        separator=f" {separator} " if separator else " ",
        dtype=str(dtype).removeprefix("torch."),
    )


def _public_name(backbone: Backbone) -> str:
    if backbone.name == starter.NAME:
        return starter.HUB_ID
    return backbone.name if backbone.revision is not None else Path(backbone.name).name


def card_facts(
    entry: Entry[JudgeManifest], backbone: Backbone, facts: ExportManifest, *, trust_remote_code: bool
) -> dict[str, Any]:
    """What the model card says, but for what the check of the export finds.

    Args:
        entry: the judge.
        backbone: what it was trained on.
        facts: of `exported_facts`.
        trust_remote_code: whether loading the export needs that.
    """
    manifest, evaluation = entry.manifest, entry.path / EVALUATION_FILE
    stored = manifest.to_json()
    return {
        **facts.to_json(),
        "kind": backbone.kind.value,
        "backbone_name": _public_name(backbone),
        "backbone_revision": backbone.revision,
        "backbone_sha256": backbone.sha256,
        "licence": _licence(backbone.folder),
        "dataset": manifest.dataset.name,
        "annotations": manifest.dataset.annotations,
        "evaluation": read_json(evaluation) if evaluation.is_file() else None,
        "trust_remote_code": trust_remote_code,
        "exported_with": {"judgekit": __version__, **{name: version(name) for name in ("torch", "transformers")}},
        **{name: stored[name] for name in ("items", "settings", "resolved", "metrics", "machine")},
    }


def _licence(folder: Path) -> str:
    """What the card in the backbone's folder names; `unknown` where it names none."""
    card = folder / CARD_FILE
    lines = card.read_text(encoding="utf-8", errors="replace").splitlines() if card.is_file() else []
    if not lines or lines[0].strip() != "---":
        return "unknown"
    named = [line.partition(":")[2].strip() for line in lines[1:] if line.startswith("license:")]
    return named[0] if named and named[0] else "unknown"
