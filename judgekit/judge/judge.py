"""A judge on disk: writing one, and opening one with everything that scoring needs."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from judgekit.config import Dtype, ModelKind, OnTooLong, TrainSettings
from judgekit.core.calibration import Calibration
from judgekit.dataset.opening import Dataset
from judgekit.errors import BackboneError, WorkspaceError
from judgekit.judge.manifest import (
    AnnotatorWeights,
    JudgeManifest,
    Machine,
    PartSizes,
    ReadingManifest,
    ResolvedSettings,
    TrainedOn,
    TrainingMetrics,
)
from judgekit.models.identity import BackboneIdentity
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
from judgekit.training.loop import LoopSettings
from judgekit.training.predict import predict
from judgekit.training.reporter import Reporter
from judgekit.training.setup import Setup
from judgekit.training.too_long import encode_fitting
from judgekit.training.training_data import TrainingParts
from judgekit.version import __version__
from judgekit.workspace.manifest import now
from judgekit.workspace.store import Entry

ADAPTER_FOLDER = "adapter"
ADAPTER_FILE = "adapter_model.safetensors"  # PEFT's word
TEMPLATE_FILE = "template.j2"
LOG_FILE = "log.jsonl"
EVALUATION_FILE = "evaluation.json"

_PACKAGES = ("torch", "transformers", "peft", "tokenizers", "numpy", "polars")


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

    model: LabelReader
    prompts: TokenizedPrompts
    calibration: Calibration

    def predict(
        self,
        items: Sequence[Mapping[str, str]],
        ids: Sequence[str],
        *,
        on_too_long: OnTooLong,
        batch_size: int,
        reporter: Reporter,
    ) -> Predictions:
        """Predicted distributions of items, in their order.

        Args:
            items: column name -> text of each item.
            ids: of the items, for messages.
            on_too_long: what becomes of items that are too long.
            batch_size: most items per forward pass.
            reporter: told about progress.

        Raises:
            DataError: items are too long and `on_too_long` is error.
        """
        encoded, rows, _ = encode_fitting(self.prompts, items, ids, on_too_long)
        done = 0

        def on_batch(size: int) -> None:
            nonlocal done
            done += size
            reporter.items(done, len(rows))

        found = predict(self.model, encoded, batch_size=batch_size, on_batch=on_batch)
        return Predictions(self.calibration.apply(found.logits), encoded.is_truncated, found.label_mass, rows)


def open_judge(
    entry: Entry[JudgeManifest],
    *,
    dtype: Dtype,
    device: str,
    offline: bool,
    backbone_name: str | None = None,
    trust_remote_code: bool = False,
) -> LoadedJudge:
    """Load a judge from its folder; needs no dataset.

    Raises:
        BackboneError: the backbone is not there, its weights are not the ones the judge was trained on, or it brings
            code that the user does not ask for.
        WorkspaceError: the judge is damaged, or too old.
    """
    manifest = entry.manifest
    stored = manifest.backbone
    backbone = judge_backbone(entry, backbone_name, offline=offline, trust_remote_code=trust_remote_code)
    if backbone.sha256 != stored.sha256:
        raise BackboneError(
            f"The weights of {backbone.name} in {backbone.folder} have changed since the judge {entry.name!r} was "
            f"trained (SHA-256 {backbone.sha256[:12]}…, then {stored.sha256[:12]}…).",
            hint="Restore the backbone, or train again.",
        )
    if not (entry.path / ADAPTER_FOLDER / ADAPTER_FILE).is_file():
        raise WorkspaceError(
            f"The judge {entry.name!r} is damaged: {entry.path / ADAPTER_FOLDER} holds no {ADAPTER_FILE}.",
            hint=f"Restore it from a copy, or train it again: judgekit train --judge {entry.name} --force",
        )
    verbalizer = judge_verbalizer(entry)
    chosen = choose_device(device)
    in_4bit = manifest.settings.load_in_4bit
    if in_4bit:
        check_4bit(backbone, chosen)
    prompts = judge_prompts(entry.path, manifest, load_tokenizer(backbone))
    model = load_judge(
        backbone,
        entry.path / ADAPTER_FOLDER,
        label_words=None if verbalizer is None else verbalizer.words,
        device=chosen,
        dtype=choose_dtype(dtype, chosen),
        load_in_4bit=in_4bit,
    )
    return LoadedJudge(model, prompts, manifest.calibration)


def judge_backbone(
    entry: Entry[JudgeManifest], name: str | None = None, *, offline: bool, trust_remote_code: bool = False
) -> Backbone:
    """The backbone a judge was trained on, located and not loaded.

    Args:
        entry: the judge.
        name: where the backbone is now, if it was moved.
        offline: never ask the hub.
        trust_remote_code: run code that comes with it.

    Raises:
        BackboneError: it is not there, or brings code that the user does not ask for.
    """
    stored = entry.manifest.backbone
    if name is not None:
        return find_backbone(name, kind=stored.kind, offline=offline, trust_remote_code=trust_remote_code)
    if Path(stored.name).is_absolute() and not Path(stored.name).is_dir():
        raise BackboneError(
            f"The backbone of the judge {entry.name!r} is no longer at {stored.name}.",
            hint="Move it back, or say where it is now: --backbone FOLDER",
        )
    # A hub model is asked for at the commit it was trained at, not at the branch that has moved since.
    revision = None if stored.name == "starter" else stored.revision
    return find_backbone(
        stored.name,
        revision,
        kind=stored.kind,
        offline=offline,
        trust_remote_code=trust_remote_code,
    )


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
            f"The judge {entry.name!r} was trained by an older judgekit, which did not keep how its labels are read.",
            hint=f"Train it again: judgekit train --judge {entry.name} --force",
        )
    return entry.manifest.verbalizer


def judge_manifest(
    data: Dataset,
    setup: Setup,
    settings: TrainSettings,
    loop: LoopSettings,
    parts: TrainingParts,
    calibration: Calibration,
    metrics: TrainingMetrics,
    *,
    run: str,
) -> JudgeManifest:
    """What the manifest of a finished training says."""
    annotations = int(data.items.counts.sum())
    return JudgeManifest(
        created=now(),
        dataset=TrainedOn(name=data.name, content_hash=data.content_hash, annotations=annotations),
        labels=data.items.labels,
        scale=data.items.scale,
        values=data.items.values,
        verbalizer=setup.verbalizer,
        chat=setup.prompts.frame,
        fields=data.template.fields,
        columns=data.schema.as_roles(),
        max_length=setup.prompts.max_length,
        class_prior=tuple(parts.prior.tolist()),
        target_strength=parts.strength,
        annotator_weights=None if parts.weights is None else AnnotatorWeights.from_json(parts.weights),
        calibration=calibration,
        backbone=describe_backbone(setup.backbone),
        settings=settings,
        resolved=ResolvedSettings(learning_rate=loop.learning_rate, epochs=loop.epochs),
        items=PartSizes.from_json(parts.sizes),
        machine=describe_machine(setup.device, setup.dtype),
        metrics=metrics,
        run=run,
    )


def describe_backbone(backbone: Backbone) -> BackboneIdentity:
    """What identifies a backbone, for the manifest."""
    return BackboneIdentity(backbone.name, backbone.revision, backbone.sha256, backbone.kind)


def describe_machine(device: torch.device, dtype: torch.dtype) -> Machine:
    """What computes a judge: packages and hardware, nothing personal."""
    accelerator = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return Machine(
        judgekit=__version__,
        python=platform.python_version(),
        packages={name: version(name) for name in _PACKAGES},
        system=f"{platform.system()} {platform.machine()}",
        device=accelerator,
        threads=torch.get_num_threads(),
        dtype=str(dtype).removeprefix("torch."),
    )
