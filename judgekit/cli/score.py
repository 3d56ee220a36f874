"""`judgekit score`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from judgekit.cli.options import Force, Json, JudgeModel, JudgeName, OfDataset, Offline, WorkspaceFolder
from judgekit.cli.output import emit, next_command, progress, say
from judgekit.cli.settings_options import with_settings
from judgekit.config import ScoreSettings
from judgekit.wording import counted


@with_settings(ScoreSettings)
def score(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="Table with the columns that the judge reads.", metavar="FILE")],
    settings: dict[str, Any],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write: .csv, .tsv, .jsonl, .parquet or .xlsx; - is the standard output, as CSV (default: "
            "new.scores.csv beside new.csv).",
            metavar="FILE",
        ),
    ] = None,
    judge: JudgeName = None,
    judge_model: JudgeModel = None,
    dataset: OfDataset = None,
    gate: Annotated[
        Path | None,
        typer.Option(
            "--gate", help="Add the decision of this gate: the label, or review (judgekit gate).", metavar="FILE"
        ),
    ] = None,
    force: Force = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew instead of going on with a run that was killed.")
    ] = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    offline: Offline = False,
) -> None:
    """Predict the distribution of human labels for every item of a table."""
    from judgekit.verbs import score as verb

    is_on_stdout = str(output) == "-"
    if is_on_stdout and json:
        raise typer.BadParameter(
            "Both the scores and the facts would be written to the standard output.", param_hint="--json"
        )
    with progress(quiet=json) as reporter:
        result = verb.score(
            path,
            output=output,
            judge=judge,
            judge_model=judge_model,
            dataset=dataset,
            gate=gate,
            workspace=workspace,
            force=force,
            fresh=fresh,
            offline=offline,
            reporter=reporter,
            **settings,
        )
    if is_on_stdout:
        say(f"Scored: {counted(len(result), 'item')} with {result.judge}")
    else:
        emit(result, verb.score_page, as_json=json)
        say(f"Written: {result.output}")
    next_command(f"judgekit evaluate FILE --judge {shlex.quote(result.judge)}   where people annotated such items too")
