"""`judgekit train`: a dataset becomes a judge."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import RenderableType

from judgekit.config import ModelKind, Projection, TrainSettings
from judgekit.core.calibration import apply_temperature, fit_temperature
from judgekit.core.metrics import kl_per_item
from judgekit.core.perturbation import Project
from judgekit.core.projection import project_to_ball_and_simplex
from judgekit.errors import SettingsError, WorkspaceError
from judgekit.models.loading import (
    Backbone,
    LoraSettings,
    choose_device,
    choose_dtype,
    find_backbone,
    load_tokenizer,
    longest_input,
    new_judge,
)
from judgekit.pipelines.checkpoints import Checkpoint
from judgekit.pipelines.datasets import Dataset, open_dataset, open_workspace
from judgekit.pipelines.judges import (
    ADAPTER_FOLDER,
    LOG_FILE,
    TEMPLATE_FILE,
    describe_backbone,
    describe_machine,
)
from judgekit.pipelines.parts import TrainingParts, named_annotations, training_parts
from judgekit.pipelines.reporter import SILENT, Reporter
from judgekit.prompts.verbalizer import label_token_ids
from judgekit.report.tables import training_summary
from judgekit.training.batches import TokenizedPrompts
from judgekit.training.loop import LoopSettings, LoopState, train_model
from judgekit.training.predict import predict_logits
from judgekit.workspace.atomic import write_text
from judgekit.workspace.layout import check_name
from judgekit.workspace.store import Kind, Workspace

FEWEST_STEPS = 150
FEWEST_EPOCHS = 3
MOST_EPOCHS = 20
LEARNING_RATE = {ModelKind.encoder: 1e-3, ModelKind.causal: 2e-4}
FEWEST_ITEMS_TO_CALIBRATE = 20
PROMPTS_FOR_VERBALIZER = 8


class TrainResult(NamedTuple):
    """How a training ended."""

    judge: str
    folder: Path | None
    """The judge's folder; None if the run was interrupted and only its checkpoint is kept."""
    dataset: str
    items: dict[str, int]
    """Items of each part of the split."""
    steps: int
    total_steps: int
    best_step: int
    validation_kl: float
    """Of the kept adapter, after calibration, nats."""
    validation_prior_kl: float
    """Of the class prior on the same items, nats."""
    temperature: float
    truncated: int
    """Training and validation items whose texts were shortened."""
    items_per_second: float

    def __rich__(self) -> RenderableType:
        """The facts for the terminal."""
        return training_summary(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON values."""
        return {**self._asdict(), "folder": None if self.folder is None else str(self.folder)}


def train(
    dataset: str | None = None,
    *,
    judge: str | None = None,
    workspace: str | Path | None = None,
    resume: bool = False,
    force: bool = False,
    offline: bool = False,
    reporter: Reporter = SILENT,
    should_stop: Callable[[], bool] = lambda: False,
    **settings: Any,
) -> TrainResult:
    """Fine-tune a judge on a dataset with LoRA and the adversarial distribution-alignment loss.

    Args:
        dataset: its name; None takes the newest.
        judge: name of the judge; None takes the dataset's, with a number if that is taken and `force` is false.
        workspace: its folder; None finds one.
        resume: continue the run that was interrupted, with the settings it was started with.
        force: replace a judge of that name, and throw away an unfinished run of that name.
        offline: never ask the hub.
        reporter: told about notes and progress.
        should_stop: asked after every step; true keeps a checkpoint and returns.
        settings: fields of `TrainSettings`.

    Raises:
        JudgekitError: whatever the user can mend, before the backbone is loaded where possible.
    """
    place = open_workspace(workspace)
    if resume:
        name, checkpoint = _unfinished(place, judge, dataset)
    else:
        source = place.open(Kind.dataset, dataset).name
        name = check_name(judge) if judge else source if force else place.free_name(Kind.judge, source)
        checkpoint = Checkpoint(place.run_folder(name))
    with place.only_one(f"train-{name}"):
        if resume:
            run = checkpoint.run()
            force = force or bool(run["force"])
            chosen = _settings_of_run(run, settings)
        else:
            chosen = TrainSettings.from_json(settings)
            if checkpoint.has_state and not force:
                raise WorkspaceError(
                    f"There is an unfinished training of the judge {name!r}.",
                    hint=f"Continue it: judgekit train --judge {name} --resume   (or start anew: --force)",
                )
        if place.exists(Kind.judge, name) and not force:
            raise WorkspaceError(
                f"There is a judge named {name!r} already.", hint="Choose another --judge, or replace it with --force."
            )
        data = open_dataset(place, run["dataset"] if resume else source)
        if chosen.annotator_weights:
            named_annotations(data, chosen)  # a dataset without names is refused before a backbone is looked for
        # A run is resumed from any folder: its note has the backbone's whole path.
        wanted = run["backbone"]["name"] if resume else chosen.backbone
        backbone = find_backbone(wanted, chosen.revision, kind=chosen.model_kind, offline=offline)
        facts = {
            "dataset": data.name,
            "content_hash": data.content_hash,
            "template": data.template.source,
            "backbone": describe_backbone(backbone),
            "settings": chosen.to_json(),
            "force": force,
        }
        state = None
        if resume:
            _check_unchanged(run, facts, name)
            state = checkpoint.load()
        else:
            checkpoint.start(facts)
        try:
            return _train(place, name, data, backbone, chosen, checkpoint, state, force, reporter, should_stop)
        finally:
            if not checkpoint.has_state:  # it failed before the first step: there is nothing to continue
                checkpoint.discard()


def _train(
    place: Workspace,
    name: str,
    data: Dataset,
    backbone: Backbone,
    settings: TrainSettings,
    checkpoint: Checkpoint,
    state: LoopState | None,
    force: bool,
    reporter: Reporter,
    should_stop: Callable[[], bool],
) -> TrainResult:
    device = choose_device(settings.device)
    dtype = choose_dtype(settings.dtype, device)
    tokenizer = load_tokenizer(backbone)
    labels = data.items.labels
    max_length = min(settings.max_length, longest_input(backbone))
    label_ids = None
    if backbone.kind is ModelKind.causal:
        sample = data.template.render_many(data.items.texts.head(PROMPTS_FOR_VERBALIZER).to_dicts(), labels)
        label_ids = label_token_ids(tokenizer, sample, labels)
        max_length -= max(len(ids) for ids in label_ids)  # the label stands behind the prompt
    for_encoder = backbone.kind is ModelKind.encoder
    prompts = TokenizedPrompts(data.template, labels, tokenizer, for_encoder=for_encoder, max_length=max_length)
    parts = training_parts(data, prompts, settings)
    model = new_judge(
        backbone,
        lora=LoraSettings(settings.lora_r, settings.lora_alpha or 2 * settings.lora_r, settings.lora_dropout),
        label_bias=torch.from_numpy(np.log(parts.prior)).float(),
        label_ids=label_ids,
        device=device,
        dtype=dtype,
        seed=settings.seed,
    )
    loop = _loop_settings(settings, backbone.kind, len(parts.training.hard))
    truncated = int(parts.training.encoded.is_truncated.sum() + parts.validation.encoded.is_truncated.sum())
    for note in _notes(data, backbone, parts, loop, truncated, max_length, device, dtype):
        reporter.note(note)
    outcome = train_model(
        model,
        parts.training,
        parts.validation,
        settings=loop,
        state=state,
        on_progress=reporter.training,
        save=checkpoint.save,
        should_stop=should_stop,
    )
    end = outcome.state
    result = TrainResult(
        judge=name,
        folder=None,
        dataset=data.name,
        items=parts.sizes,
        steps=end.step,
        total_steps=loop.epochs * math.ceil(len(parts.training.hard) / loop.batch_size),
        best_step=end.best_step,
        validation_kl=end.best_kl,
        validation_prior_kl=float(kl_per_item(parts.prior, parts.validation.p).mean()),
        temperature=1.0,
        truncated=truncated,
        items_per_second=end.step * loop.batch_size / end.seconds if end.seconds else 0.0,
    )
    if not outcome.is_finished:
        return result
    temperature, kl = _calibrate(predict_logits(model, parts.validation.encoded), parts.validation.p, settings)
    result = result._replace(temperature=temperature, validation_kl=kl)
    manifest = {
        "dataset": {"name": data.name, "content_hash": data.content_hash},
        "labels": list(data.items.labels),
        "scale": data.items.scale,
        "values": list(data.items.values),
        "label_token_ids": label_ids,
        "fields": list(data.template.fields),
        "item_column": data.schema.item,
        "vote_columns": {
            "layout": data.schema.layout,
            "annotator": data.schema.annotator,
            "label": data.schema.label,
            "annotator_columns": list(data.schema.annotator_columns),
            "counts": list(data.schema.count_columns),
            "number": data.schema.number,
            "separator": data.schema.separator,
            "label_map": [list(pair) for pair in data.schema.label_map],
            "drop_labels": list(data.schema.drop_labels),
        },
        "max_length": max_length,
        "class_prior": parts.prior.tolist(),
        "target_strength": parts.strength,
        "annotator_weights": parts.weights,
        "temperature": temperature,
        "backbone": describe_backbone(backbone),
        "settings": settings.to_json(),
        "resolved": {"learning_rate": loop.learning_rate, "epochs": loop.epochs},
        "metrics": {"validation_kl": kl, "validation_prior_kl": result.validation_prior_kl, "best_step": end.best_step},
        "items": parts.sizes,
        "machine": describe_machine(device, dtype),
    }
    with place.staged(Kind.judge, name, replace=force) as staged:
        model.save_adapter(staged.path / ADAPTER_FOLDER)
        write_text(staged.path / TEMPLATE_FILE, data.template.source)
        write_text(staged.path / LOG_FILE, "".join(json.dumps(row) + "\n" for row in end.log))
        entry = staged.commit(manifest)
    checkpoint.discard()
    return result._replace(folder=entry.path)


def _loop_settings(settings: TrainSettings, kind: ModelKind, items: int) -> LoopSettings:
    steps_per_epoch = math.ceil(items / settings.batch_size)
    epochs = settings.epochs or min(MOST_EPOCHS, max(FEWEST_EPOCHS, math.ceil(FEWEST_STEPS / steps_per_epoch)))
    return LoopSettings(
        alpha=settings.alpha,
        epsilon=settings.epsilon,
        adversary=settings.adversary.value,
        project=_projection(settings.projection),
        epochs=epochs,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate or LEARNING_RATE[kind],
        weight_decay=settings.weight_decay,
        warmup=settings.warmup,
        averaging=settings.averaging,
        evaluations=settings.evaluations,
        patience=settings.patience,
        seed=settings.seed,
    )


def _projection(projection: Projection) -> Project:
    if projection is Projection.cvxpy:
        # CVXPY takes 1.5 s to import and is the oracle of few.
        from judgekit.core.reference import project_to_ball_and_simplex_cvxpy

        return project_to_ball_and_simplex_cvxpy
    return project_to_ball_and_simplex


def _calibrate(logits: NDArray[np.float32], p: NDArray[np.float64], settings: TrainSettings) -> tuple[float, float]:
    """The temperature, 1 where it is not fitted, and the KL with it on the items it was fitted on."""
    fits = settings.calibrate and len(p) >= FEWEST_ITEMS_TO_CALIBRATE
    temperature = fit_temperature(logits, p) if fits else 1.0
    return temperature, float(kl_per_item(apply_temperature(logits, temperature), p).mean())


def _notes(
    data: Dataset,
    backbone: Backbone,
    parts: TrainingParts,
    loop: LoopSettings,
    truncated: int,
    max_length: int,
    device: torch.device,
    dtype: torch.dtype,
) -> list[str]:
    sizes = parts.sizes
    notes = [
        f"Dataset {data.name}: {sizes['train']:,} items to train on, {sizes['validation']:,} to choose the checkpoint "
        f"on, {sizes['test']:,} held out for `judgekit evaluate`.",
        f"Backbone {backbone.name} ({backbone.kind.value}) on {device}, {str(dtype).removeprefix('torch.')}; "
        f"epochs {loop.epochs}, batch size {loop.batch_size}, learning rate {loop.learning_rate:g}.",
    ]
    if parts.weights is not None:
        notes.append(
            f"{parts.weights['annotators']:,} annotators weigh from {parts.weights['min']:.2f} up, on average "
            f"{parts.weights['mean']:.2f}; validation and test count every annotation as 1."
        )
    if truncated:
        notes.append(f"{truncated:,} items are longer than {max_length} tokens; their longest texts lose their middle.")
    return notes


def _unfinished(place: Workspace, judge: str | None, dataset: str | None) -> tuple[str, Checkpoint]:
    """The unfinished run to resume: of the named judge or dataset, else the newest."""
    runs = [(name, Checkpoint(place.run_folder(name))) for name in place.unfinished_runs()]
    runs = [(name, checkpoint) for name, checkpoint in runs if checkpoint.is_started and judge in (None, name)]
    runs = [(name, checkpoint) for name, checkpoint in runs if dataset in (None, checkpoint.run()["dataset"])]
    if not runs:
        about = f" of the judge {judge!r}" if judge else ""
        raise WorkspaceError(f"There is no unfinished training{about} to resume.", hint="Start one: judgekit train")
    return max(runs, key=lambda run: run[1].run()["created"])


def _settings_of_run(run: dict[str, Any], given: dict[str, Any]) -> TrainSettings:
    stored = TrainSettings.from_json(run["settings"])
    asked = TrainSettings.from_json({**run["settings"], **given})
    if asked != stored:
        raise SettingsError(
            "A resumed training keeps the settings it was started with.",
            hint="Leave the options away, or start anew with --force.",
        )
    return stored


def _check_unchanged(run: dict[str, Any], facts: dict[str, Any], name: str) -> None:
    changed = [key for key in ("content_hash", "template", "backbone") if run[key] != facts[key]]
    if changed:
        words = {"content_hash": "the items of the dataset", "template": "its template", "backbone": "the backbone"}
        raise WorkspaceError(
            f"The training of {name!r} cannot be resumed: {', '.join(words[key] for key in changed)} changed since it "
            "was started.",
            hint=f"Start anew: judgekit train --judge {name} --force",
        )
