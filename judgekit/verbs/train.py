"""`judgekit train`: a dataset becomes a judge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Unpack

from judgekit.config import LoadSettings, TrainSettings
from judgekit.config.keywords import TrainKeywords
from judgekit.dataset.opening import Dataset, open_workspace
from judgekit.dataset.result import IngestResult
from judgekit.errors import TrainingStopped, WorkspaceError
from judgekit.judge.making import make_judge as make_judge
from judgekit.judge.manifest import JUDGES
from judgekit.reports.judge import Judge
from judgekit.reports.train_page import train_page as train_page
from judgekit.training.beginning import Request as Request
from judgekit.training.reporter import SILENT, Reporter


def train(
    dataset: str | IngestResult | Dataset | None = None,
    *,
    judge: str | None = None,
    workspace: str | Path | None = None,
    resume: bool = False,
    force: bool = False,
    offline: bool = False,
    reporter: Reporter = SILENT,
    should_stop: Callable[[], bool] = lambda: False,
    settings: TrainSettings | None = None,
    **keywords: Unpack[TrainKeywords],
) -> Judge:
    """Fine-tune a judge on a dataset with LoRA and the adversarial distribution-alignment loss.

    Args:
        dataset: its name, what `ingest` returned, or an opened dataset; None takes the newest.
        judge: name of the judge; None takes the dataset's, with a number if that is taken and `force` is false.
        workspace: its folder; None takes that of the dataset where it is not a name, else finds one.
        resume: continue the run that was interrupted, with the settings it was started with.
        force: replace a judge of that name, and throw away an unfinished run of that name.
        offline: never ask the hub.
        reporter: gets notes and progress.
        should_stop: asked after every step; true keeps a checkpoint and raises.
        settings: how it is trained.
        keywords: fields of `TrainSettings`; they win over `settings`.

    Returns:
        The judge; `Judge.training` says how the training went.

    Raises:
        TrainingStopped: `should_stop` said so; the checkpoint is kept.
        JudgekitError: whatever the user can mend, before the backbone is loaded where possible.

    Examples:
        >>> judge = train("votes", judge="comments", settings=TrainSettings(epochs=3), device="cpu", force=True)
        >>> judge.labels
        ('bad', 'fair', 'good')
        >>> judge.training.items
        {'train': 48, 'validation': 6, 'test': 6}
    """
    if isinstance(dataset, IngestResult | Dataset):
        if dataset.folder is None:
            raise WorkspaceError("A dataset of a dry run was not written.", hint="Ingest it without dry_run.")
        workspace = workspace or dataset.folder.parent.parent
        dataset = dataset.dataset if isinstance(dataset, IngestResult) else dataset
    request = Request(dataset, judge, settings, keywords, resume=resume, force=force, offline=offline)
    result = make_judge(workspace, request, reporter, should_stop)
    if result.folder is None:
        raise TrainingStopped(result.judge, result.steps)
    place = open_workspace(workspace)
    entry = place.open(JUDGES, result.judge)
    trained = entry.manifest.settings
    load = LoadSettings(device=trained.device, dtype=trained.dtype, trust_remote_code=trained.trust_remote_code)
    return Judge(entry, workspace=place, settings=load, offline=offline, training=result)
