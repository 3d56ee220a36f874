"""`judgekit init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from judgekit.cli.options import WORKSPACE_HELP
from judgekit.cli.output import next_command, say


def init(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="Folder to make .judgekit/ in (default: this one).")] = None,
    workspace: Annotated[Path | None, typer.Option(help=WORKSPACE_HELP, show_envvar=False)] = None,
) -> None:
    """Make a workspace: a .judgekit/ folder for datasets and judges."""
    from judgekit.verbs.init import init as make_workspace

    given = workspace or context.find_root().params.get("workspace")
    root = make_workspace(given if folder is None else folder / ".judgekit")
    say(f"Workspace: {root}")
    next_command("judgekit ingest votes.csv")
