"""Typed columns (Parquet, Arrow, data frames) to a `SourceTable` of the texts that a CSV of them would hold."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from judgekit.errors import DataError
from judgekit.tables.header import INDEX_NAME, under_names
from judgekit.tables.source import SourceTable

_PANDAS_INDEX = "__index_level_0__"
_DAMAGE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)
"""Damaged files make polars panic as well as complain (5 of 1,500 in a trial with random bytes)."""


def read_columnar(path: Path, content: bytes, *, kind: Literal["parquet", "arrow"]) -> SourceTable:
    """Read a Parquet file, or an Arrow file or stream (Feather), every cell as text.

    Null and NaN are empty cells, whole numbers with decimals keep `.0`, dates are ISO, lists are JSON, and a struct
    column `a` with the fields `b` and `c` becomes the columns `a.b` and `a.c`.

    Args:
        path: the file, for messages.
        content: its bytes.
        kind: what it is.

    Raises:
        DataError: it is damaged, has no rows, has a column of bytes that are no text, or two of one name.
    """
    try:
        frame = _read(content, kind)
    except _DAMAGE as error:
        raise DataError(
            f"{path.name} begins like {'Parquet' if kind == 'parquet' else 'Arrow'} and cannot be read "
            f"({str(error).splitlines()[0][:200]}).",
            hint="It may be damaged or cut off: download it again, or write it anew.",
        ) from error
    return table_of_columns(path, frame.columns, frame.get_columns())


def table_of_columns(path: Path, names: Sequence[str], values: Sequence[pl.Series]) -> SourceTable:
    """Typed columns under their names, every cell as text, as `read_columnar` says.

    Raises:
        DataError: there are no rows, a column holds bytes that are no text, or two have one name.
    """
    if not any(column.len() for column in values):
        raise DataError(f"{path.name} has columns and no rows.", hint="Add rows to it.")
    notes: list[str] = []
    columns = [text for name, one in zip(names, values, strict=True) for text in _texts(path, one.alias(name), notes)]
    names = [INDEX_NAME if column.name == _PANDAS_INDEX else column.name for column in columns]
    body = pl.DataFrame([column.alias(f"c{n}") for n, column in enumerate(columns)])
    body, said = under_names(path, names, body)
    return SourceTable(path, body, (*notes, *said), np.arange(1, body.height + 1), unit="row")


def _read(content: bytes, kind: Literal["parquet", "arrow"]) -> pl.DataFrame:
    if kind == "parquet":
        return pl.read_parquet(io.BytesIO(content), hive_partitioning=False)
    read = pl.read_ipc if content.startswith(b"ARROW1") else pl.read_ipc_stream
    return read(io.BytesIO(content))


def _texts(path: Path, column: pl.Series, notes: list[str]) -> Iterator[pl.Series]:
    """One column as text, or those of a struct."""
    if isinstance(column.dtype, pl.Struct):
        for field in column.struct.fields:
            yield from _texts(path, column.struct.field(field).alias(f"{column.name}.{field}"), notes)
        return
    if isinstance(column.dtype, pl.Binary):
        try:
            column = column.cast(pl.String)
        except pl.exceptions.PolarsError as error:
            raise _binary(path, column.name) from error
        notes.append(f"{column.name!r} holds bytes, which were read as UTF-8 text.")
    if column.dtype.is_float() and (gaps := column.is_nan().sum()):
        column = column.fill_nan(None)
        notes.append(f"NaN in {column.name!r} ({gaps:,}) was read as an empty cell.")
    yield _as_text(path, column).fill_null("")


def _as_text(path: Path, column: pl.Series) -> pl.Series:
    if column.dtype.is_temporal():
        return column.dt.to_string("iso").str.replace(r"\.0+($|[+-])", "$1")
    if not column.dtype.is_nested():
        return column.cast(pl.String)
    if "Binary" in str(column.dtype):
        raise _binary(path, column.name)
    # polars writes JSON of structs only: {"v":[…]}
    text = (
        column.alias("v").to_frame().select(pl.struct("v").struct.json_encode().str.slice(5).str.head(-1)).to_series()
    )
    return text.alias(column.name).set(column.is_null(), None)


def _binary(path: Path, name: str) -> DataError:
    return DataError(
        f"{path.name}: {name!r} holds bytes that are not text (an image, a sound?).",
        hint="Write the table without that column.",
    )
