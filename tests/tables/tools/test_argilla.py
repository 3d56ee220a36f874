"""Argilla 2: only submitted responses count, and every response is accounted for."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from judgekit.errors import DataError
from judgekit.tables.json_records.records import read_records
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.argilla import ARGILLA

ANN, BO, CY = "6f1d-ann", "77aa-bo", "90c3-cy"


def flat(name: str, text: str, tone: list | None, users: list | None, status: list | None, **more: object) -> dict:
    return {
        "id": name,
        "status": "completed",
        "_server_id": "b1",
        "text": text,
        "tone.responses": tone,
        "tone.responses.users": users,
        "tone.responses.status": status,
        "tone.suggestion": "calm",
        "tone.suggestion.agent": "a-model",
        "tone.suggestion.score": 0.7,
        **more,
    }


def stars(values: list | None, users: list | None) -> dict:
    names = ("stars.responses", "stars.responses.users", "stars.responses.status")
    return dict(zip(names, (values, users, users and ["submitted"] * len(users)), strict=True))


FLAT = [
    flat(
        "i1",
        "The train was late.",
        ["angry", "calm", "sad"],
        [ANN, BO, CY],
        ["submitted", "draft", "discarded"],
        vector=[0.5, 0.25],
        **stars([2], [ANN]),
    ),
    flat("i2", "A seat by the window.", ["calm", ["calm", "sad"]], [ANN, BO], ["submitted"] * 2, **stars([5], [BO])),
    flat("i3", "Nobody came.", None, None, None, **stars(None, None)),
]


def read(rows: list[dict], name: str = "export.json") -> SourceTable:
    text = "\n".join(map(json.dumps, rows)) if name.endswith("jsonl") else json.dumps(rows)
    records = read_records(Path(name), text.encode(), strict=True)
    assert ARGILLA.matches(records.records[:3])
    return ARGILLA.read(records, ())


def account(table: SourceTable) -> dict[str, int]:
    return {aside.reason: aside.rows for aside in table.set_aside}


def test_only_submitted_responses_are_annotations():
    table = read(FLAT, "export.jsonl")
    assert table.frame.columns == ["id", "text", "tone", "stars", "user_id"]
    assert table.frame.rows() == [
        ("i1", "The train was late.", "angry", "2", ANN),
        ("i2", "A seat by the window.", "calm", "", ANN),
        ("i2", "A seat by the window.", "", "5", BO),
    ]
    assert account(table) == {
        "the response is not submitted (draft)": 1,
        "the response is not submitted (discarded)": 1,
        "nobody labelled the item": 1,
    }
    assert table.rows_read == 5 + 1  # (record, user) pairs and an unlabelled record
    assert (table.roles.item, table.roles.annotator, table.roles.label) == ("id", "user_id", ("tone", "stars"))
    assert table.warnings == () and any("1 answer to 'tone' holds several" in note for note in table.notes)
    assert table.unit == "line" and table.lines is not None and table.lines.tolist() == [1, 2, 2]


def test_a_table_reads_like_its_json(tmp_path):
    cells = {
        key: [
            "" if row[key] is None else row[key] if isinstance(row[key], str) else json.dumps(row[key]) for row in FLAT
        ]
        for key in FLAT[2]
    }
    table = SourceTable(tmp_path / "train.parquet", pl.DataFrame(cells), notes=("from Parquet",))
    assert ARGILLA.matches_columns(table.frame.columns)
    refined, as_json = ARGILLA.read_table(table), read(FLAT)
    assert refined.frame.equals(as_json.frame) and account(refined) == account(as_json)
    assert refined.roles == as_json.roles and refined.notes[0] == "from Parquet"
    with pytest.raises(DataError, match=r"rows 1, 2: tone\.responses holds no JSON list"):
        ARGILLA.read_table(
            SourceTable(
                tmp_path / "train.csv", pl.DataFrame({**cells, "tone.responses": ["['angry']", "['calm']", ""]})
            )
        )


def test_lists_of_unequal_length_are_a_fault():
    table = read([FLAT[1], flat("i9", "x", ["angry", "calm"], [ANN], ["submitted"])])
    (fault,) = [aside for aside in table.set_aside if aside.is_fault]
    assert (fault.rows, fault.where) == (2, "record 2") and table.frame.height == 2


def nested(name: str, text: str, **responses: list) -> dict:
    return {
        "id": name,
        "fields": {"text": text},
        "metadata": {"topic": "trains"},
        "suggestions": {"tone": {"value": "calm", "score": None, "agent": "a-model"}},
        "responses": responses,
        "vectors": {"v": [0.5]},
        "status": "completed",
        "_server_id": "b1",
    }


def test_nested_records_do_not_say_which_responses_are_drafts():
    ranks = [{"value": "a", "rank": 1}, {"value": "b", "rank": 2}]
    table = read(
        [
            nested(
                "i1",
                "Late.",
                tone=[{"value": "sad", "user_id": ANN}, {"value": "sad", "user_id": "None"}],
                order=[{"value": ranks, "user_id": ANN}],
            ),
            nested("i2", "On time.", order=[{"value": ranks, "user_id": BO}]),
            nested("i3", "Doors."),
        ]
    )
    assert table.frame.drop("topic").rows() == [("i1", "Late.", "sad", ANN), ("i1", "Late.", "sad", "")]
    assert account(table) == {
        "its responses are not labels, but spans, rankings or lists of objects": 1,
        "nobody labelled the item": 1,
    }
    assert table.rows_read == 4 and table.roles.label == ("tone",)
    assert any("which responses are submitted" in warning for warning in table.warnings)
    assert any("2 of 'order'" in note for note in table.notes)


def test_a_status_in_nested_records_is_heeded():
    both = [
        {"value": "sad", "user_id": ANN, "status": "submitted"},
        {"value": "calm", "user_id": BO, "status": "draft"},
    ]
    table = read([nested("i1", "Late.", tone=both)])
    assert table.frame.height == 1 and table.rows_read == 2 and table.warnings == ()


def test_no_user_stands_outside_the_column_of_users():
    table = read(FLAT)
    said = [*table.notes, *table.warnings, *(str(aside) for aside in table.set_aside), str(table.roles)]
    assert not any(user in text for text in said for user in (ANN, BO, CY))


def test_only_its_own_files_are_its():
    for record in (
        {"id": 1, "text": "x", "responses": ["a", "b"]},
        {"id": 1, "fields": {"text": "x"}, "responses": {"tone": []}},
        {"id": 1, "text": "x", "tone.responses": ["a"]},
    ):
        assert not ARGILLA.matches([record])
        with pytest.raises(DataError, match="not an Argilla export"):
            ARGILLA.read(read_records(Path("x.jsonl"), json.dumps(record).encode(), strict=True), ())
