"""`judgekit plan`: rounds by a budget, the page, the figure and the refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_up_votes import votes_rows, write_csv

from judgekit import ingest, plan
from judgekit.errors import DataError

Run = Callable[..., Any]


@pytest.fixture
def pilot(votes_csv: Path, run: Run) -> None:
    """A dataset of 60 items and 3 annotators in the current folder."""
    assert run("init").code == 0
    assert run("ingest", votes_csv).code == 0


def test_a_budget_is_spent_in_each_way(pilot: None) -> None:
    found = plan("votes", budget=600)
    assert [(one.items, one.annotations_per_item) for one in found.rounds] == [
        (600, 1), (300, 2), (200, 3), (120, 5), (60, 10)
    ]  # fmt: skip
    assert [one.share for one in found.rounds] == sorted(one.share for one in found.rounds)
    assert found.compared == found.items == 60
    assert found.to_json()["rounds"][1]["annotations"] == 600


def test_the_page_says_what_is_best_for_what_and_json_has_the_figures(pilot: None, run: Run) -> None:
    page = " ".join(run("plan", "--budget", 600).out.split())
    assert "What 600 annotations can tell, by the pilot votes" in page
    assert "annotate 600 items once" in page
    assert len(run("plan", "--json").json["rounds"]) == 20
    assert run("plan", "--json").json == run("plan", "--json").json


def test_the_figure_is_written_once(pilot: None, run: Run, tmp_path: Path) -> None:
    assert run("plan", "--figure", "plan.svg").code == 0
    drawn = (tmp_path / "plan.svg").read_bytes()
    again = run("plan", "--figure", "plan.svg")
    assert again.code == 3 and "plan.svg is there already." in again.err
    assert run("plan", "--figure", "plan.svg", "--force", "--budget", 900).code == 0
    assert drawn[:5] == b"<?xml" and (tmp_path / "plan.svg").read_bytes() not in (b"", drawn)
    assert run("plan", "--figure", "plan.pdf").code == 0
    assert run("plan", "--figure", "plan.png").code == 3
    assert run("plan", "--figure", "nowhere/plan.svg").code == 3


def test_pilots_that_tell_nothing_of_disagreement_are_refused(tmp_path: Path) -> None:
    header, *rows = votes_rows(60)
    ingest(write_csv(tmp_path / "single.csv", [header, *rows[::3]]), workspace=tmp_path / "ws")
    with pytest.raises(DataError, match="0 items have two annotations or more"):
        plan("single", workspace=tmp_path / "ws")
