"""`judgekit estimate`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from judgekit.cli.options import Json, JudgeName, Offline, WorkspaceFolder
from judgekit.cli.output import emit, next_command, progress
from judgekit.cli.settings_options import with_settings
from judgekit.config import EstimateSettings


@with_settings(EstimateSettings)
def estimate(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="Table with the columns that the judge reads.", metavar="FILE")],
    settings: dict[str, Any],
    judge: JudgeName = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    offline: Offline = False,
) -> None:
    """Estimate what people would say of a table's items: label shares with valid intervals."""
    from judgekit.verbs import estimate as verb

    with progress(quiet=json) as reporter:
        result = verb.estimate(path, judge=judge, workspace=workspace, offline=offline, reporter=reporter, **settings)
    emit(result, verb.estimate_page, as_json=json)
    next_command(
        f"judgekit score {shlex.quote(str(path))} --judge {shlex.quote(result.judge)}   for every item by itself"
    )
