"""`judgekit ingest`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from judgekit.cli.completion import dataset_names
from judgekit.cli.options import Force, Json, WorkspaceFolder
from judgekit.cli.output import emit, next_command, say
from judgekit.cli.settings_options import with_settings
from judgekit.config import IngestSettings


def _list_formats(value: bool) -> None:
    if value:
        from judgekit.verbs import ingest as verb

        titles = verb.format_titles()
        width = max(map(len, titles))
        for name, title in titles.items():
            typer.echo(f"{name:{width}}  {title}")
        raise typer.Exit


@with_settings(IngestSettings)
def ingest(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help="Files or folders: CSV, Excel, JSON, JSONL, Parquet, Arrow, tool exports; also gzipped or zipped.",
        ),
    ],
    settings: dict[str, Any],
    name: Annotated[
        str | None,
        typer.Option(
            help="Name of the dataset (default: from the first file).", metavar="NAME", autocompletion=dataset_names
        ),
    ] = None,
    append: Annotated[
        bool, typer.Option("--append", help="Add a further round to the dataset --name, or to the newest.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be made, and write nothing.")] = False,
    force: Force = False,
    formats: Annotated[
        bool,
        typer.Option("--formats", callback=_list_formats, is_eager=True, help="List what --format takes, and exit."),
    ] = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Make a dataset from files: the counts of each label per item, and a prompt template."""
    from judgekit.verbs import ingest as verb

    result = verb.ingest(
        *paths, name=name, workspace=workspace, force=force, append=append, dry_run=dry_run, **settings
    )
    emit(result, verb.ingest_page, as_json=json)
    for found in result.datasets:
        if found.folder is not None:
            say(f"Written: {found.folder}")
    if dry_run:
        next_command("the same without --dry-run")
    elif len(result.datasets) == 1:
        next_command("judgekit check   or   judgekit train")
    else:
        next_command(f"judgekit check {shlex.quote(result.datasets[0].dataset)}   or   judgekit train --dataset …")
