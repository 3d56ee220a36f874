"""Tables in memory read like the files of them, and what is no table is refused by what it is."""

from __future__ import annotations

import datetime as dt
import enum
import json
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from judgekit.errors import DataError
from judgekit.tables.files import ReadOptions, read_files
from judgekit.tables.frames import table_of
from judgekit.tables.source import SourceTable

ROWS = [
    {"id": "01", "text": "one, two", "label": "yes", "seconds": 1.5, "year": 2024, "is_new": True},
    {"id": "02", "text": 'say "no"', "label": "no", "seconds": 2.0, "year": 2023, "is_new": False},
    {"id": "03", "text": "thrée", "label": None, "seconds": None, "year": 2024, "is_new": True},
]
CELLS = [
    ("01", "one, two", "yes", "1.5", "2024", "true"),
    ("02", 'say "no"', "no", "2.0", "2023", "false"),
    ("03", "thrée", "", "", "2024", "true"),
]
COLUMNS = {name: [row[name] for row in ROWS] for name in ROWS[0]}


class Arrow:
    """Any library's table that knows the Arrow stream."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return pl.DataFrame(ROWS).__arrow_c_stream__(requested_schema)


class Label(enum.StrEnum):
    yes = "yes"


@pytest.mark.parametrize(
    "data",
    [
        ROWS,
        COLUMNS,
        pl.DataFrame(ROWS),
        pl.DataFrame(ROWS).to_arrow(),
        pd.DataFrame(ROWS),
        pd.DataFrame(ROWS, dtype=object),
    ],
    ids=["dicts", "lists", "polars", "arrow", "pandas", "pandas objects"],
)
def test_every_kind_of_table_gives_the_cells_of_its_file(data: object):
    source = table_of(data)
    assert source.frame.columns == list(ROWS[0]) and source.frame.rows() == CELLS
    assert (source.name, source.unit, source.line_of(2), source.where([0, 2])) == ("data", "row", 3, "rows 1, 3")


def test_one_dict_is_one_row_and_dicts_may_lack_keys():
    assert table_of({"text": "Shut it."}).frame.rows() == [("Shut it.",)]
    assert table_of([{"a": 1}, {"b": "x", "a": "y"}]).frame.rows() == [("1", ""), ("y", "x")]
    assert table_of({"text": "a", "labels": ["x", "y"]}).frame.rows() == [("a", '["x", "y"]')]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (float("nan"), ""),
        (pd.NA, ""),
        (pd.NaT, ""),
        (np.float32(0.5), "0.5"),
        (np.str_("a"), "a"),
        (Label.yes, "yes"),
        (dt.datetime(2024, 3, 1, 12), "2024-03-01 12:00:00"),
        (np.array([1, 2]), '["1", "2"]'),
        (("x", None), '["x", null]'),
    ],
)
def test_values_of_python_become_their_text(value: object, cell: str):
    assert table_of([{"text": "a", "value": value}]).frame.row(0) == ("a", cell)
    assert table_of(pd.DataFrame({"text": ["a"], "value": pd.Series([value], dtype=object)})).frame.row(0) == (
        "a",
        cell,
    )


def test_an_index_of_pandas_is_a_column_only_where_it_has_a_name():
    frame = pd.DataFrame({"item": ["a", "b", "c"], "text": ["x", "y", "z"]})
    assert table_of(frame.set_index("item")).frame.columns == ["item", "text"]
    assert table_of(frame[frame.text != "y"]).frame.rows() == [("a", "x"), ("c", "z")]


def test_nullable_categorical_and_dates_of_pandas():
    frame = pd.DataFrame(
        {
            "n": pd.array([1, None], dtype="Int64"),
            "c": pd.Categorical(["x", None]),
            "t": pd.to_datetime(["2024-03-01 12:30", None]),
        }
    )
    assert table_of(frame).frame.rows() == [("1", "x", "2024-03-01 12:30:00"), ("", "", "")]


def test_the_export_of_a_tool_is_recognised_in_memory_too():
    pairs = [{"annotator_labels": ["neutral", "entailment"], "sentence1": "a", "sentence2": "b", "pairID": "p"}]
    assert table_of(pairs).roles.layout == "long"
    shared = {"id": ["1", "1"], "annotator": ["a", "b"], "annotation_id": [7, 8], "lead_time": [1, 2]}
    table = table_of(pl.DataFrame(shared | {"text": ["t", "t"], "sentiment": ["x", "y"]}))
    assert table.roles.label == ("sentiment",)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (7, "it is of the type int"),
        (["a"], "row 1: it is not a dict, but of the type str"),
        ({"a": [1], "b": [1, 2]}, "lists are not equally long"),
        ([], "has no rows"),
        ({}, "has no rows"),
        (pl.DataFrame({"a": []}), "no rows"),
        ([{"a": object()}], "'a' holds a value of the type object, which is not text"),
        ([{"a": "\ud83d"}], "half a character"),
        (pd.DataFrame([["x", "y"]], columns=["a", "a"]), "names 'a' twice"),
    ],
)
def test_what_is_no_table_is_refused_by_what_it_is(data: object, message: str):
    with pytest.raises(DataError, match=message):
        table_of(data)


def test_tables_and_files_are_read_together(tmp_path: Path):
    (tmp_path / "more.json").write_text(json.dumps(ROWS))
    source = read_files([tmp_path / "more.json", pl.DataFrame(ROWS)])
    assert source.frame.height == 6 and source.where([0, 3]) == "more.json record 1; data row 1"
    alone = read_files([ROWS])
    assert isinstance(alone, SourceTable) and not alone.members and alone.path == Path("data")
    with pytest.raises(DataError, match="--sheet is for Excel workbooks"):
        read_files([ROWS], ReadOptions(sheet="a"))


def test_what_is_given_is_not_changed():
    frame, rows = pd.DataFrame(ROWS), [{"id": 1, "labels": ["x"]}]
    table_of(frame), table_of(rows)
    assert frame.equals(pd.DataFrame(ROWS)) and rows == [{"id": 1, "labels": ["x"]}]
