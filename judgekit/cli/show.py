"""`judgekit show`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from judgekit.cli.options import DatasetName, Json, Offline, WorkspaceFolder
from judgekit.cli.output import emit
from judgekit.cli.settings_file import read_defaults
from judgekit.config import LabelScoring


class What(StrEnum):
    """What can be shown."""

    workspace = "workspace"
    template = "template"
    prompt = "prompt"


_PANEL = "Prompt, as a training would read it"


def show(
    what: Annotated[
        What, typer.Argument(help="The workspace, the template filled with one item, or a prompt as a model reads it.")
    ] = What.workspace,
    dataset: DatasetName = None,
    item: Annotated[str | None, typer.Option(help="Id of the item (default: the first).")] = None,
    judge: Annotated[
        str | None, typer.Option(help="Judge that reads the prompt (default: the newest, if any).", show_envvar=False)
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option(
            help="Backbone that would read the prompt: starter, a local folder, or a hub id.",
            show_envvar=False, rich_help_panel=_PANEL,
        ),
    ] = None,
    chat: Annotated[
        bool | None, typer.Option(help="As in `judgekit train`.", show_envvar=False, rich_help_panel=_PANEL)
    ] = None,
    label_scoring: Annotated[
        LabelScoring | None, typer.Option(help="As in `judgekit train`.", show_envvar=False, rich_help_panel=_PANEL)
    ] = None,
    label_words: Annotated[
        list[str] | None, typer.Option(help="As in `judgekit train`.", show_envvar=False, rich_help_panel=_PANEL)
    ] = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    offline: Offline = False,
) -> None:  # fmt: skip
    """Show what the workspace holds, a template filled with one item, or the exact prompt and tokens of one item."""
    given = {"backbone": backbone, "chat": chat, "label_scoring": label_scoring, "label_words": label_words or None}
    settings = {name: value for name, value in given.items() if value is not None}
    if what is What.prompt:
        from judgekit.verbs import show_prompt as verb

        found = verb.show_prompt(
            item,
            dataset=dataset,
            judge=judge,
            workspace=workspace,
            offline=offline,
            defaults=read_defaults(workspace).get("train", {}),
            **settings,
        )
        emit(found, verb.prompt_page, as_json=json)
        return
    if settings or judge is not None:
        raise typer.BadParameter(f"--judge and the options of a training go with `show prompt`, not `show {what}`.")
    from judgekit.verbs import show as verb

    if what is What.template:
        found = verb.show_template(dataset, item=item, workspace=workspace)
        emit(found, verb.filled_template, as_json=json)
    else:
        emit(verb.show(workspace=workspace), verb.workspace_tables, as_json=json)
