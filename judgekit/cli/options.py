"""Options of the command line, built from the settings classes: a default or help text lives in one place."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from judgekit.cli.settings_file import read_defaults
from judgekit.config.settings import Settings


def _use_workspace(context: typer.Context, value: Path | None) -> Path | None:
    """The folder given here or before the verb; its settings file becomes the verb's defaults."""
    folder = value or context.find_root().params.get("workspace")
    context.default_map = read_defaults(folder).get(context.info_name or "")
    return folder


def _use_offline(context: typer.Context, value: bool) -> bool:
    """Whether offline was asked for here or before the verb; libraries are told before they are imported."""
    offline = value or bool(context.find_root().params.get("offline"))
    if offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
    return offline


WORKSPACE_HELP = "Folder of the workspace (default: the nearest .judgekit/ upward)."
OFFLINE_HELP = "Never use the network."

WorkspaceFolder = Annotated[
    Path | None,
    # Eager, so that the settings file is read before the other options look up their defaults.
    typer.Option("--workspace", help=WORKSPACE_HELP, callback=_use_workspace, is_eager=True, show_envvar=False),
]
Offline = Annotated[
    bool, typer.Option("--offline", help=OFFLINE_HELP, callback=_use_offline, is_eager=True, show_envvar=False)
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on stdout instead of tables.", show_envvar=False)
]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there already.", show_envvar=False)]
JudgeName = Annotated[
    str | None, typer.Option("--judge", help="Name of the judge (default: the newest).", show_envvar=False)
]
DatasetName = Annotated[
    str | None, typer.Option("--dataset", help="Name of the dataset (default: the newest).", show_envvar=False)
]

_LIMITS = {"ge": "min", "le": "max"}


def with_settings(settings_class: type[Settings]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command one option per field of a settings class; the command gets them as `settings: dict`.

    Args:
        settings_class: the fields become `--field-name` options with the field's help, default and range.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        hints = get_type_hints(settings_class)
        parameters = [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=list(field.default) if isinstance(field.default, tuple) else field.default,
                annotation=_annotation(field, hints[field.name]),
            )
            for field in dataclasses.fields(settings_class)
        ]
        names = {parameter.name for parameter in parameters}
        signature = inspect.signature(command, eval_str=True)
        own = [parameter for parameter in signature.parameters.values() if parameter.name != "settings"]

        @functools.wraps(command)
        def run(context: typer.Context, **values: Any) -> Any:
            # Only what was given travels on, and the defaults stay in the settings class. A resumed training has its
            # settings already: a settings file or an environment that changed since then must not stand in its way.
            ignored = {"DEFAULT", "DEFAULT_MAP", "ENVIRONMENT"} if values.get("resume") else {"DEFAULT"}
            given = {name for name in names if _origin(context, name) not in ignored}
            settings = {name: value for name, value in values.items() if name in given}
            return command(context, **{k: v for k, v in values.items() if k not in names}, settings=settings)

        keyword_only = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
        run.__signature__ = signature.replace(parameters=[*keyword_only, *parameters])  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in [*own, *parameters]}
        # functools.wraps points typer at the wrapped function, whose signature lacks the options.
        del run.__wrapped__  # type: ignore[attr-defined]
        return run

    return decorate


def _origin(context: typer.Context, name: str) -> str:
    """Where a value comes from: COMMANDLINE, ENVIRONMENT, DEFAULT_MAP (the settings file) or DEFAULT."""
    source = context.get_parameter_source(name)
    return "DEFAULT" if source is None else source.name


def _annotation(field: dataclasses.Field[Any], hint: Any) -> Any:
    limits = {_LIMITS[key]: field.metadata[key] for key in _LIMITS if key in field.metadata}
    if isinstance(field.default, tuple):
        hint = list[str]
    return Annotated[
        hint,
        typer.Option(
            help=field.metadata["help"],
            show_default=field.default not in (None, ()),
            show_envvar=False,
            rich_help_panel=field.metadata["panel"],
            **limits,
        ),
    ]
