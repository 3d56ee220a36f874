"""`judgekit init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from judgekit.cli.output import next_command, say
from judgekit.workspace.layout import LOCAL_NAME, is_workspace


def init(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(help="Folder to make .judgekit/ in (default: this one).", metavar="FOLDER")
    ] = None,
    workspace: Annotated[
        Path | None, typer.Option(help="The workspace's own folder, instead of .judgekit/.", metavar="FOLDER")
    ] = None,
) -> None:
    """Make a workspace: a folder .judgekit/ for datasets and judges."""
    from judgekit.verbs.init import init as make_workspace

    given = workspace or context.find_root().params.get("workspace")
    if folder is not None:
        given = folder if is_workspace(folder.expanduser()) else folder / LOCAL_NAME
    root = make_workspace(given)
    say(f"Workspace: {root}")
    next_command("judgekit ingest votes.csv")
