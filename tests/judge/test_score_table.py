"""The score table never holds a formula that the data did not have, and numbers stay numbers."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from judgekit.errors import DataError
from judgekit.judge.score_table import check_output, write_scores
from judgekit.judge.scores import Scores
from judgekit.training.reporter import Reporter


class Heard(Reporter):
    """Keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def scored(ids: list[str], *, labels: tuple[str, str] = ("yes", "no"), name: str = "id", given: bool = False) -> Scores:
    n = len(ids)
    return Scores(
        judge="j",
        labels=labels,
        values=(),
        ids=pl.DataFrame({name: ids}),
        rows=np.arange(n),
        probabilities=np.tile([0.75, 0.25], (n, 1)),
        is_truncated=np.zeros(n, dtype=bool),
        formulas_are_given=given,
    )


@pytest.mark.parametrize(
    "text",
    ["=1+1", '=HYPERLINK("http://x","y")', "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1+1", "=\n1", "-a"],
)
def test_a_text_that_a_spreadsheet_would_calculate_gets_an_apostrophe(tmp_path: Path, text: str) -> None:
    heard = Heard()
    write_scores(scored([text, "a"]), tmp_path / "out.csv", heard)
    assert pl.read_csv(tmp_path / "out.csv")["id"].to_list() == ["'" + text, "a"]
    assert len(heard.notes) == 1 and "1 cell of 'id'" in heard.notes[0]


@pytest.mark.parametrize("text", ["-1", "+3.5", "-1e-5", "1.200,50", "-12%", "-", "--", "+", "a=b", "", "ü", "'x"])
def test_other_texts_stay_as_they_are(tmp_path: Path, text: str) -> None:
    heard = Heard()
    write_scores(scored([text, "b"]), tmp_path / "out.csv", heard)
    found = [row["id"] for row in csv.DictReader((tmp_path / "out.csv").open(newline=""))]
    assert found == [text, "b"] and heard.notes == []


def test_ids_of_a_text_file_were_formulas_before_and_stay_so_that_they_can_be_joined(tmp_path: Path) -> None:
    write_scores(scored(["=1+1", "@user"], given=True), tmp_path / "out.csv")
    assert pl.read_csv(tmp_path / "out.csv")["id"].to_list() == ["=1+1", "@user"]


def test_a_label_of_the_judge_and_a_name_of_a_column_make_no_formula_either(tmp_path: Path) -> None:
    write_scores(scored(["a"], labels=("=1+1", "no"), name="=id()"), tmp_path / "out.csv")
    written = (tmp_path / "out.csv").read_text().splitlines()
    assert written[0].startswith("'=id(),prob_=1+1,") and ",'=1+1," in written[1]
    write_scores(scored(["a"], labels=("=1+1", "no"), given=True), tmp_path / "out.csv", force=True)
    assert ",'=1+1," in (tmp_path / "out.csv").read_text()


def test_a_file_that_came_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("the user's")
    with pytest.raises(DataError, match="already exists"):
        write_scores(scored(["a"]), tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "the user's"
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
def test_a_pipe_is_written_into_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with os.fdopen(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)) as reader:
        check_output(pipe, read=None, force=False)
        write_scores(scored(["a"]), pipe)
        assert reader.read().startswith("id,prob_yes")
    assert pipe.is_fifo()


def test_a_name_that_is_too_long_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be written"):
        check_output(tmp_path / ("n" * 300 + ".csv"), read=None, force=True)
