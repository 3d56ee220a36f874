"""`ingest` for Python: tables in memory, typed settings, and further rounds."""

from __future__ import annotations

from pathlib import Path

import pandas
import polars as pl
import pytest

from judgekit import JudgekitError, ingest
from judgekit.config import IngestSettings
from judgekit.dataset.result import IngestResult

ROWS = [
    {"item_id": f"i{n}", "annotator": who, "text": f"some words number {n}", "label": label}
    for n, labels in enumerate(["xy", "xx", "yy", "yx"])
    for who, label in zip(["ann", "bob"], labels, strict=True)
]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "ws"


@pytest.mark.parametrize(
    "data", [ROWS, pl.DataFrame(ROWS), pandas.DataFrame(ROWS), pl.DataFrame(ROWS).to_dict(as_series=False)]
)
def test_a_table_in_memory_is_read_as_its_file_is(data: object, place: Path, tmp_path: Path) -> None:
    pl.DataFrame(ROWS).write_csv(tmp_path / "votes.csv")
    of_file = ingest(tmp_path / "votes.csv", workspace=place)
    of_table = ingest(data, workspace=place)
    assert (of_file.dataset, of_table.dataset) == ("votes", "data")
    assert of_table.items.texts.equals(of_file.items.texts)
    assert of_table.items.counts.tolist() == of_file.items.counts.tolist() == [[1, 1], [2, 0], [0, 2], [1, 1]]
    assert of_table.annotations.equals(of_file.annotations)


def test_settings_are_an_object_or_keywords(place: Path) -> None:
    settings = IngestSettings(label=("label",), labels="y,x", keep_annotator_ids=True)
    made = ingest(ROWS, workspace=place, settings=settings)
    assert made.items.labels == ("y", "x") and set(made.annotations["annotator"]) == {"ann", "bob"}
    again = ingest(ROWS, workspace=place, name="again", settings=settings, labels="x,y")
    assert again.items.labels == ("x", "y") and set(again.annotations["annotator"]) == {"ann", "bob"}


def test_nothing_is_refused_and_so_is_what_is_no_table(place: Path) -> None:
    with pytest.raises(JudgekitError, match="no file to ingest"):
        ingest(workspace=place)
    with pytest.raises(JudgekitError, match="int"):
        ingest(7, workspace=place)


def test_a_table_in_memory_is_not_added_twice(place: Path) -> None:
    ingest(ROWS, workspace=place)
    with pytest.raises(JudgekitError, match="already"):
        ingest(ROWS, workspace=place, append=True)
    more = [dict(row, annotator="eve", label="x") for row in ROWS[::2]]
    assert ingest(more, workspace=place, append=True).items.counts.sum() == 12


def round_of(place: Path, first: list[dict[str, str]], second: list[dict[str, str]]) -> IngestResult:
    ingest(first, workspace=place)
    return ingest(second, workspace=place, append=True)


def test_a_round_of_single_annotations_says_that_it_is_the_round(place: Path) -> None:
    more = [dict(row, annotator="eve", label="xy"[n % 2]) for n, row in enumerate(ROWS[::2])]
    report = round_of(place, ROWS, more).report
    assert report.warnings == ()
    assert "Items with a single annotation in this round: 4; they were kept." in report.notes


def test_without_two_annotations_of_an_item_in_any_round_there_is_no_disagreement(place: Path) -> None:
    later = [dict(row, item_id=f"j{n}", text=f"other words {n}") for n, row in enumerate(ROWS[:2])]
    report = round_of(place, ROWS[::2], later).report
    assert any("no disagreement" in warning for warning in report.warnings)


def test_a_wide_round_adds_its_annotators_to_those_of_the_dataset(place: Path) -> None:
    def sheet(people: list[str]) -> list[dict[str, str]]:
        return [
            {"item_id": f"i{n}", "text": f"some words number {n}"}
            | {who: "xy"[(n + k) % 2] for k, who in enumerate(people)}
            for n in range(6)
        ]

    ingest(sheet(["rater_ann", "rater_bob"]), workspace=place, keep_annotator_ids=True)
    added = ingest(sheet(["rater_cem", "rater_dee"]), workspace=place, append=True)
    assert added.schema.annotator_columns == ("rater_ann", "rater_bob", "rater_cem", "rater_dee")
    assert added.to_json()["annotators"] == 4
