"""Parquet and Arrow: typed columns become the texts that inference expects, and bytes are refused."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import polars as pl
import pytest

from judgekit.errors import DataError
from judgekit.tables.columnar import read_columnar
from judgekit.tables.source import SourceTable

WRITERS: dict[str, tuple[Literal["parquet", "arrow"], Callable[..., Any]]] = {
    "votes.parquet": ("parquet", pl.DataFrame.write_parquet),
    "votes.feather": ("arrow", pl.DataFrame.write_ipc),
    "votes.arrow": ("arrow", pl.DataFrame.write_ipc_stream),
}


def read(frame: pl.DataFrame, name: str = "votes.parquet") -> SourceTable:
    kind, write = WRITERS[name]
    content = io.BytesIO()
    write(frame, content)
    return read_columnar(Path(name), content.getvalue(), kind=kind)


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pl.Series([1, None, -3]), ["1", "", "-3"]),
        (pl.Series([2**63 - 1]), ["9223372036854775807"]),
        (pl.Series([3.0, 0.1, None]), ["3.0", "0.1", ""]),
        (pl.Series([0.1, 2.5], dtype=pl.Float32), ["0.1", "2.5"]),
        (pl.Series([Decimal("1.50")]), ["1.50"]),
        (pl.Series([True, False, None]), ["true", "false", ""]),
        (pl.Series(["01", " a ", "NA", "", None]), ["01", " a ", "NA", "", ""]),
        (pl.Series(["x", "y", None], dtype=pl.Categorical), ["x", "y", ""]),
        (pl.Series(["b", "a"], dtype=pl.Enum(["b", "a"])), ["b", "a"]),
        (pl.Series([dt.date(2024, 3, 1), None]), ["2024-03-01", ""]),
        (pl.Series([dt.datetime(2024, 3, 1, 12, 30)]), ["2024-03-01 12:30:00"]),
        (pl.Series([dt.datetime(2024, 3, 1, 12, 30, 0, 250_000)]), ["2024-03-01 12:30:00.250000"]),
        (pl.Series([dt.datetime(2024, 3, 1)]).dt.replace_time_zone("UTC"), ["2024-03-01 00:00:00+00:00"]),
        (pl.Series([dt.time(13, 45)]), ["13:45:00"]),
        (pl.Series([["a", 'b "c"'], [], None]), ['["a","b \\"c\\""]', "[]", ""]),
        (pl.Series([[1, None]]), ["[1,null]"]),
        (pl.Series([[{"a": 1, "b": "x"}]]), ['[{"a":1,"b":"x"}]']),
        (pl.Series([[1, 2]], dtype=pl.Array(pl.Int8, 2)), ["[1,2]"]),
        (pl.Series([None, None]), ["", ""]),
    ],
)
@pytest.mark.parametrize("name", WRITERS)
def test_cells_become_the_text_a_csv_would_hold(name, values, texts):
    source = read(pl.DataFrame({"value": values, "n": range(len(values))}), name)
    assert source.frame.schema == {"value": pl.String, "n": pl.String}
    assert source.frame.get_column("value").to_list() == texts


def test_nan_is_an_empty_cell_and_is_said():
    source = read(pl.DataFrame({"label": [1.0, float("nan"), None], "id": ["a", "b", "c"]}))
    assert source.frame.get_column("label").to_list() == ["1.0", "", ""]
    assert source.notes == ("NaN in 'label' (1) was read as an empty cell.",)


def test_structs_become_dotted_columns():
    source = read(pl.DataFrame({"id": ["1", "2"], "item": [{"text": "one", "meta": {"lang": "en"}}, None]}))
    assert source.frame.columns == ["id", "item.text", "item.meta.lang"]
    assert source.frame.rows() == [("1", "one", "en"), ("2", "", "")]


def test_texts_stored_as_bytes_are_read_and_images_refused():
    source = read(pl.DataFrame({"text": [b"caf\xc3\xa9", None], "id": [1, 2]}))
    assert source.frame.get_column("text").to_list() == ["café", ""] and "UTF-8" in source.notes[0]
    for pixels in ([b"\xff\xd8\xff"], [[b"\xff"]], [{"bytes": b"\xff"}]):
        with pytest.raises(DataError, match=r"'image(\.bytes)?' holds bytes that are not text"):
            read(pl.DataFrame({"id": [1], "image": pixels}))


def test_rows_are_counted_from_one():
    source = read(pl.DataFrame({"id": [1, 2, 3]}))
    assert source.place([0, 2]) == "votes.parquet rows 1, 3"


def test_the_index_of_pandas_has_the_name_it_has_in_a_csv():
    source = read(pl.DataFrame({"label": ["a", "b"], "__index_level_0__": [7, 8]}))
    assert source.frame.columns == ["label", "Unnamed: 0"]


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pl.DataFrame({"id": []}, schema={"id": pl.Int64}), "has columns and no rows"),
        (pl.DataFrame({"a": ["x"], " a": ["y"]}), "names 'a' twice: columns 1 and 2"),
        (pl.DataFrame({"id": ["x"], "": ["y"]}), "column 2 has content and no name"),
        (pl.DataFrame({"item": [{"a": 1}], "item.a": ["y"]}), "names 'item.a' twice"),
        (pl.DataFrame({"*": ["x"]}), "cannot be the name of a column"),
    ],
)
def test_unusable_columns_are_refused(frame, said):
    with pytest.raises(DataError) as caught:
        read(frame)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_cut_off_is_refused(name):
    kind, write = WRITERS[name]
    content = io.BytesIO()
    write(pl.DataFrame({"id": [str(n) for n in range(1000)]}), content)
    for size in (20, 200, len(content.getvalue()) - 20):
        with pytest.raises(DataError, match=r"begins like (Parquet|Arrow) and cannot be read"):
            read_columnar(Path(name), content.getvalue()[:size], kind=kind)
