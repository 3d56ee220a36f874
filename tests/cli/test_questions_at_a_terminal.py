"""Two readings of a table: asked at a terminal, refused with whole commands elsewhere; and the line for the hurried."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
DOUBTFUL = "id,text,anna,bert\n1,some words,0,2\n2,more words,1,2\n3,last words,0,1\n4,and words,2,2\n"


@pytest.fixture
def doubtful(tmp_path: Path) -> Path:
    path = tmp_path / "votes.csv"
    path.write_text(DOUBTFUL, encoding="utf-8")
    return path


def test_without_a_terminal_each_reading_has_its_whole_command(run: Run, doubtful: Path) -> None:
    ended = run("ingest", doubtful, "--name", "my-votes", "--label-map", "0=none")
    assert ended.code == 3
    lines = [line for line in ended.err.splitlines() if "judgekit ingest" in line]
    assert len(lines) == 2 and all("--name my-votes --label-map 0=none --layout" in line for line in lines)


def test_at_a_terminal_the_reading_is_chosen_by_its_number(
    run: Run, doubtful: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("init")
    asked: list[str] = []
    answers = iter([7, 2])
    monkeypatch.setattr("judgekit.cli.ingest._is_terminal", lambda: True)
    monkeypatch.setattr("typer.prompt", lambda text, **_: (asked.append(text), next(answers))[1])
    ended = run("ingest", doubtful)
    assert ended.code == 0, ended.err
    assert len(asked) == 2 and "1 to 2" in asked[0]
    assert "1. anna, bert are one annotator each" in ended.err and "The next time: judgekit ingest" in ended.err
    assert "--layout counts --counts anna --counts bert" in ended.err
    assert ended.out.rstrip().endswith("labels anna/bert; the prompt reads: text")


def test_last_line_says_what_a_hurried_reader_needs(run: Run, votes_csv: Path) -> None:
    run("init")
    last = run("ingest", votes_csv).out.rstrip().splitlines()[-1]
    assert last == "60 items, 3 annotators, labels bad/fair/good; the prompt reads: text"
