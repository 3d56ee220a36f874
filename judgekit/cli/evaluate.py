"""`judgekit evaluate`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from judgekit.cli.options import Force, Json, JudgeModel, JudgeName, OfDataset, Offline, WorkspaceFolder
from judgekit.cli.output import emit, next_command, progress, say
from judgekit.cli.settings_options import with_settings
from judgekit.config import EvaluateSettings
from judgekit.errors import DataError


@with_settings(EvaluateSettings)
def evaluate(
    context: typer.Context,
    settings: dict[str, Any],
    path: Annotated[
        Path | None,
        typer.Argument(help="Table of annotations (default: what the judge's dataset holds out).", metavar="FILE"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Write every item with people's and the judge's distribution.", metavar="FILE"
        ),
    ] = None,
    judge: JudgeName = None,
    judge_model: JudgeModel = None,
    dataset: OfDataset = None,
    force: Force = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    offline: Offline = False,
) -> None:
    """Compare a judge with human annotations: KL, accuracy and more, beside baselines."""
    from judgekit.verbs import evaluate as verb

    with progress(quiet=json) as reporter:
        result = verb.evaluate(
            path,
            output=output,
            judge=judge,
            judge_model=judge_model,
            dataset=dataset,
            force=force,
            workspace=workspace,
            offline=offline,
            reporter=reporter,
            **settings,
        )
    emit(result, verb.evaluate_page, as_json=json)
    if output is not None:
        say(f"Written: {output}")
    if missed := result.missed():
        raise DataError(f"The judge {result.judge!r} does not meet the requirements:", problems=missed)
    name = shlex.quote(result.judge)
    next_command(f"judgekit score new.csv --judge {name}   or   judgekit export {name} --merged FOLDER")
