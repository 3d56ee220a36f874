"""`judgekit ingest`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from judgekit.cli.options import Force, Json, WorkspaceFolder, with_settings
from judgekit.cli.output import emit, next_command, say
from judgekit.config import IngestSettings


@with_settings(IngestSettings)
def ingest(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="A multi-annotator CSV: long, wide or counts.", show_default=False)],
    settings: dict[str, Any],
    name: Annotated[
        str | None, typer.Option(help="Name of the dataset (default: from the file's name).", show_envvar=False)
    ] = None,
    force: Force = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Turn a multi-annotator table into a dataset: label counts per item and a prompt template."""
    from judgekit.pipelines.ingest import ingest as run

    result = run(path, name=name, workspace=workspace, force=force, **settings)
    emit(result, as_json=json)
    say(f"Written: {result.folder}")
    next_command("judgekit show template   or   judgekit train")
