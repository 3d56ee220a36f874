"""Label Studio: which annotations count, under which columns, and that every one of them is accounted for."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from judgekit.errors import DataError
from judgekit.tables.delimited.table import read_table
from judgekit.tables.json_records.records import read_records
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.label_studio import LABEL_STUDIO


def result(control: str, kind: str, value: dict) -> dict:
    return {"id": "r1", "from_name": control, "to_name": "text", "type": kind, "value": value, "origin": "manual"}


def choice(*labels: str, control: str = "tone") -> dict:
    return result(control, "choices", {"choices": list(labels)})


def annotation(by: object, *results: dict, **more: object) -> dict:
    flags = {"was_cancelled": False, "ground_truth": False, "lead_time": 3.2, "last_action": None}
    return {"id": 7, "completed_by": by, "result": list(results), **flags, **more}


def task(number: int, text: str, *annotations: dict, **more: object) -> dict:
    return {
        "id": number,
        "inner_id": number,
        "data": {"text": text, "topic": "trains"},
        "annotations": list(annotations),
        "predictions": [],
        "drafts": [],
        "project": 1,
        **more,
    }


def read(tasks: list[dict]) -> SourceTable:
    records = read_records(Path("export.json"), json.dumps(tasks).encode(), strict=True)
    assert LABEL_STUDIO.matches(records.records[:3])
    return LABEL_STUDIO.read(records, ())


def account(table: SourceTable) -> dict[str, int]:
    return {aside.reason.partition(" (")[0]: aside.rows for aside in table.set_aside}


TASKS = [
    task(
        11,
        "The train was late again.",
        annotation(1, choice("angry")),
        annotation(2, choice("calm"), was_cancelled=True),
        annotation(3, choice("angry", "sad")),
        predictions=[{"model_version": "m", "result": [choice("calm")]}],
        drafts=[{"user": 4, "result": [choice("sad")]}],
    ),
    task(12, "A seat by the window, at last.", annotation(1, choice("calm")), annotation(2)),
    task(13, "Nobody came."),
]


def test_every_annotation_is_a_row_or_set_aside():
    table = read(TASKS)
    assert table.frame.rows() == [
        ("11", "The train was late again.", "trains", "angry", "1"),
        ("12", "A seat by the window, at last.", "trains", "calm", "1"),
    ]
    assert table.frame.columns == ["id", "text", "topic", "tone", "annotator"]
    assert account(table) == {
        "the annotator skipped the item": 1,
        "several choices at once are not a single label": 1,
        "nothing was chosen": 1,
        "nobody labelled the item": 1,
    }
    assert table.rows_read == 5 + 1  # five annotations and an unlabelled item
    assert not any(aside.is_fault for aside in table.set_aside)
    assert (table.roles.item, table.roles.annotator, table.roles.label) == ("id", "annotator", ("tone",))


def test_predictions_and_drafts_are_no_annotations():
    assert any("1 drafts, 1 predictions" in note for note in read(TASKS).notes)


def test_each_row_knows_its_record():
    table = read(TASKS)
    assert table.unit == "record" and table.lines is not None and table.lines.tolist() == [1, 2]
    assert {aside.where for aside in table.set_aside} == {"record 1", "record 2", "record 3"}


def test_each_control_is_a_label_column():
    stars = result("stars", "rating", {"rating": 4})
    path = result("subject", "taxonomy", {"taxonomy": [["travel", "rail"]]})
    table = read(
        [
            task(1, "Late again.", annotation(1, choice("angry"), stars), annotation(2, stars)),
            task(2, "On time.", annotation(1, choice("calm", "sad"), stars, path)),
        ]
    )
    assert table.roles.label == ("tone", "stars", "subject")
    assert table.frame.select("tone", "stars", "subject").rows() == [
        ("angry", "4", ""),
        ("", "4", ""),
        ("", "4", "travel / rail"),
    ]
    assert any("1 answer to 'tone' holds several choices" in note for note in table.notes)


def test_pairwise_choice_is_a_side():
    table = read([task(1, "x", annotation(1, result("better", "pairwise", {"selected": "left"})))])
    assert table.frame.get_column("better").to_list() == ["left"]


def test_regions_and_free_words_are_no_labels():
    span = result("ner", "labels", {"start": 0, "end": 4, "text": "Late", "labels": ["TIME"]})
    of_span = result("tone", "choices", {"start": 0, "end": 4, "text": "Late", "choices": ["angry"]})
    words = result("why", "textarea", {"text": ["because it is"]})
    table = read([task(1, "Late.", annotation(1, choice("sad"), span, words), annotation(2, span, of_span))])
    assert table.frame.rows() == [("1", "Late.", "trains", "sad", "1")]
    assert account(table) == {"its results are not labels of the item, but regions or free words": 1}
    assert any("1 choices of regions, 2 labels, 1 textarea" in note for note in table.notes)


def test_an_export_of_regions_alone_is_refused():
    span = result("ner", "labels", {"start": 0, "end": 4, "text": "Late", "labels": ["TIME"]})
    with pytest.raises(DataError, match="single label") as refused:
        read([task(1, "Late.", annotation(1, span))])
    assert "regions" in str(refused.value) and "record 1" in str(refused.value)


@pytest.mark.parametrize(
    ("people", "named"),
    [
        ([5, 6], ["5", "6"]),
        (
            [{"id": 5, "email": "a@example.org"}, {"id": 6, "email": "b@example.org"}],
            ["a@example.org", "b@example.org"],
        ),
        ([{"id": 5, "email": "ann@example.org"}, 5], ["5", "5"]),
        ([None, None], None),
    ],
)
def test_an_annotator_has_one_name_in_a_file(people, named):
    table = read([task(n, f"text {n}", annotation(by, choice("sad"))) for n, by in enumerate(people, 1)])
    if named is None:
        assert table.roles.annotator is None and "annotator" not in table.frame.columns
    else:
        assert table.frame.get_column("annotator").to_list() == named


def test_e_mails_stand_in_their_column_alone():
    mail = "ann@example.org"
    ann = {"id": 1, "email": mail}
    table = read(
        [
            task(1, "x", annotation(ann, choice("a")), annotation(ann, choice("a", "b"))),
            task(2, "y", annotation(ann, choice("b"), last_action="rejected")),
        ]
    )
    assert mail in table.frame.get_column("annotator").to_list()
    said = [*table.notes, *table.warnings, *(str(aside) for aside in table.set_aside), str(table.roles)]
    assert not any(mail in text for text in [*said, *table.frame.drop("annotator").to_series().to_list()])


REJECTED = {"reviews": [{"id": 1, "accepted": True}, {"id": 2, "accepted": False}]}


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ({"last_action": "rejected"}, False),
        (REJECTED, False),
        (REJECTED | {"last_action": "rejected"}, False),
        (REJECTED | {"last_action": "updated"}, True),
        ({"reviews": REJECTED["reviews"][:1], "last_action": "accepted"}, True),
        ({"reviews": []}, True),
    ],
)
def test_what_a_reviewer_rejected_does_not_count_until_it_is_changed(said, counts):
    tasks = [task(1, "x", annotation("ann", choice("a"))), task(2, "y", annotation("ann", choice("b"), **said))]
    table = read(tasks)
    assert table.frame.height == 1 + counts
    assert account(table) == ({} if counts else {"a reviewer rejected the annotation": 1})


def test_old_exports_call_annotations_completions():
    old = [
        {"id": 1, "data": {"text": "x"}, "completions": [{"id": 1, "result": [choice("a")]}]},
        {"id": 2, "data": {"text": "y"}, "completions": [{"id": 2, "skipped": True, "result": []}]},
    ]
    table = read(old)
    assert table.frame.rows() == [("1", "x", "a")] and table.rows_read == 2


def test_data_named_like_a_control_or_an_id_keep_a_name_of_their_own():
    one = task(1, "x", annotation(9, choice("a")))
    one["data"] = {"text": "x", "tone": "of the data", "id": "d-1", "lines": DIALOGUE}
    frame = read([one]).frame
    assert frame.to_dicts() == [
        {
            "id": "1",
            "text": "x",
            "_data_tone": "of the data",
            "_data_id": "d-1",
            "lines": "A: hi\n\nB: ho",
            "tone": "a",
            "annotator": "9",
        }
    ]


def test_a_name_that_polars_takes_for_a_pattern_is_refused():
    with pytest.raises(DataError, match="cannot be the name of a column"):
        read([task(1, "x", annotation(9, choice("a", control="^tone$")))])


def test_a_record_without_annotations_is_a_fault():
    records = read_records(Path("x.json"), json.dumps([*TASKS, {"data": {"text": "x"}}]).encode(), strict=True)
    (fault,) = [aside for aside in LABEL_STUDIO.read(records, ()).set_aside if aside.is_fault]
    assert (fault.rows, fault.where) == (1, "record 4")


DIALOGUE = [{"author": "A", "text": "hi"}, {"author": "B", "text": "ho"}]


def flat(number: int, annotator: object, text: str, **controls: object) -> dict:
    about = {"annotation_id": 70 + number, "created_at": "2024-05-01T10:00:00Z", "updated_at": "", "lead_time": 2.5}
    return {"text": text, "lines": DIALOGUE, "id": number, **controls, "annotator": annotator, **about}


FLAT = [
    flat(1, 5, "The train was late again.", tone="angry", stars=[{"rating": 2}], why="it was an hour late"),
    flat(1, 6, "The train was late again.", tone={"choices": ["angry", "sad"]}, stars=[{"rating": 1}]),
    flat(2, 5, "A seat by the window.", tone="calm"),
    flat(2, 6, "A seat by the window.", tone={"choices": ["calm", "sad"]}, why="cannot say, really"),
    flat(3, 5, "Doors close.", tone=["calm", "calm"], stars=[{"rating": 3}], why="an announcement, no more"),
    {**flat(4, None, "Nobody came."), "annotation_id": None},
]


def test_json_min_tells_answers_from_data():
    table = read(FLAT)
    assert table.frame.select("id", "tone", "stars", "annotator").rows() == [
        ("1", "angry", "2", "5"),
        ("1", "", "1", "6"),
        ("2", "calm", "", "5"),
        ("3", "calm", "3", "5"),
    ]
    assert account(table) == {"nobody labelled the item": 1, "several choices at once are not a single label": 1}
    assert table.rows_read == 6


def test_what_annotators_wrote_never_enters_a_prompt():
    rows = [flat(n // 2, n, "Doors close.", tone="ab"[n % 2], why=f"since {n} trains are late") for n in range(12)]
    table = read(rows)
    assert "why" not in table.frame.columns and table.roles.label == ("tone",)
    assert any("why" in note for note in table.notes)


def test_csv_equals_json_min(tmp_path):
    def cell(value: object) -> object:
        return value if value is None or isinstance(value, str) else json.dumps(value)

    columns = sorted({key for row in FLAT for key in row})
    cells = {key: [cell(row.get(key)) for row in FLAT] for key in columns}
    path = tmp_path / "export.csv"
    pl.DataFrame(cells).write_csv(path, quote_style="non_numeric")
    table = read_table(path, path.read_bytes())
    assert LABEL_STUDIO.matches_columns is not None and LABEL_STUDIO.matches_columns(table.frame.columns)
    refined, as_json = LABEL_STUDIO.read_table(table), read(FLAT)
    assert refined.frame.select(as_json.frame.columns).equals(as_json.frame)
    assert set(refined.roles.label) == set(as_json.roles.label)
    assert account(refined) == account(as_json) and refined.rows_read == 6
    assert refined.where([0, 3]) == "lines 2, 6"


def test_only_its_own_files_are_its():
    for record in (
        {"id": 1, "text": "x", "annotations": [{"label": 3, "user": 1}]},
        {"id": 1, "text": "x", "annotator": "ann", "label": "a"},
        {"data": {"text": "x"}, "label": "a"},
        {"annotations": {"ann": "1"}, "text": "x"},
    ):
        assert not LABEL_STUDIO.matches([record])
        with pytest.raises(DataError, match="not a Label Studio export"):
            LABEL_STUDIO.read(read_records(Path("x.json"), json.dumps([record]).encode(), strict=True), ())


@pytest.mark.parametrize(
    ("data", "to_name", "sides"),
    [
        ({"prompt": "Q", "answer1": "x", "answer2": "y"}, "t1,t2", {"answer1", "answer2"}),
        ({"prompt": "Q", "gpt": "x", "human": "y"}, ["gpt", "human"], {"gpt", "human"}),
        ({"prompt": "Q", "text_left": "x", "text_right": "y"}, None, {"text_left", "text_right"}),
        ({"prompt": "Q", "one": "x", "other": "y"}, None, {"left", "right"}),
    ],
)
def test_the_sides_of_a_comparison_are_named_by_their_columns(data, to_name, sides):
    def compared(who: int, side: str):
        return annotation(who, {**result("better", "pairwise", {"selected": side}), "to_name": to_name})

    records = [{"id": 1, "data": data, "annotations": [compared(1, "left"), compared(2, "right")]}]
    table = read(records)
    assert set(table.frame.get_column("better")) == sides
