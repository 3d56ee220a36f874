"""Which workspace a command uses, and what it says where nobody made one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from judgekit.workspace.layout import personal_root

Run = Callable[..., Any]


def test_a_folder_means_the_workspace_that_init_made_in_it(run: Run, votes_csv: Path, tmp_path: Path) -> None:
    assert run("init", "proj").code == 0
    for words in (
        ("--workspace", "proj", "ingest", votes_csv),
        ("ingest", votes_csv, "--workspace", "proj", "--force"),
    ):
        made = run(*words)
        assert made.code == 0 and str(tmp_path / "proj" / ".judgekit" / "datasets" / "votes") in made.err
    assert [path.name for path in (tmp_path / "proj").iterdir()] == [".judgekit"]
    assert [found["name"] for found in run("show", "--workspace", "proj", "--json").json["datasets"]] == ["votes"]
    assert run("init", "--workspace", "proj").err.startswith(f"Workspace: {tmp_path / 'proj' / '.judgekit'}\n")


def test_a_workspace_that_was_named_directly_stays_one(run: Run, votes_csv: Path, tmp_path: Path) -> None:
    assert run("ingest", votes_csv, "--workspace", "ws").code == 0
    assert (tmp_path / "ws" / "datasets" / "votes").is_dir()
    assert run("init", "ws").err.startswith(f"Workspace: {tmp_path / 'ws'}\n")
    assert not (tmp_path / "ws" / ".judgekit").exists()


def test_ingest_says_before_it_writes_that_a_personal_workspace_is_used(run: Run, votes_csv: Path) -> None:
    dry = run("ingest", votes_csv, "--dry-run")
    made = run("ingest", votes_csv)
    for found in (dry, made):
        lines = found.err.splitlines()
        assert lines[0].startswith("No workspace (.judgekit/) in ") and str(personal_root()) in lines[0]
        assert lines[1] == "To make one in this folder instead: judgekit init"
        assert found.err.count("No workspace") == 1
    assert made.err.index("No workspace") < made.err.index("Written: ")


def test_other_verbs_say_where_they_looked(run: Run, votes_csv: Path, tmp_path: Path) -> None:
    refused = run("train")
    assert refused.code == 3 and "No workspace was found" in refused.err
    assert f"no .judgekit/ in {tmp_path} or a folder above it, and none at {personal_root()}" in refused.err
    assert run("ingest", votes_csv).code == 0
    assert f"your personal one is used, {personal_root()}" in run("score", "new.csv").err


@pytest.mark.parametrize("words", [["--workspace", "ws"], []])
def test_nothing_is_said_where_a_workspace_is_named_or_found(
    run: Run, votes_csv: Path, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not words:
        monkeypatch.setenv("JUDGEKIT_WORKSPACE", "ws")
    assert "No workspace" not in run("ingest", votes_csv, *words).err
    monkeypatch.delenv("JUDGEKIT_WORKSPACE", raising=False)
    assert run("init").code == 0
    assert "No workspace" not in run("ingest", votes_csv).err
