"""Ground Truth, LightTag and Argilla 1: every worker's answer, and none that was discarded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from judgekit.errors import DataError
from judgekit.tables.files import read_files
from judgekit.tables.source import SourceTable


@pytest.fixture
def read(tmp_path: Path):
    def read_json(content: Any, name: str = "export.json") -> SourceTable:
        (tmp_path / name).write_text(json.dumps(content))
        return read_files([tmp_path / name])

    return read_json


def aside(table: SourceTable) -> dict[str, int]:
    return {one.reason: one.rows for one in table.set_aside}


def test_requests_to_consolidate_hold_the_answers_of_all_workers(read):
    def answer(worker: str, label: str) -> dict[str, Any]:
        content = json.dumps({"crowd-classifier": {"label": label}})
        return {"workerId": worker, "annotationData": {"content": content}}

    said = {"Cold.": [answer("a", "bad"), answer("b", "ok")], "Kind.": [answer("b", "ok")]}
    table = read(
        [
            {"datasetObjectId": str(n), "dataObject": {"content": text}, "annotations": answers}
            for n, (text, answers) in enumerate(said.items())
        ]
    )
    assert table.frame.rows() == [("0", "Cold.", "bad", "a"), ("0", "Cold.", "ok", "b"), ("1", "Kind.", "ok", "b")]


@pytest.mark.parametrize(
    "record",
    [
        {"source": "Cold.", "tone": 0, "tone-metadata": {"class-name": "bad", "human-annotated": "yes"}},
        {"answers": [{"workerId": "a", "answerContent": {"crowd-classifier": {"label": "bad"}}}]},
    ],
)
def test_other_outputs_of_ground_truth_are_refused_with_the_way(read, record):
    with pytest.raises(DataError, match="consolidation-request"):
        read([record, record])


def test_the_classes_of_lighttag_are_those_of_each_annotator(read):
    def given(label: str, *people: str) -> dict[str, Any]:
        return {"classname": label, "annotated_by": [{"annotator": who, "annotator_id": 1} for who in people]}

    table = read(
        {
            "examples": [
                {
                    "example_id": "1",
                    "content": "Cold.",
                    "classifications": [given("bad", "ann", "ben"), given("ok", "eve")],
                },
                {"example_id": "2", "content": "Kind.", "classifications": [], "annotations": []},
            ],
            "annotators": [{"id": 1, "name": "ann"}],
            "relations": [],
        }
    )
    assert table.frame.select("example_id", "text", "label", "annotator").rows() == [
        ("1", "Cold.", "bad", "ann"),
        ("1", "Cold.", "bad", "ben"),
        ("1", "Cold.", "ok", "eve"),
    ]
    assert aside(table) == {"nobody labelled the item": 1}


RESPONSES = [("u1", "bad", "submitted"), ("u2", "good", "discarded"), ("u3", None, "draft")]


def test_discarded_responses_of_argilla_1_do_not_count(read):
    of_datasets = [
        {
            "text": "Cold.",
            "tone": [{"user_id": user, "value": value, "status": status} for user, value, status in RESPONSES],
            "tone-suggestion": "good",
            "external_id": "x1",
            "metadata": '{"source": "menu"}',
        },
        {"text": "Kind.", "tone": [], "tone-suggestion": None, "external_id": "x2", "metadata": "{}"},
    ]
    of_api = [
        {
            "fields": {"text": "Cold."},
            "external_id": "x1",
            "metadata": {"source": "menu"},
            "responses": [
                {"user_id": user, "status": status, "values": {"tone": {"value": value}}}
                for user, value, status in RESPONSES
            ],
        },
        {"fields": {"text": "Kind."}, "external_id": "x2", "responses": [], "metadata": {}},
    ]
    for export in (of_datasets, of_api):
        table = read(export)
        assert table.frame.select("id", "text", "source", "tone", "user_id").rows() == [
            ("x1", "Cold.", "menu", "bad", "u1")
        ]
        assert aside(table) == {
            "the response is not submitted (discarded)": 1,
            "the response is not submitted (draft)": 1,
            "nobody labelled the item": 1,
        }


def test_a_classification_of_argilla_1_is_one_annotation(read):
    def record(text: str, label: str | None, status: str) -> dict[str, Any]:
        about = {"prediction": None, "prediction_agent": None, "annotation_agent": "ann", "id": text}
        return {"text": text, "inputs": {"text": text}, "annotation": label, "status": status, **about}

    table = read(
        [record("Cold.", "bad", "Validated"), record("Kind.", "ok", "Discarded"), record("Mild.", None, "Default")]
    )
    assert table.frame.select("text", "label", "annotation_agent").rows() == [("Cold.", "bad", "ann")]
    assert aside(table) == {"the record is discarded": 1, "nobody labelled the item": 1}
