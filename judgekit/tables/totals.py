"""A row of totals at the end of a table, as spreadsheets and pivot tables write one: it is no item."""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl

from judgekit.tables.account import SetAside
from judgekit.tables.source import SourceTable

_TOTAL = re.compile(
    r"\W*(grand |sub)?(total|totals|sum|all|overall|gesamt|gesamtergebnis|summe|somme|suma|count)?\W*", re.I
)
_FEWEST_ROWS, _FEWEST_COLUMNS = 3, 2


def without_totals(table: SourceTable) -> SourceTable:
    """The table without a last row whose numbers are the sums of those above it, and which names nothing else."""
    frame = table.frame
    if frame.height <= _FEWEST_ROWS or not _may_be_totals(frame.row(-1)):
        return table
    numbers = frame.select(pl.all().str.strip_chars().cast(pl.Float64, strict=False))
    whole = [column for column in numbers.get_columns() if column.null_count() == 0 and column[-1] > 0]
    summed = [column for column in whole if abs(column.head(-1).sum() - column[-1]) < 1e-6 * column[-1]]
    if len(summed) < _FEWEST_COLUMNS:
        return table
    row = frame.height - 1
    aside = SetAside("the row holds the totals of the columns", 1, table.where([row]))
    lines = None if table.lines is None else table.lines[:-1]
    return replace(table, frame=frame.head(-1), lines=lines, set_aside=(*table.set_aside, aside))


def _may_be_totals(cells: tuple[str, ...]) -> bool:
    words = [cell for cell in cells if not re.fullmatch(r"\s*[\d.,]+\s*", cell)]
    return bool(words) and len(words) < len(cells) - 1 and all(map(_TOTAL.fullmatch, words))
