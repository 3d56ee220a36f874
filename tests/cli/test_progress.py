"""The progress bar: on stderr, and never in the way of the results."""

from __future__ import annotations

import io
import sys

import pytest

from judgekit.cli.progress import ProgressReporter


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def stderr_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    return terminal


def test_results_reach_a_file_while_the_bar_stands_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, file = stderr_on_a_terminal(monkeypatch), io.StringIO()
    monkeypatch.setattr(sys, "stdout", file)
    with ProgressReporter() as reporter:
        reporter.items(1, 2)
        sys.stdout.write("the result\n")
    assert file.getvalue() == "the result\n"
    assert "scoring" in terminal.getvalue()


def test_notes_are_never_read_as_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = stderr_on_a_terminal(monkeypatch)
    with ProgressReporter() as reporter:
        reporter.note("[red]tea[/red] :tea: [/]")
    assert "[red]tea[/red] :tea: [/]" in terminal.getvalue()


def test_quiet_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with ProgressReporter(quiet=True) as reporter:
        reporter.note("x")
        reporter.items(2, 2)
    assert capfd.readouterr() == ("", "")
