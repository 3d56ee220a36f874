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
from made_up_votes import votes_rows, write_csv

from judgekit.cli.progress import ProgressReporter
from judgekit.workspace.layout import MANIFEST_FILE

Run = Callable[..., Any]


@pytest.fixture
def options(bert: Path, run: Run, tmp_path: Path) -> list[str]:
    """The options of a small study, in a workspace with its dataset."""
    assert run("init").code == 0
    assert run("ingest", write_csv(tmp_path / "votes.csv", votes_rows(60, annotators=5))).code == 0
    words = ["--backbone", bert, "--epochs", 1, "--batch-size", 16, "--device", "cpu", "--train-share", 0.6]
    return [str(word) for word in [*words, "--seeds", 1]]


def finished_runs(tmp_path: Path) -> list[Path]:
    return list((tmp_path / ".judgekit" / "studies" / "votes" / "runs").glob("*.json"))


def test_tables_fit_a_terminal_and_files_are_named(
    run: Run, options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = run("study", "votes", *options, "--plan", "table1", "--plan", "robustness")
    assert result.code == 0
    assert "…" not in result.out and max(map(len, result.out.splitlines())) <= 80
    for word in ("raw", "single-point", "paper", "default", "class prior", "noise floor", "without Adv", "0.25"):
        assert word in result.out
    assert "fresh label head hardly moves" in result.err.replace("\n", " ")
    folder = tmp_path / ".judgekit" / "studies" / "votes"
    assert f"Written: {folder}" in result.err
    assert {path.name for path in folder.iterdir()} == {MANIFEST_FILE, "runs", "runs.csv", "table.md", "report.html"}
    again = run("study", *options, "--plan", "table1", "--plan", "robustness", "--json")
    assert (again.json["study"], again.json["runs"], again.json["finished"]) == ("votes", 5, 5)
    assert run("show", "--json").json["studies"] == ["votes"]
    assert "Study: votes (" in run("show").out
    assert "runs: 0 of 5" not in again.err


def test_ctrl_c_keeps_the_finished_runs_and_the_same_command_goes_on(
    run: Run, options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = ProgressReporter.training

    def training(self: ProgressReporter, progress: Any) -> None:
        show(self, progress)
        if len(finished_runs(tmp_path)) == 2:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(ProgressReporter, "training", training)
        stopped = run("study", *options, "--plan", "table1")
    assert (stopped.code, stopped.out) == (130, "")
    assert "Stopping after this step; finished runs are kept." in stopped.err
    assert "Interrupted: 2 of 4 runs are finished and kept." in stopped.err
    assert "Next: the same command again" in stopped.err
    assert len(finished_runs(tmp_path)) == 2
    assert run("study", *options, "--plan", "table1").code == 0
    assert len(finished_runs(tmp_path)) == 4


@pytest.mark.slow
def test_a_killed_study_keeps_its_finished_runs_as_they_are(run: Run, options: list[str], tmp_path: Path) -> None:
    words = [sys.executable, "-m", "judgekit", "study", *options, "--plan", "alpha"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))
    deadline = time.monotonic() + 120
    while len(finished_runs(tmp_path)) < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait()
    kept = {path: path.read_bytes() for path in finished_runs(tmp_path)}
    assert 2 <= len(kept) < 6
    result = run("study", *options, "--plan", "alpha", "--json").json
    assert result["finished"] == result["runs"] == 6
    assert {path: path.read_bytes() for path in kept} == kept


def test_a_causal_lm_is_studied_and_what_cannot_be_asked_is_refused(run: Run, options: list[str], llama: Path) -> None:
    options[1] = str(llama)
    result = run("study", *options, "--plan", "table1", "--json").json
    assert [line["variant"] for line in result["plans"]["table1"]] == ["raw", "single-point", "paper", "default"]
    refused = run("study", *options, "--preset", "paper")
    assert refused.code == 3
    assert "its variants are the presets" in refused.err


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
