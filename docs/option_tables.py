"""A Markdown extension: `<!-- options: VERB -->` becomes the verb's tables of options, made from the program itself.

The command line builds its options from the settings classes, so a default or a help text that is printed here stands
in those classes alone.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from enum import Enum
from itertools import groupby
from pathlib import Path
from types import NoneType
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

import typer
from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor

from judgekit.cli import app
from judgekit.cli.settings_file import VERBS

MARKER = re.compile(r"<!-- options: (\w+) -->")
OWN_PANEL = "The command itself"
_LIMITS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
_KINDS = {int: "whole number", float: "number", str: "text", Path: "path", bool: ""}


class Option(NamedTuple):
    """An argument or option of a verb, in words."""

    panel: str
    names: tuple[str, ...]
    values: str
    default: str
    help: str


def options_of(verb: str) -> list[Option]:
    """The arguments and options of a verb, those of the command itself before those of its settings class.

    Raises:
        KeyError: there is no such verb.
    """
    command: Any = typer.main.get_command(app)
    types = _types_of(verb)
    fields = {field.name: field for field in dataclasses.fields(VERBS[verb])} if verb in VERBS else {}
    if fields:
        types |= get_type_hints(VERBS[verb])
    found: list[Option] = []
    for param in sorted(command.commands[verb].params, key=lambda param: param.name in fields):
        field = fields.get(param.name)
        is_option = param.param_type_name == "option"
        names = (*param.opts, *param.secondary_opts) if is_option else (param.metavar or param.name.upper(),)
        panel = field.metadata["panel"] if field else getattr(param, "rich_help_panel", None) or OWN_PANEL
        values, default = _values(types[param.name], field), _default(field.default if field else param.default)
        found.append(Option(panel, names, values, default if is_option else "", param.help))
    return found


def option_tables(verb: str) -> list[str]:
    """The lines of Markdown that list the arguments and options of a verb, a table per panel of its help."""
    options = options_of(verb)
    panels = list(dict.fromkeys(option.panel for option in options))
    lines: list[str] = []
    for panel, group in groupby(sorted(options, key=lambda option: panels.index(option.panel)), lambda one: one.panel):
        lines += ["", f"**{panel}**", "", "| option | value | default | what it does |", "|---|---|---|---|"]
        for option in group:
            cells = [", ".join(f"`{name}`" for name in option.names), option.values, option.default, option.help]
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return [*lines, ""]


def _types_of(verb: str) -> dict[str, Any]:
    """The type of each parameter of the function behind a verb."""
    functions = {command.name: command.callback for command in app.registered_commands}
    parameters = inspect.signature(functions[verb], eval_str=True).parameters
    return {name: parameter.annotation for name, parameter in parameters.items()}


def _values(hint: Any, field: dataclasses.Field[Any] | None) -> str:
    """What may be given: the choices, or the kind of value with its range."""
    while (parts := [part for part in get_args(hint) if part not in (NoneType, ...)]) and get_origin(hint):
        hint = parts[0]  # Annotated, optional, a list or a tuple
    if isinstance(hint, type) and issubclass(hint, Enum):
        return ", ".join(f"`{choice.value}`" for choice in hint)
    limits = [f"{sign} {field.metadata[key]:g}" for key, sign in _LIMITS.items() if field and key in field.metadata]
    return ", ".join([_KINDS[hint], *limits])


def _default(value: Any) -> str:
    """A default as it would be typed; empty where there is none, or where the help says what is decided."""
    if value is None or value == () or value == []:
        return ""
    if isinstance(value, bool):
        return "on" if value else "off"
    values = value if isinstance(value, list | tuple) else [value]
    return ", ".join(f"`{getattr(one, 'value', one)}`" for one in values)


class _Tables(Preprocessor):
    def run(self, lines: list[str]) -> list[str]:
        """The page with every marker replaced."""
        found: list[str] = []
        for line in lines:
            marker = MARKER.fullmatch(line.strip())
            found += option_tables(marker[1]) if marker else [line]
        return found


class OptionTables(Extension):
    """Replaces the markers before anything else reads the page."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Register with Markdown."""
        md.preprocessors.register(_Tables(md), "option_tables", priority=40)


def makeExtension(**options: Any) -> OptionTables:
    """The extension, by the name that Markdown looks for."""
    return OptionTables(**options)
