"""A file that holds one item, or one annotation of it, is read with the others of its folder, and loses no text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from judgekit.errors import DataError
from judgekit.tables.files import read_files

VOTES = {"1": ("Cold soup.", "bad", "ok"), "2": ("Kind host.", "ok", "ok"), "3": ("Mild tea.", "ok", "bad")}
PEOPLE = ("ann@x.example", "ben@x.example")


def annotation(who: str, label: str, **more: Any) -> dict[str, Any]:
    result = {"type": "choices", "from_name": "tone", "to_name": "text", "value": {"choices": [label]}}
    return {"completed_by": {"email": who}, "result": [result], "was_cancelled": False, **more}


def task(item: str) -> dict[str, Any]:
    text, *labels = VOTES[item]
    return {
        "id": int(item),
        "data": {"text": text},
        "annotations": list(map(annotation, PEOPLE, labels)),
        "predictions": [],
    }


def stored(item: str) -> list[dict[str, Any]]:
    text, *labels = VOTES[item]
    return [
        annotation(who, label, id=n, task={"id": int(item), "data": {"text": text}})
        for n, (who, label) in enumerate(zip(PEOPLE, labels, strict=True))
    ]


def plain(item: str) -> dict[str, Any]:
    text, *labels = VOTES[item]
    found = [{"annotator": who, "label": label, "comment": "so so"} for who, label in zip(PEOPLE, labels, strict=True)]
    return {"id": item, "text": text, "annotations": found}


def written(folder: Path, records: list[dict[str, Any]]) -> Path:
    for n, record in enumerate(records):
        (folder / f"{n}.json").write_text(json.dumps(record))
    return folder


@pytest.mark.parametrize(
    ("records", "label"),
    [
        ([task(item) for item in VOTES], "tone"),
        ([one for item in VOTES for one in stored(item)], "tone"),
        ([plain(item) for item in VOTES], "label"),
    ],
    ids=["tasks", "annotations", "items"],
)
def test_files_of_one_object_each_are_one_table(tmp_path, records, label):
    table = read_files([written(tmp_path, records)])
    rows = table.frame.select("text", label, table.roles.annotator).rows()
    expected = [(text, said, who) for text, *labels in VOTES.values() for said, who in zip(labels, PEOPLE, strict=True)]
    assert sorted(rows) == sorted(expected)
    assert len(table.fingerprints) == len(records) and table.where([0]) == "file 1"
    assert read_files(sorted(tmp_path.glob("*.json"))).frame.rows() == table.frame.rows()
    assert read_files([tmp_path / "0.json"]).frame.get_column("text")[0] == "Cold soup."


def test_annotations_without_the_data_of_their_tasks_are_refused(tmp_path):
    with pytest.raises(DataError, match="Export the project as JSON"):
        read_files([written(tmp_path, [annotation("ann", "bad", id=1, task=7)])])


def test_a_wrapper_of_records_is_still_opened(tmp_path):
    rows = [{"text": text, "annotator": "ann", "label": said} for text, said, _ in VOTES.values()]
    table = read_files([written(tmp_path, [{"project": "x", "text": "About it.", "annotations": rows}])])
    assert table.frame.columns == ["text", "annotator", "label"] and table.frame.height == 3


ROWS = "id,text,bad,ok\n1,Cold soup.,3,0\n2,Kind host.,0,3\n3,Mild tea.,1,2\n4,Old bread.,2,1\n"


@pytest.mark.parametrize("last", ["Total,Total,6,6\n", "Total,,6,6\n", ",,6,6\n", "Grand total:,,6,6\n"])
def test_a_row_of_totals_is_no_item(tmp_path, last):
    (tmp_path / "counts.csv").write_text(ROWS + last)
    table = read_files([tmp_path / "counts.csv"])
    assert table.frame.height == 4 and [(one.rows, one.where) for one in table.set_aside] == [(1, "line 6")]


@pytest.mark.parametrize("last", ["5,All in all fine.,6,6\n", "Total,Total,6,5\n", "5,,1,2\n"])
def test_a_row_that_is_no_total_is_kept(tmp_path, last):
    (tmp_path / "counts.csv").write_text(ROWS + last)
    assert read_files([tmp_path / "counts.csv"]).frame.height == 5
