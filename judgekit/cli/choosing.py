"""A choice among numbered answers at a terminal: with the arrow keys or a digit, where there are keys; else typed."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence

import typer

from judgekit.wording import visible

try:
    import termios
    import tty
except ImportError:  # Windows
    termios = tty = None

_UP, _DOWN = (b"\x1b[A", b"\x1bOA", b"k"), (b"\x1b[B", b"\x1bOB", b"j")
_ENTER, _END = (b"\r", b"\n"), (b"", b"\x04")
_MOST_BY_KEYS = 9
"""A digit is one key."""


def choose(question: str, answers: Sequence[str]) -> int:
    """The position of the answer that a person chooses, from 0.

    Args:
        question: what is asked.
        answers: their words, which have been shown with their numbers, from 1.
    """
    if len(answers) <= _MOST_BY_KEYS and has_keys():
        return choose_by_keys(question, answers, sys.stdin.fileno())
    number = 0
    while not 1 <= number <= len(answers):
        number = typer.prompt(f"{question} (1 to {len(answers)})", type=int, err=True)
    return number - 1


def has_keys() -> bool:
    """Whether the terminal tells of single keys and can draw a line anew."""
    is_terminal = sys.stdin.isatty() and sys.stderr.isatty()
    return termios is not None and is_terminal and os.environ.get("TERM", "dumb") != "dumb"


def choose_by_keys(question: str, answers: Sequence[str], terminal: int) -> int:
    """The position of the answer chosen on one line, which shows the answer that Enter would take.

    Args:
        question: what is asked.
        answers: their words.
        terminal: its file descriptor; its mode is restored, whatever ends the choice.

    Raises:
        Abort: the input ended.
    """
    assert termios is not None and tty is not None
    before, position = termios.tcgetattr(terminal), 0
    try:
        tty.setcbreak(terminal)
        while True:
            _draw(f"{question} (arrow keys or 1 to {len(answers)}, then Enter) {position + 1}. {answers[position]}")
            key = os.read(terminal, 8)
            if key in _END:
                raise typer.Abort
            if key in _ENTER:
                return position
            position = moved(key, position, len(answers))
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
        typer.echo(err=True)


def moved(key: bytes, position: int, number: int) -> int:
    """The position after a key, among a number of answers; that before the key where it means nothing."""
    if key in _UP + _DOWN:
        return (position + (1 if key in _DOWN else -1)) % number
    return int(key) - 1 if key.isdigit() and 1 <= int(key) <= number else position


def _draw(line: str) -> None:
    """Draw the line anew; no longer than the terminal is wide, as only one line can be."""
    width = shutil.get_terminal_size().columns - 1
    typer.echo(f"\r\x1b[K{visible(line)[:width]}", err=True, nl=False)
