"""Prodigy: choices and yes-or-no answers become labels, ignored items do not, and every line is accounted for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from judgekit.errors import DataError
from judgekit.tables.json_records.records import read_records
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.prodigy import PRODIGY

OPTIONS = [{"id": "SAD", "text": "sad"}, {"id": "ANGRY", "text": "angry"}]


def line(item: int, text: str, who: str | None, answer: str = "accept", **more: object) -> dict:
    return {
        "text": text,
        "meta": {"source": "trains"},
        "_input_hash": item,
        "_task_hash": item * 31,
        "_is_binary": False,
        "_view_id": "choice",
        "config": {"choice_style": "single"},
        "answer": answer,
        "_timestamp": 1714550400,
        "_annotator_id": who,
        "_session_id": who,
        **more,
    }


def choice(item: int, text: str, who: str | None, *accept: str, answer: str = "accept") -> dict:
    return line(item, text, who, answer, options=OPTIONS, accept=list(accept))


def asked(item: int, text: str, who: str, label: str, answer: str) -> dict:
    return line(item, text, who, answer, label=label, _view_id="classification")


def read(lines: list[dict]) -> SourceTable:
    records = read_records(Path("export.jsonl"), "\n".join(map(json.dumps, lines)).encode(), strict=True)
    assert PRODIGY.matches(records.records[:3])
    return PRODIGY.read(records, ())


def account(table: SourceTable) -> dict[str, int]:
    return {aside.reason: aside.rows for aside in table.set_aside}


CHOICES = [
    choice(-7, "Late again.", "ds-ann", "ANGRY"),
    choice(-7, "Late again.", "ds-bo", "SAD"),
    choice(-7, "Late again.", "ds-cy", "SAD", "ANGRY"),
    choice(8, "Nobody came.", "ds-ann", "SAD", answer="ignore"),
    choice(8, "Nobody came.", "ds-bo", answer="reject"),
    choice(8, "Nobody came.", "ds-cy"),
]


def test_every_line_is_a_row_or_set_aside():
    table = read(CHOICES)
    assert table.frame.columns == ["_input_hash", "text", "meta.source", "label", "_annotator_id"]
    assert table.frame.rows() == [
        ("-7", "Late again.", "trains", "ANGRY", "ds-ann"),
        ("-7", "Late again.", "trains", "SAD", "ds-bo"),
    ]
    assert account(table) == {
        "the annotator skipped the item (answer: ignore)": 1,
        "the annotator rejected the item (answer: reject)": 1,
        "several choices at once are not a single label": 1,
        "nothing was chosen": 1,
    }
    assert table.rows_read == 6
    assert [aside.where for aside in table.set_aside] == ["line 4", "line 5", "line 3", "line 6"]
    assert (table.roles.item, table.roles.annotator) == ("_input_hash", "_annotator_id")
    assert table.roles.label == ("label",)
    assert "Options are named by their id: SAD = 'sad', ANGRY = 'angry'." in table.notes


def test_one_asked_label_is_answered_by_yes_or_no():
    table = read(
        [
            asked(1, "Late again.", "a", "ANGRY", "accept"),
            asked(1, "Late again.", "b", "ANGRY", "reject"),
            asked(2, "Doors close.", "a", "ANGRY", "ignore"),
        ]
    )
    assert table.frame.get_column("answer").to_list() == ["accept", "reject"]
    assert table.frame.get_column("_input_hash").to_list() == ["1", "1"]
    assert (table.roles.label, table.roles.text, table.rows_read) == (("answer",), (), 3)
    assert "The labels say whether 'ANGRY' fits." in table.notes


def test_several_asked_labels_are_items_of_their_own_that_no_split_parts():
    table = read(
        [
            asked(1, "The train is late again.", "a", "ANGRY", "accept"),
            asked(1, "The train is late again.", "a", "SAD", "reject"),
            asked(2, "The doors close now.", "a", "SAD", "reject"),
        ]
    )
    assert table.frame.get_column("_input_hash").to_list() == ["1 ANGRY", "1 SAD", "2 SAD"]
    assert table.frame.get_column("asked_label").to_list() == ["ANGRY", "SAD", "SAD"]
    assert table.frame.get_column("input_hash").to_list() == ["1", "1", "2"]
    assert (table.roles.text, table.roles.group) == (("text", "asked_label"), "input_hash")


def test_choices_and_yes_or_no_are_not_mixed():
    with pytest.raises(DataError, match=r"yes or no \(line 7\).*options \(lines 1, 2"):
        read([*CHOICES, asked(1, "Late.", "a", "ANGRY", "accept")])


def test_spans_are_no_labels():
    spans = line(3, "Late.", "a", spans=[{"start": 0, "end": 4, "label": "TIME"}], tokens=[], _view_id="ner_manual")
    assert account(read([*CHOICES, spans]))["it holds no label of the item, but spans, relations or free words"] == 1
    with pytest.raises(DataError, match="single label"):
        read([spans])


def test_sessions_without_a_name_are_told():
    table = read([choice(1, "x", "2024-02-06_10-17-19", "SAD"), choice(2, "y", "2024-02-07_09-00-00", "ANGRY")])
    (warning,) = table.warnings
    assert warning.startswith("2 sessions have no name") and "2024" not in warning
    assert read(CHOICES).warnings == ()


def test_without_annotator_ids_the_session_names_the_annotator():
    lines = [choice(1, "x", None, "SAD") | {"_session_id": "ds-ann"}, choice(2, "y", None, "ANGRY")]
    assert read(lines).frame.get_column("_annotator_id").to_list() == ["ds-ann", ""]
    nobody = read(lines[1:])
    assert nobody.roles.annotator is None and "_annotator_id" not in nobody.frame.columns


def test_a_review_is_not_taken_for_annotations_in_silence():
    reviewed = choice(1, "x", "review-ann", "SAD") | {"versions": [{"accept": ["SAD"]}], "sessions": ["ds-bo"]}
    (warning,) = read([reviewed, CHOICES[0]]).warnings
    assert "1 record comes from a review" in warning and "ann" not in warning.replace("annotators", "")


def test_a_line_without_hash_is_a_fault():
    records = read_records(
        Path("x.jsonl"), "\n".join(map(json.dumps, [*CHOICES, {"text": "x", "answer": "accept"}])).encode(), strict=True
    )
    (fault,) = [aside for aside in PRODIGY.read(records, ()).set_aside if aside.is_fault]
    assert (fault.rows, fault.where) == (1, "line 7")


def test_only_its_own_files_are_its():
    for record in ({"text": "x", "answer": "accept"}, {"text": "x", "answer": "yes", "_input_hash": 1}):
        assert not PRODIGY.matches([record])
        with pytest.raises(DataError, match="not a Prodigy export"):
            PRODIGY.read(read_records(Path("x.jsonl"), json.dumps(record).encode(), strict=True), ())
