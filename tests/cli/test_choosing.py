"""An answer is chosen with the arrow keys or a digit, and the terminal is left as it was."""

from __future__ import annotations

import os
import sys

import pytest
import typer

from judgekit.cli import choosing
from judgekit.cli.choosing import choose, choose_by_keys, has_keys

WORDS = ["anna and bert are one annotator each", "anna and bert count one label each", "neither"]
UP, DOWN, ENTER = b"\x1b[A", b"\x1b[B", b"\r"
needs_keys = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")


@pytest.fixture
def terminal():
    ours, theirs = os.openpty()
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


def press(ours, keys):
    """The keys one after the other: a terminal hands out what it has in one piece."""
    waiting = list(keys)
    read = os.read

    def one_key(descriptor, most):
        if waiting:
            os.write(ours, waiting.pop(0))
        return read(descriptor, most)

    return one_key


@needs_keys
@pytest.mark.parametrize(
    ("keys", "chosen"),
    [([ENTER], 0), ([DOWN, ENTER], 1), ([UP, ENTER], 2), ([b"3", ENTER], 2), ([b"7", b"\n"], 0)],
)
def test_keys_choose_an_answer(terminal, monkeypatch, capsys, keys, chosen):
    import termios

    ours, theirs = terminal
    before = termios.tcgetattr(theirs)
    monkeypatch.setattr("judgekit.cli.choosing.os.read", press(ours, keys))
    assert choose_by_keys("Which?", WORDS, theirs) == chosen
    assert termios.tcgetattr(theirs) == before
    assert f"{chosen + 1}. {WORDS[chosen]}"[:20] in capsys.readouterr().err


@needs_keys
def test_end_of_the_input_is_no_choice_and_leaves_the_terminal_as_it_was(terminal, monkeypatch):
    import termios

    ours, theirs = terminal
    before = termios.tcgetattr(theirs)
    monkeypatch.setattr("judgekit.cli.choosing.os.read", press(ours, [DOWN, b"\x04"]))
    with pytest.raises(typer.Abort):
        choose_by_keys("Which?", WORDS, theirs)
    assert termios.tcgetattr(theirs) == before


@pytest.mark.parametrize("lacking", ["terminal", "keys"])
def test_number_is_typed_where_there_are_no_keys(monkeypatch, lacking):
    if lacking == "keys":
        monkeypatch.setattr(choosing, "termios", None)
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    answers = iter([0, 4, 2])
    monkeypatch.setattr("typer.prompt", lambda *_, **__: next(answers))
    assert not has_keys() and choose("Which?", WORDS) == 1
