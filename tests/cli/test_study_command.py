"""`judgekit study` from the command line: interrupted, killed, gone on with, printed and written."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_studies import SETTINGS, Studied

from judgekit.cli.progress import ProgressReporter
from judgekit.workspace.layout import MANIFEST_FILE

Run = Callable[..., Any]


@pytest.fixture
def options(bert: Path) -> list[str]:
    """The options of the study that `studied` holds."""
    words = ["--backbone", bert, *(word for name, value in SETTINGS.items() for word in (flag(name), value))]
    return [str(word) for word in words]


def flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def test_tables_fit_a_terminal_and_files_are_named(
    run: Run, options: list[str], studied: Studied, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = run("study", "votes", *options, "--plan", "table1", "--plan", "robustness")
    assert result.code == 0
    assert "…" not in result.out and max(map(len, result.out.splitlines())) <= 80
    for word in ("raw", "single-point", "paper", "default", "class prior", "noise floor", "without Adv", "0.25"):
        assert word in result.out
    assert "fresh label head hardly moves" in result.err.replace("\n", " ")
    assert f"Written: {studied.folder}" in result.err
    files = {path.name for path in studied.folder.iterdir()}
    assert files == {MANIFEST_FILE, "runs", "runs.csv", "table.md", "report.html"}
    again = run("study", *options, "--plan", "table1", "--plan", "robustness", "--json")
    assert (again.json["study"], again.json["runs"], again.json["finished"]) == ("votes", 5, 5)
    assert run("show", "--json").json["studies"] == ["votes"]
    assert "Study: votes (" in run("show").out
    assert "runs: 0 of 5" not in again.err


def test_ctrl_c_keeps_the_finished_runs_and_the_same_command_goes_on(
    run: Run, options: list[str], studied: Studied, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = ProgressReporter.training

    def training(self: ProgressReporter, progress: Any) -> None:
        show(self, progress)
        if len(studied.finished_runs()) == before + 1:
            signal.raise_signal(signal.SIGINT)

    studied.forget("paper", "default")
    before = len(studied.finished_runs())
    with monkeypatch.context() as patched:
        patched.setattr(ProgressReporter, "training", training)
        stopped = run("study", *options, "--plan", "table1")
    assert (stopped.code, stopped.out) == (130, "")
    assert "Stopping after this step; finished runs are kept." in stopped.err
    assert "Interrupted: 3 of 4 runs are finished and kept." in stopped.err
    assert "Next: the same command again" in stopped.err
    assert len(studied.finished_runs()) == before + 1
    assert run("study", *options, "--plan", "table1").code == 0
    assert len(studied.finished_runs()) == before + 2


@pytest.mark.slow
def test_a_killed_study_keeps_its_finished_runs_as_they_are(
    run: Run, options: list[str], studied: Studied, tmp_path: Path
) -> None:
    studied.forget(*(f"alpha {alpha}" for alpha in (0, 0.2, 0.4, 0.6)))
    before = len(studied.finished_runs())
    words = [sys.executable, "-m", "judgekit", "study", *options, "--plan", "alpha"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))
    deadline = time.monotonic() + 120
    while len(studied.finished_runs()) < before + 1 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait()
    kept = {path: path.read_bytes() for path in studied.finished_runs()}
    assert before + 1 <= len(kept) < before + 4
    result = run("study", *options, "--plan", "alpha", "--json").json
    assert result["finished"] == result["runs"] == 6
    assert {path: path.read_bytes() for path in kept} == kept


def test_a_causal_lm_is_studied_and_what_cannot_be_asked_is_refused(
    run: Run, options: list[str], studied: Studied, llama: Path
) -> None:
    options[1] = str(llama)
    result = run("study", *options, "--name", "causal", "--plan", "table1", "--json").json
    assert [line["variant"] for line in result["plans"]["table1"]] == ["raw", "single-point", "paper", "default"]
    refused = run("study", *options, "--preset", "paper")
    assert (refused.code, "--preset" in run("study", "--help").out) == (2, False)


def test_the_bar_of_the_runs_stands_above_the_bar_of_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal)
    with ProgressReporter() as reporter:
        reporter.runs(1, 4, "paper, seed 0", 600.0)
        reporter.items(1, 2)
    shown = terminal.getvalue()
    assert "paper, seed 0  10 min left" in shown
    assert shown.index("runs") < shown.index("scoring")
