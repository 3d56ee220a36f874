"""The items of a table that is to be scored: no labels needed, one row per item, the input's ids and order kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.dataset.refusal import refuse_losses
from judgekit.errors import DataError
from judgekit.tables.account import EMPTY_ROW
from judgekit.tables.column_names import ITEM_NAMES, in_preference_order
from judgekit.tables.source import ROW, SourceTable, TableAccount, require_columns
from judgekit.wording import counted

ROW_COLUMN = "row"


class ScoreInput(NamedTuple):
    """Items to score; entry n of everything is item n, in order of first appearance."""

    rows: NDArray[np.int64]
    """The row of the table where each item stands first, from 0, ascending, `[N]`."""
    ids: pl.DataFrame
    """The id columns: String, or `row` (Int64, 1-based) where the table has none."""
    texts: pl.DataFrame
    """The judge's fields, in its order; String without nulls."""
    notes: tuple[str, ...]


def read_score_items(
    source: SourceTable,
    *,
    fields: Sequence[str],
    item_column: str | None = None,
    every_row: bool = False,
    strict: bool = False,
    most_set_aside: float = 0.0,
) -> ScoreInput:
    """Find the items of a table with the columns a judge's template needs.

    Args:
        source: the table; long tables repeat an item's id and texts, which collapse into one row.
        fields: the judge's fields.
        item_column: the column that identified items in training; when the table lacks it, the one that its format
            names, one whose name says the same, else the number of the row.
        every_row: keep rows that repeat an item.
        strict: whether every row must be an item, empty ones aside.
        most_set_aside: share of the rows read that may be faulty and is then set aside; by default none may.

    Raises:
        DataError: fields are missing, more rows than that cannot be read or have no text, or no row has any.
    """
    require_columns(
        source, fields, what="the judge's fields", hint="Name the columns as in training; `judgekit show` lists them."
    )
    account = TableAccount(source, source.set_aside)
    rows = _rows_with_text(source, fields, account)
    refuse_losses(account, strict=strict, most_set_aside=most_set_aside, is_ingest=False)
    if rows.height == 0:
        raise DataError(f"{source.name}: no row has a text in {', '.join(fields)}.", hint="Is it the right file?")
    notes = [*source.notes, *source.warnings]
    for aside in account.aside:
        notes.append(f"{counted(aside.rows, 'row is', 'rows are')} not scored: {aside.reason} ({aside.where}).")
    for name in fields:
        empty = int((rows.get_column(name).str.strip_chars() == "").sum())
        if empty:
            among = f"{empty:,} of {counted(rows.height, 'row')}"
            notes.append(f"{name!r} is empty in {among}; their other texts are used.")
    id_column = _id_column(source, fields, item_column)
    if id_column is None:
        notes.append(f"No column identifies the items; they are numbered in {ROW_COLUMN!r}.")
        ids = rows.select((pl.col(ROW) + 1).alias(ROW_COLUMN))
        return ScoreInput(rows.get_column(ROW).to_numpy(), ids, rows.select(fields), tuple(notes))
    one = rows if every_row else rows.unique([id_column, *fields], keep="first", maintain_order=True)
    if one.height < rows.height:
        notes.append(f"{rows.height:,} rows repeat {counted(one.height, 'item')}; each is scored once.")
    several = one.height - one.unique(id_column).height if not every_row else 0
    if several:
        what = counted(several, "row has", "rows have")
        notes.append(f"{what} the {id_column} of another row and a different text; each is scored.")
    return ScoreInput(one.get_column(ROW).to_numpy(), one.select(id_column), one.select(fields), tuple(notes))


def _rows_with_text(source: SourceTable, fields: Sequence[str], account: TableAccount) -> pl.DataFrame:
    """The rows that can be scored, numbered in `ROW`; the others are entered into the account."""
    is_empty = source.frame.select(pl.all_horizontal(pl.all().str.strip_chars() == "")).to_series()
    has_no_text = source.frame.select(pl.all_horizontal(pl.col(*fields).str.strip_chars() == "")).to_series()
    faulty = (has_no_text & ~is_empty).arg_true().to_list()
    account.set_aside(EMPTY_ROW, is_empty.arg_true().to_list())
    reason = f"it has no text in {' and '.join(fields)}"
    details = (f"{source.place([row])}: no text in {', '.join(fields)}" for row in faulty)
    account.set_aside(reason, faulty, is_fault=True, details=details)
    numbered = source.frame.with_row_index(ROW).with_columns(pl.col(ROW).cast(pl.Int64))
    return numbered.filter(~has_no_text)


def _id_column(source: SourceTable, fields: Sequence[str], item_column: str | None) -> str | None:
    for name in (item_column, source.roles.item):
        if name and name in source.frame.columns and name not in fields:
            return name
    named = in_preference_order([name for name in source.frame.columns if name not in fields], ITEM_NAMES)
    return named[0] if named else None
