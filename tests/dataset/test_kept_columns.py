"""Columns kept beside the annotations: their types, whom they name, and further rounds."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from judgekit.dataset.annotation_columns import (
    AnnotationColumn,
    columns_of_annotations,
    describe_columns,
    join_annotations,
)
from judgekit.dataset.building import build_items
from judgekit.dataset.pseudonyms import hide_annotators
from judgekit.schema.inference import infer_schema

BASE = {"item_id": ["i1", "i1"], "annotator": ["p1", "p2"], "label": ["x", "y"], "count": [1, 1]}


@pytest.mark.parametrize(
    ("cells", "kind", "values"),
    [
        (["1", " -20 ", "", "0"], "Int64", "1 -20 None 0"),
        (["1.5", "2", ".5", "1e-3"], "Float64", "1.5 2.0 0.5 0.001"),
        (["TRUE", "false", "", "True"], "Boolean", "True False None True"),
        (["2024-02-01", "2024-12-31", "", ""], "Date", "2024-02-01 2024-12-31 None None"),
        (["2024-02-01 10:00", "2024-02-01T10:00:30", "", ""], "Datetime", "2024-02-01T10:00:00 2024-02-01T10:00:30"),
        (
            ["2024-02-01T10:00Z", "2024-02-01T10:00+02:00", "", ""],
            "Datetime",
            "2024-02-01T10:00:00+00:00 2024-02-01T08",
        ),
        (["01", "2", "3", "4"], "String", "01 2 3 4"),
        (["1,5", "2", "3", "4"], "String", "1,5 2 3 4"),
        (["2024-02-31", "2024-02-01", "", ""], "String", "2024-02-31 2024-02-01 None None"),
        (["2024-02-01T10:00", "2024-02-01T10:00Z", "", ""], "String", "2024-02-01T10:00 2024-02-01T10:00Z None None"),
        (["1", "n/a", "", "2"], "String", "1 n/a None 2"),
    ],
)
def test_a_column_has_the_narrowest_type_of_all_its_filled_cells(table, cells, kind, values):
    rows = "".join(f'i{n // 2},p{n % 2},some words {n // 2},{"xy"[n % 2]},"{cell}"\n' for n, cell in enumerate(cells))
    source = table("item_id,annotator,text,label,extra\n" + rows)
    schema = infer_schema(source)
    assert schema.of_annotation == ("extra",)
    found = columns_of_annotations(source, schema, pl.Series(range(4)))
    read = [value.isoformat() if isinstance(value, date) else str(value) for value in found.to_series().to_list()]
    assert " ".join(read).startswith(values)
    filled = sum(bool(cell) for cell in cells) / 4
    assert describe_columns(found) == (AnnotationColumn("extra", "annotation", kind, filled),)


def test_annotations_keep_their_columns_in_file_order(ingest):
    rows = "i1,ann,some words,x,5,40\ni1,bob,some words,y,7,31\ni2,ann,more words,,6,40\ni2,bob,more words,y,9,31\n"
    annotations = ingest("item_id,annotator,text,label,seconds,age\n" + rows).annotations
    assert annotations.columns == ["item_id", "annotator", "label", "count", "annotation.seconds", "annotator.age"]
    assert annotations.select("item_id", "annotation.seconds", "annotator.age").rows() == [
        ("i1", 5, 40),
        ("i1", 7, 31),
        ("i2", 9, 31),
    ]


def test_texts_name_no_annotator(table):
    said = ["as Ann Lee said", "Ann Leeds did not", "3 of them", ""]
    people = ["Ann Lee", "3", "Ann Lee", "3"]
    rows = "".join(f"i{n // 2},{who},some words {n // 2},{'xy'[n % 2]},{said[n]},{n}\n" for n, who in enumerate(people))
    source = table("item_id,annotator,text,label,comment,seconds\n" + rows)
    schema = infer_schema(source)
    annotations = build_items(source, schema).annotations
    hidden, names = hide_annotators(annotations, source, schema, b"key")
    pseudonym = hidden["annotator"][0]
    assert hidden["annotation.comment"].to_list() == [f"as {pseudonym} said", *said[1:3], None]
    assert hidden["annotation.seconds"].to_list() == [0, 1, 2, 3]
    assert names == {} and hidden["annotator"][1].startswith("a-")


def test_rounds_with_other_columns_are_joined_with_nulls():
    first = pl.DataFrame(BASE | {"annotation.seconds": [1, 2], "annotator.age": [30, 40]})
    second = pl.DataFrame(BASE | {"annotation.seconds": [1.5, 2.5], "annotator.country": ["DE", "FR"]})
    joined = join_annotations(first, second)
    assert joined["annotation.seconds"].to_list() == [1.0, 2.0, 1.5, 2.5]
    assert joined["annotator.age"].to_list() == [30, 40, None, None]
    assert joined["annotator.country"].to_list() == [None, None, "DE", "FR"]
    assert join_annotations(pl.DataFrame(BASE), first).height == 4


def test_rounds_that_differ_in_the_type_or_the_owner_of_a_column_keep_what_holds_for_both():
    first = pl.DataFrame(BASE | {"annotation.level": [1, 2], "annotator.mood": ["good", "bad"]})
    second = pl.DataFrame(BASE | {"annotation.level": ["high", None], "annotation.mood": ["bad", "good"]})
    joined = join_annotations(first, second)
    assert joined["annotation.level"].to_list() == ["1", "2", "high", None]
    assert joined["annotation.mood"].to_list() == ["good", "bad", "bad", "good"]
    assert "annotator.mood" not in joined.columns
