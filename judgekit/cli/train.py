"""`judgekit train`."""

from __future__ import annotations

from typing import Annotated, Any, cast

import typer

from judgekit.cli.completion import judge_names
from judgekit.cli.interrupt import stop_on_signal
from judgekit.cli.options import DatasetName, Force, Json, Offline, WorkspaceFolder
from judgekit.cli.output import emit, next_command, progress, say
from judgekit.cli.settings_options import with_settings
from judgekit.config import TrainSettings
from judgekit.config.keywords import TrainKeywords


@with_settings(TrainSettings)
def train(
    context: typer.Context,
    settings: dict[str, Any],
    dataset: DatasetName = None,
    judge: Annotated[
        str | None,
        typer.Option(
            help="Name of the new judge (default: the dataset's).", metavar="NAME", autocompletion=judge_names
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the training that was interrupted.")] = False,
    force: Force = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    offline: Offline = False,
) -> None:
    """Fine-tune a judge on a dataset with LoRA, towards the label distributions of its annotators."""
    from judgekit.verbs import train as verb

    with progress(quiet=json) as reporter, stop_on_signal() as should_stop:
        keywords = cast("TrainKeywords", settings)
        request = verb.Request(dataset, judge, None, keywords, resume=resume, force=force, offline=offline)
        result = verb.make_judge(workspace, request, reporter, should_stop)
    if json or result.folder is not None:
        emit(result, verb.train_page, as_json=json)
    if result.folder is None:
        say(f"Interrupted after step {result.steps:,} of {result.total_steps:,}; the checkpoint is kept.")
        next_command(f"judgekit train --judge {result.judge} --resume")
        raise typer.Exit(130)
    say(f"Written: {result.folder}")
    next_command("judgekit evaluate   or   judgekit score new.csv")
