"""doccano: whose labels a file holds, by its name and its age, and that every label is accounted for."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from judgekit.errors import DataError
from judgekit.tables.delimited.table import read_table
from judgekit.tables.files import read_files
from judgekit.tables.json_records.records import read_records
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.doccano import DOCCANO, is_shared


def item(number: int, text: str, *labels: str, **more: object) -> dict:
    return {"id": number, "text": text, "topic": "trains", "label": list(labels), "Comments": [], **more}


def read(rows: list[dict], name: str = "ann.jsonl") -> SourceTable:
    records = read_records(Path(name), "\n".join(map(json.dumps, rows)).encode(), strict=True)
    assert DOCCANO.matches(records.records[:3])
    return DOCCANO.read(records, ())


def account(table: SourceTable) -> dict[str, int]:
    return {aside.reason: aside.rows for aside in table.set_aside}


ROWS = [
    item(1, "Late again.", "angry"),
    item(2, "A seat by the window.", "calm", "glad", Comments=["not sure"]),
    item(3, "Nobody came."),
]


def test_the_file_of_a_member_holds_her_labels():
    table = read(ROWS)
    assert table.frame.rows() == [("1", "Late again.", "trains", "angry", "ann")]
    assert table.frame.columns == ["id", "text", "topic", "label", "annotator"]
    assert account(table) == {"several choices at once are not a single label": 1, "nobody labelled the item": 1}
    assert table.rows_read == 3 and table.warnings == ()
    assert (table.roles.item, table.roles.annotator, table.roles.label) == ("id", "annotator", ("label",))


def test_in_a_shared_project_who_labelled_is_lost_and_said():
    table = read(ROWS, "all.jsonl")
    assert table.frame.select("id", "label").rows() == [("1", "angry"), ("2", "calm"), ("2", "glad")]
    assert account(table) == {"nobody labelled the item": 1} and table.rows_read == 4
    assert table.roles.annotator is None and "annotator" not in table.frame.columns
    (warning,) = table.warnings
    assert "does not say who labelled" in warning and "1 item has several" in warning


def test_a_member_who_labelled_nothing_does_not_stop_the_others():
    table = read([item(1, "Late again."), item(2, "A seat by the window.")])
    assert table.frame.height == 0 and table.rows_read == 2
    assert table.frame.columns == read(ROWS).frame.columns and table.roles == read(ROWS).roles


@pytest.mark.parametrize(
    ("name", "shared"),
    [("all.jsonl", True), ("all.csv.gz", True), ("ann.jsonl", False), ("allan.json", False), ("all.of@us.csv", False)],
)
def test_the_name_tells_a_shared_project(name, shared):
    assert is_shared(name) == shared


def test_exports_by_number_name_their_people():
    old = [
        {"id": 1, "text": "Late again.", "annotations": [{"label": 3, "user": 1}, {"label": 4, "user": 2}], "meta": {}},
        {
            "id": 2,
            "text": "Doors close.",
            "annotations": [{"label": 3, "user": 1}, {"label": 4, "user": 1}],
            "meta": {},
        },
    ]
    table = read(old, "project.json")
    assert table.frame.select("id", "label", "annotator").rows() == [("1", "3", "1"), ("1", "4", "2")]
    assert table.roles.annotator == "annotator" and table.rows_read == 3 and table.warnings == ()
    assert any("--label-map" in note for note in table.notes)


def test_old_exports_of_all_members_are_shared_whatever_their_name():
    old = [{"id": 1, "text": "x", "meta": {"a": "b"}, "annotation_approver": None, "labels": ["sad", "calm"]}]
    table = read(old, "project.json1.jsonl")
    assert table.frame.get_column("label").to_list() == ["sad", "calm"] and len(table.warnings) == 1


def test_categories_are_read_and_slots_are_not():
    row = {"id": 1, "text": "To Rome.", "entities": [[3, 7, "CITY"]], "cats": ["travel"], "Comments": []}
    table = read([row])
    assert table.frame.rows() == [("1", "To Rome.", "travel", "ann")]
    assert any("Spans" in note for note in table.notes)


def test_spans_and_free_texts_are_refused():
    with pytest.raises(DataError, match=r"spans or boxes.*\(line 2\)"):
        read([ROWS[0], item(1, "Late again.") | {"label": [[0, 4, "TIME"]]}])
    answers = [item(n, f"text {n}", f"a translation of the text number {n}") for n in range(60)]
    with pytest.raises(DataError, match="free texts: 60 different"):
        read(answers)


CSV = "id,text,label,Comments\n1,Late again.,angry,\n2,A seat.,calm#glad,not sure\n3,Nobody came.,,\n"


def test_the_members_of_a_zip_are_the_annotators(tmp_path):
    with ZipFile(tmp_path / "project.zip", "w") as archive:
        for name, labels in (("ann@example.org", ["angry", "calm"]), ("bo", ["calm"]), ("idle", [])):
            rows = [item(n, f"Train {n}.", *labels[n : n + 1]) for n in range(2)]
            archive.writestr(f"{name}.jsonl", "\n".join(map(json.dumps, rows)))
    table = read_files([tmp_path / "project.zip"])
    assert table.frame.select("id", "label", "annotator").rows() == [
        ("0", "angry", "ann@example.org"),
        ("1", "calm", "ann@example.org"),
        ("0", "calm", "bo"),
    ]
    assert account(table) == {"nobody labelled the item": 3} and table.rows_read == 6
    assert table.roles.annotator == "annotator"


def csv(folder: Path, name: str, content: str = CSV) -> SourceTable:
    (folder / name).write_text(content)
    table = read_table(folder / name, (folder / name).read_bytes())
    assert DOCCANO.matches_columns is not None and DOCCANO.matches_columns(table.frame.columns)
    return DOCCANO.read_table(table)


def test_joined_labels_of_a_csv_are_taken_apart(tmp_path):
    own = csv(tmp_path, "ann.csv")
    assert (
        own.frame.rows() == [("1", "Late again.", "angry", "ann")] and own.rows_read == 3 and own.where([0]) == "line 2"
    )
    shared = csv(tmp_path, "all.csv")
    assert shared.frame.get_column("label").to_list() == ["angry", "calm", "glad"] and shared.rows_read == 4


def test_a_label_with_the_separator_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"lines 2, 3: a label in 'label' holds a #"):
        csv(tmp_path, "ann.csv", "id,data,label\n1,x,C#\n2,y,C##F#\n")


def test_only_its_own_files_are_its():
    for record in (
        {"id": 1, "text": "x", "label": ["a", "b"]},
        {"id": 1, "text": "x", "labels": ["a", "b"]},
        {"text": "x", "annotations": [{"label": "a", "annotator": "ann"}]},
        {"id": 1, "text": "x", "label": "a", "Comments": []},
    ):
        assert not DOCCANO.matches([record])
    assert DOCCANO.matches_columns is not None and not DOCCANO.matches_columns(["id", "text", "label"])
    with pytest.raises(DataError, match="not a doccano export"):
        DOCCANO.read(read_records(Path("x.json"), b'[{"id": 1, "text": "x", "label": "a"}]', strict=True), ())


def test_two_members_who_labelled_nothing_are_no_copy(tmp_path):
    labelled = [item(1, "Late again.", "angry"), item(2, "A seat by the window.", "calm")]
    idle = [item(1, "Late again."), item(2, "A seat by the window.")]
    with ZipFile(tmp_path / "export.zip", "w") as archive:
        for member, rows in (("admin", idle), ("ann", labelled), ("ben", idle)):
            archive.writestr(f"{member}.jsonl", "\n".join(map(json.dumps, rows)))
    source = read_files([tmp_path / "export.zip"])
    assert source.frame["annotator"].to_list() == ["ann", "ann"] and sum(account(source).values()) == 4
