"""A training from its request to the folder of its judge."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import torch

from judgekit.config import TrainSettings
from judgekit.dataset.opening import open_workspace
from judgekit.errors import SettingsError
from judgekit.judge.beginning_with import begin_with
from judgekit.judge.describing import judge_manifest
from judgekit.judge.held_out import HeldOutPredictions, keep_held_out
from judgekit.judge.kept_items import keep_items
from judgekit.judge.manifest import ADAPTER_FOLDER, JUDGES, LOG_FILE, TEMPLATE_FILE, runs_of_judges
from judgekit.judge.probe_file import save_probe
from judgekit.models.loading import choose_device
from judgekit.training.assembly import Training, assemble
from judgekit.training.beginning import Judges, Request, Run, begin
from judgekit.training.notes import notes_after, notes_before
from judgekit.training.processes import Processes, join_processes
from judgekit.training.reading_answers import carry_out_untrained
from judgekit.training.reporter import SILENT, Reporter
from judgekit.training.result import TrainResult
from judgekit.training.run import carry_out, result_of
from judgekit.training.setup import set_up
from judgekit.training.training_data import split_parts
from judgekit.training.weighing import Trained
from judgekit.workspace.atomic import write_text
from judgekit.workspace.store import Workspace


def make_judge(
    workspace: str | Path | None,
    request: Request,
    reporter: Reporter = SILENT,
    should_stop: Callable[[], bool] = lambda: False,
) -> TrainResult:
    """Make the judge that is asked for, unless it is stopped.

    Args:
        workspace: its folder; None finds one.
        request: the dataset, the judge's name, the settings.
        reporter: gets notes and progress.
        should_stop: asked after every step; true keeps a checkpoint, and the result has no folder.

    Raises:
        JudgekitError: whatever the user can mend.
    """
    place = open_workspace(workspace)
    processes = join_processes()
    with ExitStack() as held:
        run = begin(place, Judges(JUDGES, runs_of_judges(place)), request, processes, held)
        try:
            result = _make(place, run, processes, reporter, should_stop)
        finally:
            if processes.is_main and not run.checkpoint.has_state:  # it failed before its first step
                run.checkpoint.discard()
        processes.end()
    return result


def _make(
    place: Workspace, run: Run, processes: Processes, reporter: Reporter, should_stop: Callable[[], bool]
) -> TrainResult:
    """Train and keep the judge of a run, in every process of it."""
    if not processes.is_main:
        reporter = SILENT
    settings = run.manifest.settings
    device = processes.device(choose_device(settings.device))
    if settings.is_generative:
        _check_alone(settings, device, processes)
    setup = set_up(run.dataset, run.backbone, settings, device=device, processes=processes)
    training = assemble(run.dataset, setup, settings, processes=processes)
    for note in notes_before(run.dataset, training, processes):
        reporter.note(note)
    if settings.begin_with is not None:
        begin_with(place, settings.begin_with, training, run.checkpoint.folder)
    if settings.stage == "none":
        trained = carry_out_untrained(training, reporter)
    elif settings.is_generative:
        # TRL takes seconds to import, and judges that are read at their labels do without.
        from judgekit.training.generative.carrying_out import carry_out_generative

        trained = carry_out_generative(training, reporter, folder=run.checkpoint.folder, should_stop=should_stop)
    else:
        trained = carry_out(training, reporter, kept=run.checkpoint, processes=processes, should_stop=should_stop)
    result = result_of(training, run.name, run.dataset.name, trained)
    if not trained.is_finished:
        return result
    folder = processes.from_main(lambda: _commit(place, run, training, trained))
    for note in notes_after(run.dataset, training, trained):
        reporter.note(note)
    return result._replace(folder=folder)


def _check_alone(settings: TrainSettings, device: torch.device, processes: Processes) -> None:
    """Refuse what TRL's trainers would do otherwise than was asked for.

    Raises:
        SettingsError: several processes, or another GPU than the first.
    """
    if processes.count > 1:
        raise SettingsError(
            f"--method {settings.method} trains in one process.",
            hint="Start it with judgekit train, without a launcher.",
        )
    if device.type == "cuda" and device.index:
        raise SettingsError(
            f"--method {settings.method} trains on the first GPU that it sees, not on {device}.",
            hint=f"Show it that one alone: CUDA_VISIBLE_DEVICES={device.index} judgekit train --device cuda",
        )


def _commit(place: Workspace, run: Run, training: Training, trained: Trained) -> Path:
    """Write the judge's folder and rename it into place; the run is finished then."""
    with place.staged(JUDGES, run.name, replace=run.manifest.force) as staged:
        training.model.save_adapter(staged.path / ADAPTER_FOLDER)
        if trained.known is not None:
            save_probe(trained.known, staged.path)
        if trained.held_out is not None and training.data.fold is not None:
            learned = training.data.learning
            said = HeldOutPredictions(
                learned.items.item_ids.to_list(), training.data.fold, trained.held_out, learned.encoded.is_truncated
            )
            keep_held_out(staged.path, run.dataset.items.labels, said)
        write_text(staged.path / TEMPLATE_FILE, run.dataset.template.source)
        items = run.dataset.items
        keep_items(staged.path, items, split_parts(items, training.settings), run.dataset.template.fields)
        write_text(staged.path / LOG_FILE, "".join(json.dumps(row) + "\n" for row in trained.state.log))
        entry = staged.commit(
            judge_manifest(run.dataset, training, trained, folder=staged.path, run=run.manifest.run_id)
        )
    run.checkpoint.discard()
    return entry.path
