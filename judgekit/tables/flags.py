"""Columns of true and false of which each row has one true: one-hot columns, which are read as those of 1 and 0 are."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from judgekit.tables.source import SourceTable

_TRUE, _FALSE = ("true", "t", "yes", "x", "✓", "wahr"), ("false", "f", "no", "", "falsch")
_FEWEST_COLUMNS, _FEWEST_ROWS = 3, 10


def with_numbers_for_flags(table: SourceTable) -> SourceTable:
    """The table with 1 and 0 in place of one-hot flags, where neighbouring columns hold one set flag in every row."""
    frame = table.frame
    names = [name for name in frame.columns if _may_be_flags(frame.get_column(name))]
    if len(names) < _FEWEST_COLUMNS or frame.height < _FEWEST_ROWS:
        return table
    flags = pl.DataFrame([frame.get_column(name) for name in names]).select(
        pl.all().str.strip_chars().str.to_lowercase().is_in(_TRUE).cast(pl.Int64)
    )
    if not (flags.sum_horizontal() == 1).all():
        return table
    note = f"{', '.join(names)} hold one set flag in every row: read as 1 and 0."
    return replace(table, frame=frame.with_columns(flags.cast(pl.String).get_columns()), notes=(*table.notes, note))


def _may_be_flags(cells: pl.Series) -> bool:
    """Whether a column holds one word for true, and one for false or nothing."""
    first = cells.head(1_000).str.strip_chars().str.to_lowercase().unique()
    if not first.is_in([*_TRUE, *_FALSE]).all():
        return False
    values = set(cells.str.strip_chars().str.to_lowercase().unique().to_list())
    return len(values) == 2 and len(values.intersection(_TRUE)) == 1 and len(values.intersection(_FALSE)) == 1
