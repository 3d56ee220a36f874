"""Rows of a table that belong together: the annotations of an item, those of an annotator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

_ROW = "\x00row"


@dataclass(frozen=True, eq=False)
class _Runs:
    """Rows of one group that stand together, as they do in most tables: only the first of them is looked up."""

    begins: npt.NDArray[np.bool_]
    """Whether a run begins with the row, `[rows]`."""
    start: npt.NDArray[np.int64]
    """The first row of each run, `[runs]`."""
    code: npt.NDArray[np.generic]
    """What the runs of one group have in common, `[runs]`."""
    number: int
    """Number of groups."""

    @classmethod
    def of(cls, codes: npt.NDArray[np.generic]) -> _Runs:
        """Runs of rows, where each group has a code of its own, `[rows]`."""
        begins = _changes(codes)
        start = np.flatnonzero(begins)
        code = codes[start]
        return cls(begins, start, code, int(np.count_nonzero(_changes(np.sort(code)))))  # np.unique takes longer

    @cached_property
    def first(self) -> npt.NDArray[np.int64]:
        """The first row of each run's group, `[runs]`."""
        if self.number == self.start.size:  # no group returns
            return self.start
        order = np.argsort(self.code)
        bounds = np.flatnonzero(_changes(self.code[order]))
        first = np.empty_like(self.start)
        first[order] = np.repeat(np.minimum.reduceat(self.start[order], bounds), np.diff(bounds, append=order.size))
        return first

    def spread(self, of_run: npt.NDArray[np.generic]) -> pl.Series:
        """What is known of each run, for each row."""
        return pl.Series(np.repeat(of_run, np.diff(self.start, append=self.begins.size)))

    def differs(self, column: pl.Series) -> pl.Series:
        """Whether each row's cell is another one than that of its group's first row."""
        within = (column != column.shift()) & ~pl.Series(self.begins)
        again = np.flatnonzero(self.start != self.first)
        if again.size or within.any():
            column = column.rechunk()  # to gather from many chunks takes twenty times as long
        if within.any():
            return column != column.gather(self.spread(self.first))
        of_run = np.zeros(self.start.size, dtype=bool)
        of_run[again] = column.gather(self.start[again]) != column.gather(self.first[again])
        return self.spread(of_run) if of_run.any() else pl.repeat(False, column.len(), eager=True)


def _changes(codes: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    """Whether each code is another one than that before it."""
    changes = np.ones(codes.size, dtype=bool)
    np.not_equal(codes[1:], codes[:-1], out=changes[1:])
    return changes


class Groups:
    """Rows that belong together: the annotations of an item, or those of an annotator.

    Nothing is computed before it is asked for. The keys are compared by hashes, in a tenth of the time that polars
    takes to group texts; that no two keys have one hash is made sure of wherever rows are compared.
    """

    def __init__(self, frame: pl.DataFrame, keys: Sequence[str]) -> None:
        self._frame, self._keys = frame, list(keys)

    @cached_property
    def _by_hash(self) -> _Runs:
        keys = self._frame.select(self._keys)
        hashes = keys.to_series().hash() if keys.width == 1 else keys.hash_rows()  # of one the former is faster
        return _Runs.of(hashes.to_numpy())

    @cached_property
    def _runs(self) -> _Runs:
        runs = self._by_hash
        if any(runs.differs(self._frame.get_column(key)).any() for key in self._keys):
            rows = self._frame.select(self._keys).with_row_index(_ROW)
            runs = _Runs.of(rows.select(pl.col(_ROW).first().over(self._keys)).to_series().to_numpy())
        return runs

    @property
    def number(self) -> int:
        """Number of groups."""
        return self._by_hash.number

    @property
    def repeat(self) -> bool:
        """Whether any group has a second row."""
        return self.number < self._frame.height

    @cached_property
    def first(self) -> pl.Series:
        """The first row of each row's group, Int64."""
        return self._runs.spread(self._runs.first)

    def differs(self, name: str) -> pl.Series:
        """Whether each row's cell in a column is another one than that of its group's first row."""
        return self._runs.differs(self._frame.get_column(name))

    def constant_share(self, name: str) -> float:
        """Share of the groups of several rows in which all cells of the column are equal; 1 without such groups."""
        if not self.repeat or not (differs := self.differs(name)).any():
            return 1.0
        several = np.count_nonzero(np.bincount(self.first.to_numpy()) > 1)
        return 1 - np.count_nonzero(np.bincount(self.first.filter(differs).to_numpy())) / several
