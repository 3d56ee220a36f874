"""`judgekit report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from judgekit.cli.options import Force, Json, JudgeArgument, Offline, WorkspaceFolder
from judgekit.cli.output import emit, next_command, progress, say
from judgekit.cli.settings_options import with_settings
from judgekit.config import EvaluateSettings
from judgekit.errors import DataError


@with_settings(EvaluateSettings)
def report(
    context: typer.Context,
    settings: dict[str, Any],
    judge: JudgeArgument = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Table of annotations (default: what the judge's dataset holds out).", metavar="FILE"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write (default: JUDGE.report.html here).", metavar="FILE"),
    ] = None,
    files: Annotated[
        Path | None,
        typer.Option(help="Write the figures as SVG and PDF, and the tables as CSV, into this folder.", metavar="DIR"),
    ] = None,
    redact: Annotated[bool, typer.Option("--redact", help="Leave the texts of the items out.")] = False,
    force: Force = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    offline: Offline = False,
) -> None:
    """Write one HTML page on how far a judge may be believed, with every evaluated item."""
    from judgekit.verbs import report as verb

    with progress(quiet=json) as reporter:
        result = verb.report(
            judge,
            data,
            output=output,
            files=files,
            redact=redact,
            workspace=workspace,
            force=force,
            offline=offline,
            reporter=reporter,
            **settings,
        )
    emit(result, verb.report_page, as_json=json)
    say(f"Written: {result.output}")
    if files is not None:
        say(f"Written: {len(result.files)} files in {files}")
    if missed := result.evaluation.missed():
        raise DataError(f"The judge {result.evaluation.judge!r} does not meet the requirements:", problems=missed)
    next_command(f"open {result.output} in a browser, or send it to others")
