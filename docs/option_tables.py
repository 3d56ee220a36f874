"""A Markdown extension: `<!-- options: VERB -->` becomes the verb's tables of options, made from the program itself.

The command line builds its options from the settings classes, so a default or a help text that is printed here stands
in those classes alone.
"""

from __future__ import annotations

import dataclasses
import re
from itertools import groupby
from typing import Any, NamedTuple

import typer
from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor

from judgekit.cli import app
from judgekit.cli.help import COMMON
from judgekit.cli.settings_file import VERBS
from judgekit.config.settings import range_in_words

MARKER = re.compile(r"<!-- options: (\w+) -->")
OWN_PANEL = "The command itself"


class Option(NamedTuple):
    """An argument or option of a verb, in words."""

    panel: str
    names: tuple[str, ...]
    values: str
    default: str
    help: str


def options_of(verb: str) -> list[Option]:
    """The arguments and options of a verb, in the order of its help.

    Raises:
        KeyError: there is no such verb.
    """
    group: Any = typer.main.get_command(app)
    fields = {field.name: field for field in dataclasses.fields(VERBS[verb])} if verb in VERBS else {}
    return [_option(param, fields.get(param.name)) for param in group.commands[verb].params if not param.hidden]


def _option(param: Any, field: dataclasses.Field[Any] | None) -> Option:
    is_argument = param.param_type_name == "argument"
    names = (param.metavar,) if is_argument else (*param.opts, *param.secondary_opts)
    # A setting's help text on the command line ends with its default and range, which have columns of their own here.
    help, default, limits = (param.help, param.default, "") if field is None else _of_setting(field)
    values = [] if is_argument or not param.metavar else [", ".join(f"`{one}`" for one in param.metavar.split("|"))]
    panel = getattr(param, "rich_help_panel", None) or OWN_PANEL
    return Option(panel, names, ", ".join([*values, *([limits] if limits else [])]), _default(default), help)


def _of_setting(field: dataclasses.Field[Any]) -> tuple[str, Any, str]:
    return field.metadata["help"], field.default, range_in_words(field)


def _default(value: Any) -> str:
    """A default as it would be typed; empty where there is none, or where the help says what is decided."""
    if value is None or value is False or value == () or value == []:
        return ""
    values = ["on"] if value is True else value if isinstance(value, list | tuple) else [value]
    return ", ".join(f"`{getattr(one, 'value', one)}`" for one in values)


def option_tables(verb: str) -> list[str]:
    """The lines of Markdown that list the arguments and options of a verb, a table per panel of its help."""
    options = options_of(verb)
    panels = list(dict.fromkeys(option.panel for option in options))
    panels.sort(key=lambda panel: panel == COMMON)
    lines: list[str] = []
    for panel, group in groupby(sorted(options, key=lambda option: panels.index(option.panel)), lambda one: one.panel):
        lines += ["", f"**{panel}**", "", "| option | value | default | what it does |", "|---|---|---|---|"]
        for option in group:
            cells = [", ".join(f"`{name}`" for name in option.names), option.values, option.default, option.help]
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return [*lines, ""]


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
