"""`judgekit export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from judgekit.cli.options import Force, Json, JudgeArgument, Offline, WorkspaceFolder
from judgekit.cli.output import emit, next_command, progress, say
from judgekit.cli.settings_options import with_settings
from judgekit.config import ExportSettings


@with_settings(ExportSettings)
def export(
    context: typer.Context,
    settings: dict[str, Any],
    judge: JudgeArgument = None,
    merged: Annotated[
        Path | None, typer.Option(help="Folder to make, with one model for transformers in it.", metavar="FOLDER")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder to make, in the format of --format.", metavar="FOLDER"),
    ] = None,
    force: Force = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    offline: Offline = False,
) -> None:
    """Write a judge as one model that other libraries read, with a model card; uploads nothing."""
    from judgekit.verbs import export as verb

    with progress(quiet=json) as reporter:
        result = verb.export(
            judge,
            merged=merged,
            output=output,
            workspace=workspace,
            force=force,
            offline=offline,
            reporter=reporter,
            **settings,
        )
    emit(result, verb.export_page, as_json=json)
    say(f"Written: {result.folder}")
    next_command(f"read {result.folder / 'README.md'}; the code in it loads the folder")
