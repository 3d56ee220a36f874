"""What the command line prints: results on stdout, talk and progress on stderr.

rich is imported inside functions: `--help` must not wait for it.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, Protocol

import typer

if TYPE_CHECKING:
    from judgekit.cli.progress import ProgressReporter

JSON_SCHEMA_VERSION = 1
# Of the processes of a launcher (`accelerate launch`) one speaks.
IS_MAIN = int(os.environ.get("RANK", "0")) == 0


class Result(Protocol):
    """What a verb's pipeline returns."""

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON values."""
        ...

    def __rich__(self) -> Any:
        """What a person sees."""
        ...


def emit(result: Result, *, as_json: bool) -> None:
    """Print a result on stdout: one JSON object with a schema version, or tables."""
    if not IS_MAIN:
        return
    if as_json:
        facts = {"schema_version": JSON_SCHEMA_VERSION, **result.to_json()}
        # Escapes where stdout could not hold every character: a script must get the labels as they are.
        is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
        typer.echo(json.dumps(facts, ensure_ascii=not is_utf8, allow_nan=False))
        return
    from rich.console import Console

    # Not cropped: what is marked as not to be wrapped, such as a prompt, is shown as it is.
    Console(highlight=False).print(result, crop=False)


def say(text: str) -> None:
    """Print talk on stderr."""
    if IS_MAIN:
        typer.echo(text, err=True)


def next_command(command: str) -> None:
    """Print the command that usually comes next, on stderr."""
    say(f"Next: {command}")


def progress(*, quiet: bool = False) -> ProgressReporter:
    """A reporter with a progress bar on stderr; a context manager."""
    from judgekit.cli.progress import ProgressReporter

    return ProgressReporter(quiet=quiet or not IS_MAIN)
