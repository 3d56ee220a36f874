"""The items of a table that is to be scored: no labels needed, one row per item, the input's ids and order kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from judgekit.errors import DataError
from judgekit.tables.column_names import ITEM_NAMES, in_preference_order
from judgekit.tables.source import ROW, SourceTable, require_columns

ROW_COLUMN = "row"


class ScoreInput(NamedTuple):
    """Items to score; row n of both frames is item n, in order of first appearance."""

    ids: pl.DataFrame
    """The id columns: String, or `row` (Int64, 1-based) where the table has none."""
    texts: pl.DataFrame
    """The judge's fields, in its order; String without nulls."""
    notes: tuple[str, ...]


def read_score_items(source: SourceTable, *, fields: Sequence[str], item_column: str | None = None) -> ScoreInput:
    """Find the items of a table with the columns a judge's template needs.

    Args:
        source: the table; long tables repeat an item's id and texts, which collapse into one row.
        fields: the judge's fields.
        item_column: the column that identified items in training; when the table lacks it, the one that its format
            names, one whose name says the same, else the number of the row.

    Raises:
        DataError: fields are missing, or rows have no text at all.
    """
    require_columns(
        source, fields, what="the judge's fields", hint="Name the columns as in training; `judgekit show` lists them."
    )
    notes = [*source.notes, *source.warnings]
    notes += [f"{aside.rows:,} rows were passed over: {aside.reason} ({aside.where})." for aside in source.set_aside]
    rows = source.frame.with_row_index(ROW).with_columns(pl.col(ROW).cast(pl.Int64))
    is_empty = source.frame.select(pl.all_horizontal(pl.all().str.strip_chars() == "")).to_series()
    if is_empty.any():
        notes.append(f"{int(is_empty.sum()):,} empty rows were passed over ({source.where(is_empty.arg_true())}).")
        rows = rows.filter(~is_empty)
    no_text = rows.filter(pl.all_horizontal(pl.col(name).str.strip_chars() == "" for name in fields))
    if no_text.height or rows.height == 0:
        where = source.place(no_text.get_column(ROW).to_list())
        raise DataError(
            f"{where}: no text in {', '.join(fields)}." if no_text.height else f"{source.name} is empty.",
            hint="Every row needs a text in at least one of these columns.",
        )
    for name in fields:
        empty = int((rows.get_column(name).str.strip_chars() == "").sum())
        if empty:
            notes.append(f"{name!r} is empty in {empty:,} of {rows.height:,} rows; their other texts are used.")
    id_column = _id_column(source, fields, item_column)
    if id_column is None:
        notes.append(f"No column identifies the items; they are numbered in {ROW_COLUMN!r}.")
        return ScoreInput(rows.select((pl.col(ROW) + 1).alias(ROW_COLUMN)), rows.select(fields), tuple(notes))
    one = rows.unique([id_column, *fields], keep="first", maintain_order=True)
    if one.height < rows.height:
        notes.append(f"{rows.height:,} rows repeat {one.height:,} items; each is scored once.")
    several = one.height - one.get_column(id_column).n_unique()
    if several:
        notes.append(f"{several:,} rows have the {id_column} of another row and a different text; each is scored.")
    return ScoreInput(one.select(id_column), one.select(fields), tuple(notes))


def _id_column(source: SourceTable, fields: Sequence[str], item_column: str | None) -> str | None:
    for name in (item_column, source.roles.item):
        if name and name in source.frame.columns and name not in fields:
            return name
    named = in_preference_order([name for name in source.frame.columns if name not in fields], ITEM_NAMES)
    return named[0] if named else None
