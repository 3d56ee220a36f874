"""`judgekit plan`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from judgekit.cli.options import DatasetArgument, Force, Json, WorkspaceFolder
from judgekit.cli.output import emit, say
from judgekit.cli.settings_options import with_settings
from judgekit.config import PlanSettings


@with_settings(PlanSettings)
def plan(
    context: typer.Context,
    settings: dict[str, Any],
    dataset: DatasetArgument = None,
    figure: Annotated[
        Path | None,
        typer.Option("--figure", help="Draw the rounds into this file, .svg or .pdf.", metavar="FILE"),
    ] = None,
    force: Force = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Say what a round of annotation will tell, from a pilot: items against annotations per item."""
    from judgekit.verbs import plan as verb

    result = verb.plan(dataset, figure=figure, workspace=workspace, force=force, **settings)
    emit(result, verb.plan_page, as_json=json)
    if figure is not None:
        say(f"Written: {figure}")
