"""`judgekit show`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from judgekit.cli.options import DatasetName, Json, WorkspaceFolder
from judgekit.cli.output import emit


class What(StrEnum):
    """What can be shown."""

    workspace = "workspace"
    template = "template"


def show(
    what: Annotated[What, typer.Argument(help="The workspace, or the template filled with one item.")] = What.workspace,
    dataset: DatasetName = None,
    item: Annotated[str | None, typer.Option(help="Id of the item in the template (default: the first).")] = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Show what the workspace holds, or a template filled with one item."""
    from judgekit.pipelines import show as pipeline

    if what is What.template:
        emit(pipeline.show_template(dataset, item=item, workspace=workspace), as_json=json)
    else:
        emit(pipeline.show(workspace=workspace), as_json=json)
