"""`judgekit ingest`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from judgekit.cli.options import Force, Json, WorkspaceFolder, with_settings
from judgekit.cli.output import emit, next_command, say
from judgekit.config import IngestSettings


@with_settings(IngestSettings)
def ingest(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help="Files or folders: CSV, Excel, JSON, JSONL, Parquet, Arrow, tool exports; also gzipped or zipped.",
            show_default=False,
        ),
    ],
    settings: dict[str, Any],
    name: Annotated[
        str | None, typer.Option(help="Name of the dataset (default: from the first path).", show_envvar=False)
    ] = None,
    append: Annotated[
        bool, typer.Option("--append", help="Add a further round to the dataset, or the newest.", show_envvar=False)
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be made, and write nothing.", show_envvar=False)
    ] = False,
    force: Force = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Turn what annotators said into a dataset: label counts per item and a prompt template."""
    from judgekit.verbs import ingest as verb

    result = verb.ingest(
        *paths, name=name, workspace=workspace, force=force, append=append, dry_run=dry_run, **settings
    )
    emit(result, verb.ingestion_page, as_json=json)
    for found in result.datasets:
        if found.folder is not None:
            say(f"Written: {found.folder}")
    if dry_run:
        next_command("the same without --dry-run")
    elif len(result.datasets) == 1:
        next_command("judgekit check   or   judgekit train")
    else:
        next_command(f"judgekit check {shlex.quote(result.datasets[0].dataset)}   or   judgekit train --dataset …")
