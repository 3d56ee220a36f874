"""`judgekit evaluate`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from judgekit.cli.options import Json, JudgeName, Offline, WorkspaceFolder
from judgekit.cli.output import emit, next_command, progress
from judgekit.cli.settings_options import with_settings
from judgekit.config import EvaluateSettings


@with_settings(EvaluateSettings)
def evaluate(
    context: typer.Context,
    settings: dict[str, Any],
    path: Annotated[
        Path | None,
        typer.Argument(help="Table of annotations (default: the test part of the judge's dataset).", metavar="FILE"),
    ] = None,
    judge: JudgeName = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    offline: Offline = False,
) -> None:
    """Compare a judge with human annotations: KL, accuracy and more, beside baselines."""
    from judgekit.verbs import evaluate as verb

    with progress(quiet=json) as reporter:
        result = verb.evaluate(
            path,
            judge=judge,
            workspace=workspace,
            offline=offline,
            reporter=reporter,
            **settings,
        )
    emit(result, verb.evaluate_page, as_json=json)
    name = shlex.quote(result.judge)
    next_command(f"judgekit score new.csv --judge {name}   or   judgekit export {name} --merged FOLDER")
