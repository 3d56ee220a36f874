"""`judgekit study`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from judgekit.cli.completion import study_names
from judgekit.cli.interrupt import stop_on_signal
from judgekit.cli.options import DatasetArgument, Force, Json, Offline, WorkspaceFolder
from judgekit.cli.output import emit, next_command, progress, say
from judgekit.cli.settings_options import with_settings
from judgekit.config import StudySettings


@with_settings(StudySettings)
def study(
    context: typer.Context,
    settings: dict[str, Any],
    dataset: DatasetArgument = None,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the study (default: the dataset's).", metavar="NAME", autocompletion=study_names),
    ] = None,
    force: Force = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    offline: Offline = False,
) -> None:
    """Repeat the study of arXiv 2505.12301 on a dataset: its variants, ablations and curves."""
    from judgekit.verbs import study as verb

    with progress(quiet=json) as reporter, stop_on_signal("finished runs are kept") as should_stop:
        result = verb.study(
            dataset,
            name=name,
            workspace=workspace,
            force=force,
            offline=offline,
            reporter=reporter,
            should_stop=should_stop,
            **settings,
        )
    if json or result.is_finished:
        emit(result, verb.study_page, as_json=json)
    if not result.is_finished:
        say(f"Interrupted: {result.finished:,} of {result.runs:,} runs are finished and kept.")
        next_command("the same command again")
        raise typer.Exit(130)
    say(f"Written: {result.folder} (report.html, table.md, runs.csv)")
    next_command("the same command again, with further --plan and --seeds   or   judgekit train")
