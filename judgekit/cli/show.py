"""`judgekit show`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, get_args

import typer

from judgekit.cli.completion import judge_names
from judgekit.cli.options import DatasetName, Json, Offline, WorkspaceFolder
from judgekit.cli.output import emit
from judgekit.cli.settings_file import read_defaults
from judgekit.config import LabelScoring, TrainSettings


class What(StrEnum):
    """What can be shown."""

    workspace = "workspace"
    template = "template"
    prompt = "prompt"


_PANEL = "The prompt as a training would read it"


def show(
    what: Annotated[
        What,
        typer.Argument(
            help="What the workspace holds (default), a template filled with an item, or a prompt as a model reads it.",
            metavar="|".join(What),
        ),
    ] = What.workspace,
    dataset: DatasetName = None,
    item: Annotated[str | None, typer.Option(help="Id of the item (default: the first).", metavar="ID")] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            help="Judge that reads the prompt (default: the newest).", metavar="NAME", autocompletion=judge_names
        ),
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option(
            help="Model that would read the prompt: starter, a local folder, or an id on the Hugging Face hub.",
            metavar="MODEL",
            rich_help_panel=_PANEL,
        ),
    ] = None,
    chat: Annotated[bool | None, typer.Option(help="As in `judgekit train`.", rich_help_panel=_PANEL)] = None,
    label_scoring: Annotated[
        LabelScoring | None,
        typer.Option(help="As in `judgekit train`.", metavar="|".join(get_args(LabelScoring)), rich_help_panel=_PANEL),
    ] = None,
    label_words: Annotated[
        list[str] | None,
        typer.Option(help="As in `judgekit train`.", metavar="LABEL=WORD,WORD", rich_help_panel=_PANEL),
    ] = None,
    trust_remote_code: Annotated[
        bool,
        typer.Option("--trust-remote-code", help="Run code that comes with the model.", rich_help_panel=_PANEL),
    ] = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    offline: Offline = False,
) -> None:
    """Show what the workspace holds, a template filled with one item, or one item's prompt and tokens."""
    given = {"backbone": backbone, "chat": chat, "label_scoring": label_scoring, "label_words": label_words or None}
    settings = {name: value for name, value in given.items() if value is not None}
    if trust_remote_code:
        settings["trust_remote_code"] = True
    if what is What.prompt:
        from judgekit.verbs import show_prompt as verb

        found = verb.show_prompt(
            item,
            dataset=dataset,
            judge=judge,
            workspace=workspace,
            offline=offline,
            defaults=TrainSettings.from_json(read_defaults(workspace).get("train", {})),
            **settings,
        )
        emit(found, verb.prompt_page, as_json=json)
        return
    if settings or judge is not None:
        raise typer.BadParameter(f"--judge and the options of a training go with `show prompt`, not `show {what}`.")
    from judgekit.verbs import show as verb

    if what is What.template:
        found = verb.show_template(dataset, item=item, workspace=workspace)
        emit(found, verb.template_page, as_json=json)
    else:
        emit(verb.show(workspace=workspace), verb.workspace_page, as_json=json)
