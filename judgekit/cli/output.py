"""What the command line prints: results on stdout, messages and progress on stderr.

rich is imported inside functions: `--help` must not wait for it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import typer

from judgekit.wording import visible

if TYPE_CHECKING:
    from rich.console import RenderableType

    from judgekit.cli.progress import ProgressReporter

JSON_SCHEMA_VERSION = 1
# Of the processes of a launcher (`accelerate launch`) one speaks.
IS_MAIN = int(os.environ.get("RANK", "0")) == 0


class Result(Protocol):
    """What a verb returns."""

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON values."""
        ...


R = TypeVar("R", bound=Result)


def emit(result: R, page: Callable[[R], RenderableType], *, as_json: bool) -> None:
    """Print a result on stdout: one JSON object with a schema version, or its page.

    Args:
        result: what a verb returned.
        page: makes what a person sees of it.
        as_json: whether a script reads it.
    """
    if IS_MAIN and as_json:
        facts = {"schema_version": JSON_SCHEMA_VERSION, **result.to_json()}
        # Escapes where stdout could not hold every character: a script must get the labels as they are.
        is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
        text = json.dumps(facts, ensure_ascii=not is_utf8, allow_nan=False)
        typer.echo(visible(text, escape=lambda char: json.dumps(char)[1:-1]))
    elif IS_MAIN:
        show(page(result))


def show(page: RenderableType) -> None:
    """Print a page on stdout."""
    from rich.console import Console

    from judgekit.reports.blocks import Harmless

    # Not cropped: what is marked as not to be wrapped, such as a prompt, is shown as it is.
    Console(highlight=False).print(Harmless(page), crop=False)


def say(text: str) -> None:
    """Print a message on stderr."""
    if IS_MAIN:
        typer.echo(visible(text), err=True)


def next_command(command: str) -> None:
    """Print the command that usually comes next, on stderr."""
    say(f"Next: {command}")


def progress(*, quiet: bool = False) -> ProgressReporter:
    """A reporter with a progress bar on stderr; a context manager."""
    from judgekit.cli.progress import ProgressReporter

    return ProgressReporter(quiet=quiet or not IS_MAIN)
