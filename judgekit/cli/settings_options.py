"""Options of the command line from the settings classes: a default, range or help text lives in one place."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import typer

from judgekit.config.settings import Settings, range_in_words

_LIMITS = {"ge": "min", "le": "max"}
_METAVARS = {int: "INTEGER", float: "NUMBER", str: "TEXT"}


def with_settings(settings_class: type[Settings]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command one option per field of a settings class; the command gets them as `settings: dict`.

    Args:
        settings_class: the fields become `--field-name` options with the field's help, default and range; those that
            the class, or the first of its bases that has any, adds to its bases come first in the help.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        parameters = _parameters(settings_class)
        names = {parameter.name for parameter in parameters}
        signature = inspect.signature(command, eval_str=True)
        own = [parameter for parameter in signature.parameters.values() if parameter.name != "settings"]

        @functools.wraps(command)
        def run(context: typer.Context, **values: Any) -> Any:
            # Only what was given travels on, and the defaults stay in the settings class. A resumed training has its
            # settings already: a settings file or an environment that changed since then must not get in its way.
            # What lets code run is given anew each time: the run's own files lie in a workspace.
            given = {name for name in names if _origin(context, name) != "DEFAULT"}
            if values.get("resume"):
                given &= settings_class.running_code() | {n for n in names if _origin(context, n) == "COMMANDLINE"}
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


def _parameters(settings_class: type[Settings]) -> list[inspect.Parameter]:
    hints = get_type_hints(settings_class)
    own = next(filter(None, map(inspect.get_annotations, settings_class.__mro__)))
    fields = [field for field in dataclasses.fields(settings_class) if field.init]
    own_first = sorted(fields, key=lambda field: field.name not in own)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=list(field.default) if isinstance(field.default, tuple) else field.default,
            annotation=_annotation(field, hints[field.name]),
        )
        for field in own_first
    ]


def _annotation(field: dataclasses.Field[Any], hint: Any) -> Any:
    limits = {_LIMITS[key]: field.metadata[key] for key in _LIMITS if key in field.metadata}
    help, panel, metavar, short = (field.metadata[key] for key in ("help", "panel", "metavar", "short"))
    if isinstance(field.default, tuple):
        choices = get_args(get_args(hint)[0])  # typer knows no lists of them; the settings class refuses others
        metavar, hint = metavar or "|".join(choices) or None, list[str]
    notes = "; ".join(note for note in (_default(field.default), range_in_words(field)) if note)
    return Annotated[
        hint,
        typer.Option(
            *((f"--{field.name.replace('_', '-')}", short) if short else ()),
            help=f"{help} [{notes}]" if notes else help,
            metavar=metavar or _metavar(hint),
            rich_help_panel=panel,
            **limits,
        ),
    ]


def _default(value: Any) -> str:
    """The default in words; empty where the help text says what is done instead."""
    if value is None or value == () or value is False:
        return ""
    return "default: " + ("on" if value is True else ", ".join(value) if isinstance(value, tuple) else str(value))


def _metavar(hint: Any) -> str | None:
    """What an option takes: one of its choices, or the kind of value; None for a switch."""
    if get_origin(hint) is Literal:
        return "|".join(get_args(hint))
    kinds = {kind for kind in (hint, *get_args(hint)) if kind in _METAVARS}
    return _METAVARS[kinds.pop()] if kinds else None
