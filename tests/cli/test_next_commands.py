"""Every verb ends with the command that usually comes next."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from judgekit.cli import app

Run = Callable[..., Any]


@pytest.mark.parametrize("json", [[], ["--json"]])
@pytest.mark.parametrize(
    "words", [["ingest", "votes.csv", "--force"], ["check"], ["evaluate", "--resamples", "10"], ["score", "new.csv"]]
)
def test_the_last_line_names_a_command_that_exists(
    run: Run, judged: Path, votes_csv: Path, words: list[str], json: list[str]
) -> None:
    Path("new.csv").write_text("item_id,text\n1,the tea was cold\n", encoding="utf-8")
    ended = run(*words, *json)
    assert ended.code == 0, ended.err
    last = ended.err.splitlines()[-1]
    assert last.startswith("Next: judgekit ")
    commands: Any = get_command(app)
    assert set(re.findall(r"judgekit (\w+)", last)) <= set(commands.commands)
