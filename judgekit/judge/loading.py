"""From the folder of a judge to a judge in memory: backbone found and checked, prompts and weights loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.config import LoadSettings, ModelKind, PredictSettings
from judgekit.core.calibration import Calibration
from judgekit.errors import BackboneError, WorkspaceError
from judgekit.judge.manifest import ADAPTER_FILE, ADAPTER_FOLDER, TEMPLATE_FILE, JudgeManifest, ReadingManifest
from judgekit.models import starter
from judgekit.models.loading import (
    Backbone,
    check_4bit,
    choose_device,
    choose_dtype,
    find_backbone,
    load_judge,
    load_tokenizer,
)
from judgekit.models.reader import LabelReader
from judgekit.prompts.template import PromptTemplate
from judgekit.prompts.verbalizer import Verbalizer
from judgekit.training.batches import TokenizedPrompts
from judgekit.training.predict import predict
from judgekit.training.reporter import Reporter
from judgekit.training.too_long import encode_fitting
from judgekit.workspace.store import Entry


class Predictions(NamedTuple):
    """What a judge says about the N items that are not dropped."""

    q: NDArray[np.float64]
    """Predicted distributions, calibrated, `[N, K]`."""
    is_truncated: NDArray[np.bool_]
    """Whether an item's texts were shortened, `[N]`."""
    label_mass: NDArray[np.float32] | None
    """Probability that a causal LM gives to the label set before it is renormalised, `[N]`; None for encoders."""
    rows: NDArray[np.int64]
    """Which of the given items these are, ascending, `[N]`."""


class LoadedJudge(NamedTuple):
    """A judge in memory: what reads, what it reads, and what becomes of its logits."""

    reader: LabelReader
    prompts: TokenizedPrompts
    calibration: Calibration

    def predict(
        self, items: Sequence[Mapping[str, str]], ids: Sequence[str], settings: PredictSettings, reporter: Reporter
    ) -> Predictions:
        """Predicted distributions of items, in their order.

        Args:
            items: column name -> text of each item.
            ids: of the items, for messages.
            settings: the size of the batches, and what becomes of items that are too long.
            reporter: gets progress.

        Raises:
            DataError: items are too long, and the settings say to stop then.
        """
        encoded, rows, _ = encode_fitting(self.prompts, items, ids, settings.on_too_long)
        done = 0

        def on_batch(size: int) -> None:
            nonlocal done
            done += size
            reporter.items(done, len(rows))

        found = predict(self.reader, encoded, batch_size=settings.batch_size, on_batch=on_batch)
        return Predictions(self.calibration.apply(found.logits), encoded.is_truncated, found.label_mass, rows)


def judge_backbone(entry: Entry[JudgeManifest], settings: LoadSettings, *, offline: bool) -> Backbone:
    """The backbone a judge was trained on, located and not loaded.

    Raises:
        BackboneError: it is not there, or brings code that the user does not ask for.
    """
    stored = entry.manifest.backbone
    how: dict[str, Any] = {"kind": stored.kind, "offline": offline, "trust_remote_code": settings.trust_remote_code}
    if settings.backbone is not None:
        return find_backbone(settings.backbone, **how)
    if Path(stored.name).is_absolute() and not Path(stored.name).is_dir():
        raise BackboneError(
            f"The backbone of the judge {entry.name!r} is no longer at {stored.name}.",
            hint="Move it back, or say where it is now with --backbone FOLDER.",
        )
    # A hub model is asked for at the commit it was trained at, not at the branch that has moved since.
    return find_backbone(stored.name, None if stored.name == starter.NAME else stored.revision, **how)


def load(entry: Entry[JudgeManifest], backbone: Backbone, settings: LoadSettings) -> LoadedJudge:
    """Load a judge from its folder; needs no dataset.

    Args:
        entry: the judge.
        backbone: of `judge_backbone`.
        settings: where to load it, and in which number format.

    Raises:
        BackboneError: the backbone's weights are not the ones the judge was trained on.
        WorkspaceError: the judge is damaged, or too old.
    """
    manifest = entry.manifest
    if backbone.sha256 != manifest.backbone.sha256:
        raise BackboneError(
            f"The weights of {backbone.name} in {backbone.folder} have changed since the judge {entry.name!r} was "
            f"trained (SHA-256 {backbone.sha256[:12]}…, then {manifest.backbone.sha256[:12]}…).",
            hint="Restore the backbone, or train the judge again.",
        )
    if not (entry.path / ADAPTER_FOLDER / ADAPTER_FILE).is_file():
        raise WorkspaceError(
            f"The judge {entry.name!r} is damaged: {entry.path / ADAPTER_FOLDER} holds no {ADAPTER_FILE}.",
            hint=f"Restore it from a copy, or train it again: judgekit train --judge {entry.name} --force",
        )
    verbalizer, device = judge_verbalizer(entry), choose_device(settings.device)
    if manifest.settings.load_in_4bit:
        check_4bit(backbone, device)
    prompts = judge_prompts(entry.path, manifest, load_tokenizer(backbone))
    reader = load_judge(
        backbone,
        entry.path / ADAPTER_FOLDER,
        label_words=None if verbalizer is None else verbalizer.words,
        device=device,
        dtype=choose_dtype(settings.dtype, device),
        load_in_4bit=manifest.settings.load_in_4bit,
    )
    return LoadedJudge(reader, prompts, manifest.calibration)


def judge_prompts(folder: Path, manifest: ReadingManifest, tokenizer: Any) -> TokenizedPrompts:
    """What a judge reads of an item, as it was in training: template, label set, codes and chat frame.

    Args:
        folder: with the template.
        manifest: of the judge, or of an export.
        tokenizer: of the backbone.
    """
    return TokenizedPrompts(
        PromptTemplate.from_file(folder / TEMPLATE_FILE),
        manifest.labels,
        tokenizer,
        for_encoder=manifest.backbone.kind is ModelKind.encoder,
        max_length=manifest.max_length,
        frame=manifest.chat,
        codes=() if manifest.verbalizer is None else manifest.verbalizer.codes,
    )


def judge_verbalizer(entry: Entry[JudgeManifest]) -> Verbalizer | None:
    """How a causal judge's labels are read; None for an encoder.

    Raises:
        WorkspaceError: a judgekit that did not keep this yet trained the judge.
    """
    if entry.manifest.backbone.kind is ModelKind.encoder:
        return None
    if entry.manifest.verbalizer is None:
        raise WorkspaceError(
            f"The judge {entry.name!r} was trained by an older judgekit, which did not record how its labels are read.",
            hint=f"Train it again: judgekit train --judge {entry.name} --force",
        )
    return entry.manifest.verbalizer
