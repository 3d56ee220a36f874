"""One dialect over one file: every line belongs to a record, is blank, or is taken out because its quotes contradict.

Lines without a quote, which are nearly all, are split at the delimiter; the others are read by the dialect, record by
record. Short rows are padded with null and long ones kept with the `REST` of their fields, so that nothing is lost.
Below a badly quoted line it goes on at the next one, which may stand inside a text: that is certain only where the next
quote can but open one.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from judgekit.tables.delimited.dialect import Dialect, line_starts

REST = "rest"
"""Column with the fields of a row that the header has no place for, joined by the delimiter; null where none."""
_LONGEST_ROW_BYTES = 16_000_000
_BATCH_ROWS = 50_000
_LF, _CR = 10, 13

LineEnds = Literal["alike", "mixed", "lone returns"]


class BadLine(NamedTuple):
    """A line, or a record, that was taken out because its quotes contradict each other."""

    line: int
    text: str
    is_closed: bool
    """Whether no text that is opened in it goes on below it, for certain."""


class Parsed(NamedTuple):
    """What one dialect made of a file."""

    frame: pl.DataFrame
    """Every record, header first: String columns `c0` … and `REST`; null where a record has no such field."""
    starts: npt.NDArray[np.int64]
    """Line of the file on which each record starts, from 1."""
    blank: int
    """Blank lines between the records."""
    bad_lines: list[BadLine]
    doubt: str
    """Why none of it can be trusted, with the line if there is one; empty when it can."""
    ends: LineEnds


def parse(content: bytes, dialect: Dialect) -> Parsed:
    """Read a whole file (UTF-8) in one dialect."""
    lines = _Lines(content, dialect)
    bounds, width = lines.bounds, dialect.width
    batches, rows = list[pl.DataFrame](), list[list[str | None]]()
    starts, bad_lines = array("q"), list[BadLine]()
    ends_record = np.ones(len(bounds) - 1, dtype=bool)
    ends_record[: dialect.header_line] = False
    line, blank = dialect.header_line, 0
    while line < len(bounds) - 1:
        record, after = lines.record_at(line)
        if after > line + 1:
            ends_record[line : after - 1] = False
        if isinstance(record, BadLine):
            bad_lines.append(record)
        elif not record:
            blank += 1
            ends_record[line] = False
        else:
            rows.append([*record, None] if len(record) == width else _padded(record, dialect))
            starts.append(line + 1)
        if len(rows) == _BATCH_ROWS:
            batches.append(_frame(rows, width))
            rows.clear()
        line = after
    frame = pl.concat([*batches, _frame(rows, width)])
    ends = _line_ends(content, np.asarray(bounds)[1:][ends_record])
    return Parsed(frame, np.array(starts), blank, bad_lines, _doubt(bounds, starts, bad_lines), ends)


class _Lines:
    """The physical lines of a file, and the record that starts on each."""

    def __init__(self, content: bytes, dialect: Dialect) -> None:
        self.bounds = array("q", line_starts(content).tobytes())
        self._content, self._dialect = content, dialect
        self._quote = dialect.quote.encode()
        self._usual = dialect.usual_record()

    def record_at(self, line: int) -> tuple[Sequence[str] | BadLine, int]:
        """The record on a line (from 0), no cells where that is blank; and the line behind it."""
        content, dialect = self._content, self._dialect
        start, after = self.bounds[line], line + 1
        raw = content[start : self.bounds[after]].rstrip(b"\r\n")
        if not self._quote or self._quote not in raw:
            return raw.decode().split(dialect.delimiter) if raw else (), after
        if self._usual and (cells := self._usual(raw.decode())):
            return cells, after
        record = dialect.record(content, start)
        if record is None:
            is_closed = _ends_outside_quotes(content, start, self.bounds[after], dialect)
            return BadLine(line + 1, raw.decode(), is_closed), after
        after = min(bisect_right(self.bounds, record.end), len(self.bounds) - 1)
        if record.is_torn:
            return BadLine(line + 1, content[start : record.end].decode(), True), after
        return record.cells, after


def _padded(cells: Sequence[str], dialect: Dialect) -> list[str | None]:
    """The cells of a record, with null for those it lacks, and the rest of them."""
    own, rest = cells[: dialect.width], cells[dialect.width :]
    return [*own, *[None] * (dialect.width - len(own)), dialect.delimiter.join(rest) if rest else None]


def _frame(rows: Sequence[Sequence[str | None]], width: int) -> pl.DataFrame:
    names = [*(f"c{number}" for number in range(width)), REST]
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return pl.DataFrame([pl.Series(name, cells, pl.String) for name, cells in zip(names, columns, strict=True)])


def _doubt(bounds: array[int], starts: array[int], bad_lines: Sequence[BadLine]) -> str:
    """Why nothing of a file can be trusted: a quote may be missing that would part its rows otherwise."""
    offsets = np.append(np.asarray(bounds)[np.asarray(starts) - 1], bounds[-1])
    for n in np.flatnonzero(np.diff(offsets) > _LONGEST_ROW_BYTES)[:1]:
        return f"line {starts[n]}: the row is longer than {_LONGEST_ROW_BYTES:,} bytes; a quote may be missing"
    unclosed = (bad.line for bad in bad_lines if not bad.is_closed)
    return next((f"line {line}: a quoted text starts here, and where it ends is not certain" for line in unclosed), "")


def _line_ends(content: bytes, offsets: npt.NDArray[np.int64]) -> LineEnds:
    """Whether the line ends before some offsets are alike."""
    data = np.frombuffer(content, dtype=np.uint8)
    last = data[offsets - 1]
    is_pair = (last == _LF) & (data[np.maximum(offsets - 2, 0)] == _CR)
    kinds = (last == _LF) & ~is_pair, is_pair, last == _CR
    if sum(bool(kind.any()) for kind in kinds) < 2:
        return "alike"
    return "lone returns" if kinds[2].any() else "mixed"


def _ends_outside_quotes(content: bytes, start: int, end: int, dialect: Dialect) -> bool:
    """Whether no text that is opened in a badly quoted line goes on below it, for certain.

    If one did, the next quote would close it, and stand before a delimiter. A quote that stands behind one, and not
    before one, opens a text instead; an empty text `""` reads alike both ways.
    """
    quote, edges = dialect.quote.encode(), (dialect.delimiter.encode(), b"\n", b"\r")
    for run in re.compile(re.escape(quote) + b"+").finditer(content, end):
        is_behind = content[max(0, run.start() - 4) : run.start()].endswith(edges)
        is_before = content[run.end() : run.end() + 4].startswith(edges) or run.end() == len(content)
        size = run.end() - run.start()
        if not (size == 2 and is_behind and is_before):
            return size % 2 == 1 and is_behind and not is_before
    return content.count(quote, start, end) % 2 == 0 or not content[end:].strip()
