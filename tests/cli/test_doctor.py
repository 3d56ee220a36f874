"""`judgekit doctor` says what judgekit runs on, and finds what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from judgekit.version import __version__

Run = Callable[..., Any]


def test_it_says_what_is_used(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGEKIT_TRAIN_EPOCHS", "3")
    assert run("init").code == 0
    found = run("doctor", "--json").json
    assert found["problems"] == []
    assert found["facts"]["judgekit"].startswith(__version__)
    assert (
        "torch 2." in found["facts"]["packages"]
        and found["facts"]["environment"] == "JUDGEKIT_TRAIN_EPOCHS, JUDGEKIT_TRAIN_FOLDS"
    )
    assert found["facts"]["workspace"].endswith(".judgekit (found): 0 datasets, 0 judges")
    page = run("doctor")
    assert page.code == 0 and "Nothing is wrong." in page.out


def test_the_other_tool_of_that_name_is_found(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "site" / "judgekit-0.4.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: judgekit\nVersion: 0.4.2\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    found = run("doctor")
    assert found.code == 3
    assert "0.4.2" in found.out and "pip uninstall judgekit annotation-judgekit" in " ".join(found.out.split())


def test_what_cannot_be_opened_is_named_and_the_rest_is_still_said(run: Run, votes_csv: Path, tmp_path: Path) -> None:
    assert run("init").code == 0 and run("ingest", votes_csv).code == 0
    (tmp_path / ".judgekit" / "datasets" / "votes" / "manifest.json").write_text("{")
    found = run("doctor", "--json")
    assert found.code == 3 and len(found.json["problems"]) == 1 and "manifest.json" in found.json["problems"][0]
    (tmp_path / ".judgekit" / "workspace.json").write_text("{")
    found = run("doctor", "--json")
    assert found.code == 3 and "workspace.json" in found.json["problems"][0]
