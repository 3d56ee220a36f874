"""`judgekit select`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from judgekit.cli.options import Force, Json, JudgeName, Offline, WorkspaceFolder
from judgekit.cli.output import emit, next_command, progress, say
from judgekit.cli.settings_options import with_settings
from judgekit.config import SelectSettings


@with_settings(SelectSettings)
def select(
    context: typer.Context,
    settings: dict[str, Any],
    data: Annotated[
        str | None,
        typer.Argument(
            help="Table with the columns that the judge reads, or the judge's dataset, for one more annotation of its "
            "items (default: the dataset).",
            metavar="DATASET|FILE",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write: .csv, .tsv, .jsonl, .parquet or .xlsx, tasks .json or .jsonl (default: new.next.csv "
            "beside new.csv).",
            metavar="FILE",
        ),
    ] = None,
    judge: JudgeName = None,
    force: Force = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    offline: Offline = False,
) -> None:
    """Draw the items whose annotation teaches most, with the chances that keep estimates unbiased."""
    from judgekit.verbs import select as verb

    with progress(quiet=json) as reporter:
        result = verb.select(
            data,
            output=output,
            judge=judge,
            workspace=workspace,
            force=force,
            offline=offline,
            reporter=reporter,
            **settings,
        )
    emit(result, verb.select_page, as_json=json)
    say(f"Written: {result.output}")
    if result.again < result.items:
        columns = "".join(f" --column {shlex.quote(one)}" for one in settings.get("column") or ())
        of = f"{shlex.quote(str(data))} --judge {shlex.quote(result.judge)}{columns}"
        next_command(f"judgekit estimate {of} --annotations FILE   when they are annotated, with inclusion_probability")
    else:
        next_command(f"judgekit ingest FILE --append --name {shlex.quote(result.source)}   when they are annotated")
