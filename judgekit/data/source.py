"""What every reader hands out: a table of text cells that remembers the line of each row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from judgekit.data.columns import did_you_mean
from judgekit.errors import DataError

LINES_SHOWN = 5
ROW, ITEM = "\x00row", "\x00item"
"""Columns the program adds to a frame: no header can hold a NUL, so they never meet a column of the file."""


@dataclass(frozen=True, eq=False)
class SourceTable:
    """The rows of one file, before anybody has decided what a column means."""

    path: Path
    frame: pl.DataFrame
    """All columns are String, without nulls: an empty cell is the empty string, `NA` is the text NA."""
    notes: tuple[str, ...] = ()
    """What the reader decided or repaired, one plain sentence each."""
    lines: npt.NDArray[np.int64] | None = field(default=None, repr=False)
    """Physical line (1-based) on which each row starts; None when it could not be established."""

    @property
    def name(self) -> str:
        """File name, for messages."""
        return self.path.name

    def line_of(self, row: int) -> int | None:
        """Physical line (1-based) on which row `row` (0-based) starts, or None when it is not known."""
        return None if self.lines is None else int(self.lines[row])

    def where(self, rows: Iterable[int]) -> str:
        """The first few places among `rows`, in words: `line 3`, `lines 3, 8 and 4 more`, else row numbers."""
        every = [int(row) for row in rows]
        noun = "row" if self.lines is None else "line"
        numbers = [row + 1 if self.lines is None else int(self.lines[row]) for row in every[:LINES_SHOWN]]
        words = ", ".join(str(number) for number in numbers)
        if len(every) > LINES_SHOWN:
            words += f" and {len(every) - LINES_SHOWN:,} more"
        return f"{noun if len(every) == 1 else noun + 's'} {words}"


def require_columns(source: SourceTable, wanted: Sequence[str], *, what: str, hint: str) -> None:
    """Refuse a table that lacks a column, with the nearest name that it has.

    Raises:
        DataError: a column of `wanted` is missing.
    """
    columns = source.frame.columns
    missing = [f"{name!r}{did_you_mean(name, columns)}" for name in wanted if name not in columns]
    if missing:
        raise DataError(
            f"{source.name} has no column for {what}; its columns are {', '.join(columns)}.",
            problems=missing,
            hint=hint,
        )
