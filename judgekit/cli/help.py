"""How a verb is read and explained: `--help` in one column, an option on a line of its own, below it what it does.

Loads no rich.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

OPTIONS, COMMON = "Options", "Common options"
"""Headings: of options that name none, and of those that most verbs have, which come last."""


class OneColumnCommand(TyperCommand):
    """A verb whose options stand below their panels' headings, and take several choices one behind the other."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read what was typed."""
        return super().parse_args(ctx, _with_names(args, self.get_params(ctx)))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write all panels."""
        _write_panels(self.get_params(ctx), ctx, formatter)


class OneColumnGroup(TyperGroup):
    """The program: its verbs first, each with its whole sentence, then the options."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the verbs and all panels."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.help or "") for name, command in self.commands.items()])
        _write_panels(self.get_params(ctx), ctx, formatter)


def _with_names(args: list[str], parameters: Iterable[Any]) -> list[str]:
    """The words of a command line with an option's name before each of its choices: `--among a b`, `--among=a b`."""
    several = [one for one in parameters if getattr(one, "multiple", False) and "|" in (one.metavar or "")]
    choices = {name: {*one.metavar.split("|")} for one in several for name in one.opts}
    found: list[str] = []
    option = ""
    for place, word in enumerate(args):
        if word == "--":
            return [*found, *args[place:]]
        name, _, value = word.partition("=")
        if option and word in choices[option] and found[-1] != option:
            found.append(option)
        elif not (option and found[-1] == option):
            option = name if name in choices and (not value or value in choices[name]) else ""
        found.append(word)
    return found


def _write_panels(parameters: Iterable[Any], ctx: Any, formatter: Any) -> None:
    panels: dict[str, list[Any]] = {}
    for parameter in parameters:
        if not parameter.hidden:
            panels.setdefault(_panel(parameter), []).append(parameter)
    for heading in sorted(panels, key=lambda heading: heading == COMMON):
        with formatter.section(typer.style(heading, bold=True)):
            for parameter in panels[heading]:
                formatter.write_text(typer.style(_name(parameter, ctx), bold=True))
                with formatter.indentation(), formatter.indentation():
                    formatter.write_text(parameter.help)


def _name(parameter: Any, ctx: Any) -> str:
    return parameter.metavar if parameter.param_type_name == "argument" else parameter.get_help_record(ctx)[0]


def _panel(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return "Arguments"
    return COMMON if parameter.name == "help" else parameter.rich_help_panel or OPTIONS
