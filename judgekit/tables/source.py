"""What every reader hands out: a table of text cells that knows where in which file each of its rows stands."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from mmap import mmap
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from judgekit.config.roles import Roles
from judgekit.errors import DataError
from judgekit.tables.account import Account, SetAside, in_words
from judgekit.tables.column_names import did_you_mean
from judgekit.tables.groups import Groups

ROW, ITEM = "\x00row", "\x00item"
"""Columns the program adds to a frame: no header can hold a NUL, so they never meet a column of the file."""
Unit = Literal["line", "row", "record", "annotation", "file"]


class Fingerprint(NamedTuple):
    """A file as it was given: its name, and the SHA-256 of its bytes."""

    name: str
    sha256: str

    @classmethod
    def of(cls, name: str, content: bytes | mmap) -> Fingerprint:
        """The fingerprint of some bytes."""
        return cls(name, hashlib.sha256(content).hexdigest())


@dataclass(frozen=True, eq=False)
class SourceTable:
    """The rows of one file or of several, before anybody has decided what a column means."""

    path: Path
    """The file; of several files, the first or their folder."""
    frame: pl.DataFrame
    """All columns are String, without nulls: an empty cell is the empty string, `NA` is the text NA."""
    notes: tuple[str, ...] = ()
    """What the reader decided or repaired, one plain sentence each."""
    lines: npt.NDArray[np.int64] | None = field(default=None, repr=False)
    """Where each row starts in its file, from 1, counted in `unit`; None when it could not be established."""
    unit: Unit = "line"
    """What `lines` counts: physical lines of a text, rows of a sheet, records of a JSON list."""
    roles: Roles = Roles()
    """What the format itself says about columns; the user's word beats it."""
    set_aside: tuple[SetAside, ...] = ()
    """Rows of the file that are not in the frame: refused answers, drafts, rows that do not fit the header."""
    warnings: tuple[str, ...] = ()
    """What the reader found that may be a mistake in the data."""
    members: tuple[SourceTable, ...] = ()
    """The tables of several files in the order of their rows; empty for one file."""
    given: tuple[Fingerprint, ...] = ()
    """The files that the rows are from, or the zips that hold them; none of a table in memory, or with members."""
    _groups: dict[tuple[str, ...], Groups] = field(default_factory=dict, init=False, repr=False)

    @property
    def name(self) -> str:
        """File name, for messages; `a.csv and 2 more` for several."""
        more = len(self.members) - 1
        return f"{self.members[0].name} and {more} more" if more > 0 else self.path.name

    @property
    def fingerprints(self) -> tuple[Fingerprint, ...]:
        """What was given, each file once; of a table in memory the digest of its cells."""
        if self.members:
            return tuple(dict.fromkeys(one for member in self.members for one in member.fingerprints))
        return self.given or (Fingerprint.of(self.name, self.frame.write_csv().encode()),)

    @property
    def rows_read(self) -> int:
        """Rows of the file: those of the frame and those set aside by the reader."""
        return self.frame.height + sum(aside.rows for aside in self.set_aside)

    def groups(self, *keys: str) -> Groups:
        """The rows that agree in some columns."""
        if keys not in self._groups:
            self._groups[keys] = Groups(self.frame, keys)
        return self._groups[keys]

    def line_of(self, row: int) -> int | None:
        """Where row `row` (0-based) starts in its file, from 1, or None when it is not known."""
        table, row = self._at(row)
        return None if table.lines is None else int(table.lines[row])

    def where(self, rows: Iterable[int]) -> str:
        """The first few places among `rows`, in words: `line 3`, `lines 3, 8 and 4 more`, else row numbers.

        Where there are several files their names stand before the numbers.
        """

        def noun_and_number(row: int) -> tuple[str, int]:
            table, own = self._at(row)
            noun = "row" if table.lines is None else table.unit
            number = own + 1 if table.lines is None else int(table.lines[own])
            return f"{table.name} {noun}" if self.members else noun, number

        return in_words(rows, noun_and_number)

    def place(self, rows: Iterable[int]) -> str:
        """File and places in words, to begin a message with: `votes.csv lines 3, 8`."""
        return self.where(rows) if self.members else f"{self.name} {self.where(rows)}"

    def below(
        self, notes: Iterable[str] = (), *, warnings: Iterable[str] = (), set_aside: Iterable[SetAside] = ()
    ) -> SourceTable:
        """The table with what was said of its file before it was one."""
        return replace(
            self,
            notes=(*notes, *self.notes),
            warnings=(*warnings, *self.warnings),
            set_aside=(*set_aside, *self.set_aside),
        )

    def _at(self, row: int) -> tuple[SourceTable, int]:
        """The file's own table and the row within it."""
        if not self.members:
            return self, row
        starts = np.cumsum([0, *(member.frame.height for member in self.members)])
        n = bisect_right(starts.tolist(), row) - 1
        return self.members[n]._at(row - int(starts[n]))


TableAccount = Account[SourceTable]
"""The account of a table while items are made of it."""


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
