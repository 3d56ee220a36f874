"""Tables in memory (data frames, lists of dicts, dicts of lists, one dict) as the file of them would be read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import numpy as np
import polars as pl

from judgekit.errors import DataError
from judgekit.tables.columnar import table_of_columns
from judgekit.tables.json_records.records import Records
from judgekit.tables.json_records.rows import as_cell
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.recognition import tables_of

if TYPE_CHECKING:
    import pandas as pd

TableData: TypeAlias = "pl.DataFrame | pd.DataFrame | Sequence[Mapping[str, object]] | Mapping[str, object]"
"""A table in memory: a data frame, a list of dicts, a dict of lists, or one dict."""

_WRITTEN_OUT = (int, float, Decimal, UUID, dt.date, dt.time, dt.timedelta)
_KINDS = "a polars or pandas DataFrame, a list of dicts, a dict of lists or one dict"


def table_of(data: object, name: str = "data") -> SourceTable:
    """The table of what is in memory, its cells as text, as a file would hold them.

    Data frames are read as Parquet is, dicts as JSON is; exports of annotation tools are recognised in both.

    Args:
        data: a polars or pandas DataFrame, anything with an Arrow stream, a list of dicts, a dict of lists that are
            equally long, or one dict. It is not changed.
        name: what messages call it.

    Raises:
        DataError: it is no table, has no rows, or a cell holds what is no text, number, date, list or dict.
    """
    made, problems = tables_of({0: open_frame(data, Path(name))}, None)
    if problems:
        raise problems[0]
    return made[0]


def open_frame(data: object, path: Path) -> SourceTable | Records:
    """What is in memory as text cells; dicts are left as records, which may be the export of a tool."""
    if type(data).__module__.partition(".")[0] == "pandas" and hasattr(data, "columns"):
        return _of_pandas(data, path)
    if isinstance(data, pl.DataFrame) or hasattr(data, "__arrow_c_stream__"):
        frame = data if isinstance(data, pl.DataFrame) else pl.DataFrame(data)  # pyright: ignore[reportArgumentType]
        return table_of_columns(path, frame.columns, frame.get_columns())
    rows = _rows_of(data, path)
    return Records(path, rows, np.arange(1, len(rows) + 1, dtype=np.int64), "row")


def _of_pandas(data: Any, path: Path) -> SourceTable:
    """A pandas frame, column by column: `polars.from_pandas` needs pyarrow, which judgekit does not."""
    if any(name is not None for name in data.index.names):  # an index with a name is a column
        data = data.reset_index()
    names, values = list[str](), list[pl.Series]()
    for name, column in data.items():
        is_numeric = isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf"
        names.append(str(name))
        if is_numeric:
            values.append(pl.Series(column.to_numpy()))
            continue
        cells = zip(column.to_list(), column.isna().to_numpy(), strict=True)
        texts = [None if gone else as_cell(_plain(cell, path, str(name))) for cell, gone in cells]
        values.append(pl.Series(texts, dtype=pl.String))
    return table_of_columns(path, names, values)


def _rows_of(data: Any, path: Path) -> list[dict[str, Any]]:
    """The rows of dicts, as `Records` holds them."""
    if isinstance(data, Mapping):
        columns = [value for value in data.values() if _is_list(value)]
        if not columns or len(columns) < len(data):
            data = [data]
        elif len(lengths := {len(column) for column in columns}) > 1:
            raise DataError(
                f"{path.name}: its lists are not equally long ({', '.join(map(str, sorted(lengths)))}).",
                hint="Give one value of each column for each row.",
            )
        else:
            data = [dict(zip(data, row, strict=True)) for row in zip(*columns, strict=True)]
    if not _is_list(data):
        raise DataError(
            f"{path.name} cannot be read as a table: it is of the type {type(data).__name__}.", hint=f"Give {_KINDS}."
        )
    rows = list[dict[str, Any]]()
    for number, row in enumerate(data, 1):
        if not isinstance(row, Mapping):
            what = f"it is not a dict, but of the type {type(row).__name__}"
            raise DataError(f"{path.name} row {number}: {what}.", hint=f"Give {_KINDS}.")
        rows.append({str(key): _plain(value, path, str(key)) for key, value in row.items()})
    if not any(rows):
        raise DataError(f"{path.name} has no rows.", hint="Add rows to it.")
    return rows


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple | np.ndarray | pl.Series)


def _plain(value: Any, path: Path, name: str) -> Any:
    """A value as `Records` has it: text (numbers and dates too), bool, None, list or dict."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str):
        if not _is_whole(value):
            what = "a text with half a character, as cutting through an emoji leaves it"
            raise DataError(f"{path.name}: {name!r} holds {what}.", hint="Correct the text.")
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(one, path, name) for key, one in value.items()}
    if _is_list(value) or isinstance(value, set | frozenset):
        return [_plain(one, path, name) for one in value]
    if value is None or type(value).__name__ in ("NAType", "NaTType") or value != value:
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, _WRITTEN_OUT):
        return str(value)
    raise DataError(
        f"{path.name}: {name!r} holds a value of the type {type(value).__name__}, which is not text.",
        hint="Give texts, numbers or lists.",
    )


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
