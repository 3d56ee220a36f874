"""`judgekit score`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from judgekit.cli.options import Force, Json, JudgeName, Offline, WorkspaceFolder, with_settings
from judgekit.cli.output import emit, progress, say
from judgekit.config import ScoreSettings


@with_settings(ScoreSettings)
def score(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="A CSV with the columns the judge reads.", show_default=False)],
    settings: dict[str, Any],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Where to write (default: new.scores.csv beside new.csv).", show_envvar=False
        ),
    ] = None,
    judge: JudgeName = None,
    force: Force = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    offline: Offline = False,
) -> None:
    """Predict the distribution of human labels for each item of a table."""
    from judgekit.verbs import score as verb

    with progress(quiet=json) as reporter:
        result = verb.score(
            path,
            output=output,
            judge=judge,
            workspace=workspace,
            force=force,
            offline=offline,
            reporter=reporter,
            **settings,
        )
    emit(result, verb.score_summary, as_json=json)
    say(f"Written: {result.output}")
