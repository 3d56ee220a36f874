"""The short way to read a file that obeys every rule of CSV, which most do: polars parses what is proved clean.

polars is ten times faster than the strict parser, but pads a short row in silence and takes a stray quote as it
comes. So the bytes are looked through first: every quote must open or close a field or be doubled. Afterwards the
cells, the delimiters, the line ends and the quotes must add up to the bytes of the file: polars refuses a row that is
too long, so they do only if every row is as wide as the header. Whatever is in doubt is left to the strict parser,
which says what is wrong and where.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from mmap import mmap
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from judgekit.tables.delimited.dialect import DELIMITERS, Dialect

# Parsed in pieces, so that the marks of the whole file are never in memory at once.
_PIECE_BYTES = 1 << 23
_LONGEST_RECORD_BYTES = 8_000_000
_HEADER_BYTES = 1 << 16
_PIECES_AT_ONCE = 3
_BYTES_WITHIN = 12
"""Polars keeps so many in the cell itself."""
_LF, _CR, _QUOTE = 10, 13, 34


class WellFormed(NamedTuple):
    """A file that obeys every rule."""

    dialect: Dialect
    frame: pl.DataFrame
    """Every record, header first, cells String without nulls, columns `c0` …"""
    starts: npt.NDArray[np.int64]
    """Line (from 1) on which each record starts."""


class _DoubtError(ValueError):
    """A file does not obey the rules, or may not."""


def read_well_formed(content: bytes | mmap, *, delimiter: str | None = None) -> WellFormed | None:
    """Read a delimited file of two columns or more, if nothing about it is in doubt.

    Args:
        content: the file, in memory or mapped into it.
        delimiter: the user's word; else the first line must leave no choice.

    Returns:
        The records, or None where the strict parser has to decide: the file is of another kind or not plain UTF-8, or
        it has blank lines, ragged rows, mixed line ends, NUL bytes or doubtful quotes.
    """
    head = content[:_HEADER_BYTES].decode("utf-8", "replace")
    dialect = _dialect(head, delimiter)
    if dialect is None:
        return None
    line_end = b"\r\n" if re.match(r"[^\r\n]*\r\n", head) else b"\n"
    try:
        with ThreadPoolExecutor(_PIECES_AT_ONCE) as pool:  # a piece is looked through while another one is parsed
            parts = list(pool.map(lambda ends: _parsed(content, ends, dialect, line_end), _pieces(content)))
    except (_DoubtError, pl.exceptions.PolarsError):  # the latter: not UTF-8, or a row longer than the header
        return None
    frame = pl.concat(frame for frame, _ in parts)
    if frame.row(0) != dialect.names:
        return None
    lines = np.concatenate([lines for _, lines in parts])
    return WellFormed(dialect, frame, np.cumsum(lines) - lines + 1)


def _dialect(head: str, delimiter: str | None) -> Dialect | None:
    line = re.split(r"[\r\n]", head, maxsplit=1)[0]
    marks = [mark for mark in DELIMITERS if mark in line]
    separator = delimiter or (marks[0] if len(marks) == 1 else "")
    # Other kinds of files, and the line that gives Excel the delimiter, begin otherwise.
    is_header = re.match(r'[\w"#,;\t|]', line) and not line.lstrip('"').startswith("sep=")
    if not is_header or not separator or not separator.isascii():
        return None
    try:
        names = next(csv.reader(io.StringIO(head, newline=""), delimiter=separator))
    except csv.Error:
        return None
    # Names with spaces around them tell of a delimiter with a space, and those of several lines of mixed line ends.
    is_plain = all(name == name.strip() and len(name.splitlines()) < 2 for name in names)
    return Dialect(separator, '"', '"', 0, tuple(names)) if len(names) > 1 and is_plain else None


def _pieces(content: bytes | mmap) -> Iterator[tuple[int, int]]:
    """Ends of pieces of whole records: a line ends one where an even number of quotes stands before it."""
    start, data, has_quotes = 0, np.frombuffer(content, dtype=np.uint8), content.find(b'"') >= 0
    while start < len(content):
        end = content.find(b"\n", start + _PIECE_BYTES - 1) + 1 or len(content)
        quotes = np.count_nonzero(data[start:end] == _QUOTE) if has_quotes else 0
        while quotes % 2 and end < len(content):  # the line goes on: its break is part of a text
            begun, end = end, content.find(b"\n", end) + 1 or len(content)
            quotes += np.count_nonzero(data[begun:end] == _QUOTE)
        if quotes % 2 or end - start > _PIECE_BYTES + _LONGEST_RECORD_BYTES:
            raise _DoubtError
        yield start, end
        start = end


def _parsed(
    content: bytes | mmap, ends: tuple[int, int], dialect: Dialect, line_end: bytes
) -> tuple[pl.DataFrame, npt.NDArray[np.int64]]:
    """The records of a piece, and how many lines each of them takes.

    Raises:
        _DoubtError: a quote, a line end or a NUL byte can mean several things, or the cells do not add up to the bytes.
    """
    piece = content[slice(*ends)]
    piece += b"" if piece.endswith(b"\n") else line_end
    around = _quotes_around_cells(piece, dialect.delimiter) if b'"' in piece else 0
    schema = {f"c{number}": pl.String for number in range(dialect.width)}
    frame = pl.read_csv(piece, has_header=False, separator=dialect.delimiter, schema=schema, empty_string_is_null=False)
    sizes = frame.select(pl.all().str.len_bytes().sum()).row(0)
    lines = np.ones(frame.height, dtype=np.int64)
    data = np.frombuffer(piece, dtype=np.uint8)
    number, returns = np.count_nonzero(data <= _CR), 0
    if number != frame.height:  # not only one line end for each record, nor no other of these characters
        number, returns = np.count_nonzero(data == _LF), piece.count(b"\r") if b"\r" in piece else 0
        if b"\0" in piece or (returns and returns != piece.count(b"\r\n")):
            raise _DoubtError
    if number != frame.height:  # some cells hold line breaks
        for column in frame:
            rows = column.str.contains("\n", literal=True).arg_true()  # a look is faster than a count
            lines[rows.to_numpy()] += column.gather(rows).str.count_matches("\n", literal=True).to_numpy()
        returns -= sum(frame.select(pl.all().str.count_matches("\r", literal=True).sum()).row(0)) if returns else 0
    adds_up = sum(sizes) + around + returns + frame.height * dialect.width == len(piece)
    if not adds_up or lines.sum() != number or returns != frame.height * (len(line_end) - 1):
        raise _DoubtError
    columns = [_shared(column, size) for column, size in zip(frame, sizes, strict=True)]
    return pl.DataFrame(columns).rechunk(), lines  # else the columns would be in pieces that do not match


def _shared(column: pl.Series, size: int) -> pl.Series:
    """The same cells, of which equal ones that stand together share their bytes: the text of an item is there once.

    Args:
        column: String.
        size: the bytes of its cells.
    """
    if size <= _BYTES_WITHIN * column.len():
        return column
    starts = np.flatnonzero(column.ne_missing(column.shift()).to_numpy())
    if 2 * starts.size > column.len():
        return column
    distinct = column.gather(starts) + ""  # the sum is made anew; what is gathered alone may hold on to the others
    times = np.diff(starts, append=column.len())
    return distinct.gather(np.repeat(np.arange(starts.size, dtype=np.uint32), times)).alias(column.name)


def _quotes_around_cells(piece: bytes, separator: str) -> int:
    """The number of quotes that are no part of a cell: those that open or close one, and one of each doubled pair.

    Raises:
        _DoubtError: a quote stands within a field and is not doubled.
    """
    data = np.frombuffer(piece, dtype=np.uint8)
    places = np.flatnonzero(data == _QUOTE)
    opening, closing = places[::2], places[1::2]
    is_doubled = opening[1:] == closing[:-1] + 1
    is_edge = np.zeros(256, dtype=bool)
    is_edge[[ord(separator), _LF, _CR]] = True
    is_behind = is_edge[data[opening - 1]]  # of the first byte the last one, which ends a line
    is_before = is_edge[data[closing + 1]]
    if not (is_behind[:1].all() and is_before[-1:].all() and (is_doubled | (is_behind[1:] & is_before[:-1])).all()):
        raise _DoubtError
    return places.size - int(is_doubled.sum())
