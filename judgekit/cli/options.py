"""Options that several verbs share, declared once."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from judgekit.cli.completion import dataset_names, judge_names
from judgekit.cli.help import COMMON
from judgekit.cli.output import say
from judgekit.cli.settings_file import read_defaults, workspace_settings
from judgekit.workspace.layout import LOCAL_NAME, SETTINGS_FILE, is_workspace, named_root, nearest_root, personal_root


def _use_workspace(context: typer.Context, value: Path | None) -> Path | None:
    """The folder given here or before the verb; its settings file becomes the verb's defaults."""
    folder = value or context.find_root().params.get("workspace")
    if context.resilient_parsing:  # for a completion, which may not fail or talk
        return folder
    verb = context.info_name or ""
    context.default_map = read_defaults(folder).get(verb, {})
    _say_workspace(folder, verb)
    return folder


def _say_workspace(folder: Path | None, verb: str) -> None:
    """Say which workspace is used where it is not in the current folder, and which settings come from its file."""
    named = named_root(folder)
    root = named or nearest_root()
    if root is None:
        root = personal_root()
        if verb == "ingest" or is_workspace(root):
            say(
                f"No workspace ({LOCAL_NAME}/) in {Path.cwd()} or a folder above it: your personal one is used, "
                f"{root}.\nTo make one in this folder instead: judgekit init"
            )
    elif root.parent != Path.cwd():
        say(f"Workspace: {root}")
    settings = workspace_settings(root, verb)
    if settings:
        given = ", ".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in settings.items())
        say(f"From its {SETTINGS_FILE}: {given}")


def _use_offline(context: typer.Context, value: bool) -> bool:
    """Whether offline was asked for, here or before the verb; libraries read it from the environment when imported."""
    offline = value or bool(context.find_root().params.get("offline"))
    if offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
    return offline


WORKSPACE_HELP = "The workspace, or the folder that has it (default: the nearest .judgekit/ here or above)."
OFFLINE_HELP = "Never use the network."

WorkspaceFolder = Annotated[
    Path | None,
    # Eager, so that the settings file is read before the other options look up their defaults.
    typer.Option(
        "--workspace",
        help=WORKSPACE_HELP,
        metavar="FOLDER",
        callback=_use_workspace,
        is_eager=True,
        rich_help_panel=COMMON,
    ),
]
Offline = Annotated[
    bool, typer.Option("--offline", help=OFFLINE_HELP, callback=_use_offline, is_eager=True, rich_help_panel=COMMON)
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on stdout instead of tables.", rich_help_panel=COMMON)
]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there already.")]

DatasetName = Annotated[
    str | None,
    typer.Option("--dataset", help="The dataset (default: the newest).", metavar="NAME", autocompletion=dataset_names),
]
DatasetArgument = Annotated[
    str | None,
    typer.Argument(help="The dataset (default: the newest).", metavar="DATASET", autocompletion=dataset_names),
]
JudgeName = Annotated[
    str | None,
    typer.Option("--judge", help="The judge (default: the newest).", metavar="NAME", autocompletion=judge_names),
]
JudgeModel = Annotated[
    str | None,
    typer.Option(
        "--judge-model",
        help="In place of a judge, ask this chat model as it is for probabilities, and calibrate them on annotations: "
        "a local folder, an id on the hub, or the address of an OpenAI-compatible endpoint.",
        metavar="MODEL|ADDRESS",
    ),
]
OfDataset = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        help="The dataset whose labels and annotations --judge-model is given (default: the newest).",
        metavar="NAME",
        autocompletion=dataset_names,
    ),
]
JudgeArgument = Annotated[
    str | None, typer.Argument(help="The judge (default: the newest).", metavar="JUDGE", autocompletion=judge_names)
]
