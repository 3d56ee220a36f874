"""What a shell completes: datasets, judges and studies by name, from the folders alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from judgekit.workspace.store import Workspace

PROGRAM = "import sys; sys.argv[0] = 'judgekit'; from judgekit.cli import main\nmain()"
LOADED = f"{PROGRAM}\nprint(sorted(sys.modules), file=sys.stderr)"


def complete(*words: str, program: str = PROGRAM) -> subprocess.CompletedProcess[str]:
    """What bash is offered for the last word."""
    asked = {"_JUDGEKIT_COMPLETE": "complete_bash", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env={**os.environ, **asked}, capture_output=True, text=True, check=False)


def fill(root: Path) -> None:
    Workspace.create(root, version="0")
    for name in ("datasets/votes", "datasets/tickets", "judges/tickets-2", "studies/paper"):
        (root / name).mkdir(parents=True)
        (root / name / "manifest.json").write_text("broken: no completion may read it")
    (root / "datasets" / "unfinished").mkdir()


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["judgekit", "train", "--dataset", ""], ["tickets", "votes"]),
        (["judgekit", "train", "--dataset", "ti"], ["tickets"]),
        (["judgekit", "check", ""], ["tickets", "votes"]),
        (["judgekit", "study", "v"], ["votes"]),
        (["judgekit", "study", "--name", "pa"], ["paper"]),
        (["judgekit", "score", "new.csv", "--judge", ""], ["tickets-2"]),
        (["judgekit", "export", "tick"], ["tickets-2"]),
        (["judgekit", "show", "prompt", "--judge", "none"], []),
    ],
)
def test_names_of_the_workspace_are_completed(tmp_path: Path, words: list[str], names: list[str]) -> None:
    fill(tmp_path / ".judgekit")
    found = complete(*words)
    assert found.stdout.split() == names and found.stderr == ""


@pytest.mark.parametrize("before", [["--workspace", "other", "evaluate"], ["evaluate", "--workspace", "other"]])
def test_the_workspace_named_on_the_line_is_looked_into(tmp_path: Path, before: list[str]) -> None:
    fill(tmp_path / "other" / ".judgekit")
    assert complete("judgekit", *before, "--judge", "").stdout.split() == ["tickets-2"]


def test_without_a_workspace_nothing_is_offered_and_nothing_said() -> None:
    found = complete("judgekit", "train", "--dataset", "")
    assert (found.stdout.strip(), found.stderr) == ("", "")


def test_completing_loads_no_heavy_library(tmp_path: Path) -> None:
    fill(tmp_path / ".judgekit")
    found = complete("judgekit", "train", "--dataset", "", program=LOADED)
    assert found.stdout.split() == ["tickets", "votes"]
    loaded = {name.strip("'[] ").split(".")[0] for name in found.stderr.split(",")}
    assert "judgekit" in loaded and not loaded & {"torch", "numpy", "polars", "transformers", "rich"}
