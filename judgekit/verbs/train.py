"""`judgekit train`: a dataset becomes a judge."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from judgekit.config import TrainSettings
from judgekit.core.calibration import Calibration
from judgekit.core.metrics import kl_per_item
from judgekit.dataset.manifest import DATASETS
from judgekit.dataset.opening import named_annotations, open_dataset, open_workspace
from judgekit.errors import SettingsError, WorkspaceError
from judgekit.judge.describing import describe_backbone, judge_manifest
from judgekit.judge.manifest import (
    ADAPTER_FOLDER,
    JUDGES,
    LOG_FILE,
    TEMPLATE_FILE,
    TrainingMetrics,
    runs_of_judges,
)
from judgekit.models.loading import choose_device
from judgekit.prompts.mirror import require_mirror
from judgekit.reports.train_page import train_page as train_page
from judgekit.training.checkpoints import Checkpoint
from judgekit.training.loop import reading_size, train_model
from judgekit.training.notes import notes_before, notes_on_gain, notes_on_label_mass
from judgekit.training.predict import predict
from judgekit.training.processes import Processes, join_processes
from judgekit.training.reporter import SILENT, Reporter
from judgekit.training.result import TrainResult
from judgekit.training.run_folder import RunFolder, unfinished
from judgekit.training.setup import (
    calibrate,
    loop_settings,
    make_model,
    objective_of,
    plan_memory,
    set_up,
    wanted_backbone,
)
from judgekit.training.training_data import split_parts, training_parts
from judgekit.workspace.atomic import write_text
from judgekit.workspace.layout import check_name
from judgekit.workspace.store import Workspace


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
    processes = join_processes()
    with ExitStack() as held:  # the main process holds the lock, for all
        name = processes.from_main(
            lambda: _prepare(
                place,
                held,
                dataset,
                judge,
                resume=resume,
                force=force,
                offline=offline,
                given=settings,
                is_sharded=processes.is_sharded,
            )
        )
        checkpoint = Checkpoint(place.run_folder(name))
        try:
            result = _train(place, name, checkpoint, processes, offline, reporter, should_stop)
        finally:
            if processes.is_main and not checkpoint.has_state:  # it failed before the first step: nothing to continue
                checkpoint.discard()
        processes.end()
    return result


def _prepare(
    place: Workspace,
    held: ExitStack,
    dataset: str | None,
    judge: str | None,
    *,
    resume: bool,
    force: bool,
    offline: bool,
    given: dict[str, Any],
    is_sharded: bool,
) -> str:
    """Check that a training can be started or resumed, and note what it is made of; the name of its judge."""
    if resume:
        name, checkpoint = _unfinished(place, judge, dataset)
    else:
        source = place.open(DATASETS, dataset).name
        name = check_name(judge) if judge else source if force else place.free_name(JUDGES, source)
        checkpoint = Checkpoint(place.run_folder(name))
    held.enter_context(place.only_one(f"train-{name}"))
    if resume:
        run = checkpoint.run()
        force = force or bool(run["force"])
        chosen = _settings_of_run(run, given)
    else:
        chosen = TrainSettings.from_json(given)
        if name in unfinished(place, runs_of_judges(place)) and checkpoint.has_state and not force:
            raise WorkspaceError(
                f"There is an unfinished training of the judge {name!r}.",
                hint=f"Continue it: judgekit train --judge {name} --resume   (or start anew: --force)",
            )
    if is_sharded and chosen.load_in_4bit:
        raise SettingsError(
            "FSDP parts matrices by their rows, and weights in 4 bits have none.",
            hint="Leave --load-in-4bit away, or launch with --multi_gpu instead of --use_fsdp.",
        )
    if place.exists(JUDGES, name) and not force:
        raise WorkspaceError(
            f"There is a judge named {name!r} already.", hint="Choose another --judge, or replace it with --force."
        )
    data = open_dataset(place, run["dataset"] if resume else source)
    # What the dataset does not allow is refused before a backbone is looked for.
    if chosen.annotator_weights:
        named_annotations(data, split_parts(data.items, chosen) == "train")
    if chosen.swap:
        require_mirror(data.template.fields, data.items.labels, option="--swap")
    # A run is resumed from any folder: its note has the backbone's whole path.
    backbone = wanted_backbone(chosen, run["backbone"]["name"] if resume else None, offline=offline)
    facts = {
        "dataset": data.name,
        "content_hash": data.content_hash,
        "template": data.template.source,
        "backbone": asdict(describe_backbone(backbone)),
        "settings": chosen.to_json(),
        "force": force,
    }
    if resume:
        _check_unchanged(run, facts, name)
        if force:
            checkpoint.allow_replacing()
    else:
        checkpoint.start(facts)
    return name


def _train(
    place: Workspace,
    name: str,
    checkpoint: Checkpoint,
    processes: Processes,
    offline: bool,
    reporter: Reporter,
    should_stop: Callable[[], bool],
) -> TrainResult:
    """Train what the checkpoint's note says; the same for a fresh run and a resumed one, in every process."""
    run = checkpoint.run()
    settings = TrainSettings.from_json(run["settings"])
    data = open_dataset(place, run["dataset"])
    # The main process has downloaded it.
    backbone = wanted_backbone(settings, run["backbone"]["name"], offline=offline or not processes.is_main)
    setup = set_up(data, backbone, settings, device=processes.device(choose_device(settings.device)))
    parts = training_parts(data, setup.prompts, settings)
    shards = processes.count if processes.is_sharded else 1
    memory = processes.from_main(lambda: plan_memory(setup, settings, parts.training.encoded.lengths, shards=shards))
    model = make_model(
        setup,
        settings,
        parts.prior,
        gradient_checkpointing=memory.gradient_checkpointing,
        is_sharded=processes.is_sharded,
    )
    loop = loop_settings(settings, backbone.kind, len(parts.training.hard))
    if processes.is_main:
        for note in notes_before(data, setup, parts, loop, memory, in_4bit=settings.load_in_4bit):
            reporter.note(note)
        if processes.is_sharded:
            reporter.note(f"FSDP: each of the {processes.count} processes keeps its part of every layer.")
    outcome = train_model(
        model,
        objective_of(settings, parts.training),
        parts.validation,
        settings=loop,
        state=checkpoint.load(),
        processes=processes,
        on_progress=reporter.training,
        on_note=reporter.note,
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
        label_mass=None,
        truncated=parts.truncated,
        dropped=parts.dropped,
        items_per_second=end.step * loop.batch_size / end.seconds if end.seconds else 0.0,
    )
    if not outcome.is_finished:
        return result
    predicted = predict(model, parts.validation.encoded, batch_size=reading_size(end, processes), processes=processes)
    temperature, kl = calibrate(predicted.logits, parts.validation.p, settings)
    mass = None if predicted.label_mass is None else float(predicted.label_mass.mean())
    result = result._replace(temperature=temperature, validation_kl=kl, label_mass=mass)
    metrics = TrainingMetrics(
        validation_kl=kl, validation_prior_kl=result.validation_prior_kl, best_step=end.best_step, label_mass=mass
    )
    calibration = Calibration(temperature)
    manifest = judge_manifest(data, setup, settings, loop, parts, calibration, metrics, run=run["run_id"])

    def commit() -> Path:
        with place.staged(JUDGES, name, replace=run["force"]) as staged:
            model.save_adapter(staged.path / ADAPTER_FOLDER)
            write_text(staged.path / TEMPLATE_FILE, data.template.source)
            write_text(staged.path / LOG_FILE, "".join(json.dumps(row) + "\n" for row in end.log))
            entry = staged.commit(manifest)
        checkpoint.discard()
        return entry.path

    folder = processes.from_main(commit)
    if processes.is_main:
        notes = notes_on_gain(end.best_step, kl, result.validation_prior_kl)
        for note in [*notes, *notes_on_label_mass(mass, setup.verbalizer.scoring if setup.verbalizer else "")]:
            reporter.note(note)
    return result._replace(folder=folder)


def _unfinished(place: Workspace, judge: str | None, dataset: str | None) -> tuple[str, RunFolder]:
    """The unfinished run to resume: of the named judge or dataset, else the newest."""
    runs = [
        (name, checkpoint)
        for name, checkpoint in unfinished(place, runs_of_judges(place)).items()
        if judge in (None, name)
    ]
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
