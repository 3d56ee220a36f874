"""The short way to read a file that obeys every rule of CSV, which most do: polars parses what is proved clean.

polars is ten times faster than the strict parser, but pads a short row in silence and takes a stray quote as it
comes. So the bytes are looked through first: every quote must open or close a field or be doubled. Afterwards the
cells, the delimiters, the line ends and the quotes must add up to the bytes of the file: polars refuses a row that is
too long, so they do only if every row is as wide as the header. Whatever is in doubt is left to the strict parser,
which says what is wrong and where.

Quotes are paired as in simdjson (Langdale and Lemire 2019, section 3.1.1): one bit per byte, 64 to a word, and a
running exclusive or over the quotes tells what stands inside a quoted field.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from judgekit.tables.delimited.dialect import DELIMITERS, Dialect

# Read in pieces, the file is never in memory as a whole. Larger ones take longer: their memory is never used again.
_PIECE_BYTES = 1 << 23
# Halves and doubles of it are slower: calls of numpy weigh in below, the cache is left above.
_BLOCK_BYTES = 1 << 19
_HEADER_BYTES = 1 << 16
_LONGEST_LINE_BYTES = 16_000_000
_LF, _CR, _QUOTE = 10, 13, 34
_Bits = npt.NDArray[np.uint64]
_ONE, _LAST = np.uint64(1), np.uint64(63)


class WellFormed(NamedTuple):
    """A file that obeys every rule."""

    dialect: Dialect
    frame: pl.DataFrame
    """Every record, header first, cells String without nulls, columns `c0` …"""
    starts: npt.NDArray[np.int64]
    """Line (from 1) on which each record starts."""


def read_well_formed(path: Path, content: bytes | None = None, *, delimiter: str | None = None) -> WellFormed | None:
    """Read a delimited file of two columns or more, if nothing about it is in doubt.

    Args:
        path: the file.
        content: its bytes, where they are not those on disk.
        delimiter: the user's word; else the first line must leave no choice.

    Returns:
        The records, or None where the strict parser has to decide: the file is missing, of another kind or not plain
        UTF-8, or it has blank lines, ragged rows, mixed line ends, NUL bytes or doubtful quotes.
    """
    if content is None and not path.is_file():
        return None
    with path.open("rb") if content is None else io.BytesIO(content) as file:
        return _read(file, delimiter)


def _read(file: BinaryIO, delimiter: str | None) -> WellFormed | None:
    head = file.read(_HEADER_BYTES).decode("utf-8", "replace")
    file.seek(0)
    dialect = _dialect(head, delimiter)
    if dialect is None:
        return None
    layout = _Layout(dialect.delimiter, b"\r\n" if re.match(r"[^\r\n]*\r\n", head) else b"\n")
    schema = {f"c{number}": pl.String for number in range(dialect.width)}
    frames: list[pl.DataFrame] = []
    cells = 0
    try:
        for piece in layout.pieces(file):
            frames.append(
                pl.read_csv(piece, has_header=False, separator=dialect.delimiter, schema=schema).fill_null("")
            )
            cells += sum(frames[-1].select(pl.all().str.len_bytes().sum()).row(0))
    except (_DoubtError, pl.exceptions.PolarsError):  # the latter: not UTF-8, or a row longer than the header
        return None
    frame = pl.concat(frames)
    adds_up = frame.height == layout.records and cells + layout.bytes_around_cells(dialect.width) == layout.bytes
    if not adds_up or frame.row(0) != dialect.names:
        return None
    return WellFormed(dialect, frame, layout.starts())


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


class _DoubtError(ValueError):
    """A file does not obey the rules, or may not."""


class _Layout:
    """Where the quotes and the line ends of a file stand, found block by block.

    Args:
        separator: the delimiter, one ASCII character.
        line_end: how the header ends, for the last line, which may lack its end.
    """

    def __init__(self, separator: str, line_end: bytes) -> None:
        self.bytes = self.lines = self.records = 0
        self._line_end = line_end
        self._separator = ord(separator)
        self._quotes = self._doubled = self._returns = 0
        self._breaks_in_cells: list[npt.NDArray[np.int64]] = []
        self._is_quoted = np.uint64(0)
        """1 where the lines looked through so far end within a quoted field."""
        self._marks = np.empty(0, dtype=bool)

    def pieces(self, file: BinaryIO) -> Iterator[bytes]:
        """The file in pieces of whole records, each looked through.

        Raises:
            _DoubtError: a quote, a line end or a NUL byte can mean several things, or a line is very long.
        """
        held: list[bytes] = []
        while piece := self._whole_lines(file):
            self._take(piece)
            held.append(piece)
            if not self._is_quoted:
                yield b"".join(held) if len(held) > 1 else piece
                held.clear()
        if self._is_quoted or self._returns not in (0, self.records):
            raise _DoubtError

    def _whole_lines(self, file: BinaryIO) -> bytes:
        start = file.tell()
        file.seek(_PIECE_BYTES - 1, io.SEEK_CUR)
        file.readline(_LONGEST_LINE_BYTES)
        end = file.tell()
        file.seek(start)
        piece = file.read(end - start)
        if piece and not piece.endswith(b"\n"):
            if file.read(1):
                raise _DoubtError
            piece += self._line_end
        return piece

    def _take(self, piece: bytes) -> None:
        """Look through some whole lines."""
        start = 0
        while start < len(piece):
            end = piece.rfind(b"\n", start, start + _BLOCK_BYTES) + 1 or piece.index(b"\n", start) + 1
            self._take_block(piece, start, end)
            start = end

    def _take_block(self, piece: bytes, start: int, end: int) -> None:
        if end - start > _LONGEST_LINE_BYTES or piece.find(b"\x00", start, end) >= 0:
            raise _DoubtError
        has_returns, has_quotes = piece.find(b"\r", start, end) >= 0, piece.find(b'"', start, end) >= 0
        data = np.frombuffer(piece, dtype=np.uint8, count=end - start, offset=start)
        breaks = self._bits(data, _LF)
        self.bytes += end - start
        self.lines += (lines := _number(breaks))
        if not (has_returns or has_quotes or self._is_quoted):
            self.records += lines
            return
        returns = self._bits(data, _CR) if has_returns else np.zeros_like(breaks)
        if not np.array_equal(_one_later(returns), _one_later(returns) & breaks):
            raise _DoubtError
        quoted = np.zeros_like(breaks) - self._is_quoted  # all bits of a word, or none
        if has_quotes:
            quotes = self._bits(data, _QUOTE)
            quoted ^= _running_xor(quotes)
            edges = self._bits(data, self._separator) | breaks | returns
            after_edge = _one_later(edges)
            after_edge[0] |= _ONE
            # A quote that opens in mid-field must follow one that closes in mid-field: together they are a doubled one.
            reopening = quotes & quoted & ~after_edge
            if not np.array_equal(reopening, _one_later(quotes & ~quoted & ~_one_earlier(edges))):
                raise _DoubtError
            self._is_quoted = quoted[-1] >> _LAST
            self._quotes += _number(quotes)
            self._doubled += _number(reopening)
        inside, outside = breaks & quoted, breaks & ~quoted
        if inside.any():
            self._breaks_in_cells.append(self.lines - lines + _ranks(inside, breaks))
        self.records += _number(outside)
        self._returns += _number(_one_later(returns) & outside)

    def _bits(self, data: npt.NDArray[np.uint8], byte: int) -> _Bits:
        """One bit per byte of the data, the first in the lowest bit of the first word."""
        if self._marks.size < data.size:
            self._marks = np.empty(-(-data.size // 64) * 64, dtype=bool)
        marks = self._marks[: -(-data.size // 64) * 64]
        np.equal(data, byte, out=marks[: data.size])
        marks[data.size :] = False
        return np.packbits(marks, bitorder="little").view("<u8")

    def bytes_around_cells(self, width: int) -> int:
        """Bytes of delimiters, line ends and quotes, if every record has `width` fields."""
        return self.records * width + self._returns + self._quotes - self._doubled

    def starts(self) -> npt.NDArray[np.int64]:
        """Line on which each record starts, from 1."""
        lines = np.arange(1, self.lines + 1)
        # A break within a cell is counted from 0, and the line after it begins no record.
        return np.delete(lines, np.concatenate(self._breaks_in_cells) + 1) if self._breaks_in_cells else lines


def _one_later(bits: _Bits) -> _Bits:
    moved = bits << _ONE
    moved[1:] |= bits[:-1] >> _LAST
    return moved


def _one_earlier(bits: _Bits) -> _Bits:
    moved = bits >> _ONE
    moved[:-1] |= bits[1:] << _LAST
    return moved


def _running_xor(bits: _Bits) -> _Bits:
    """Each bit: whether the number of set bits up to it, itself included, is odd."""
    odd = bits.copy()
    for step in (1, 2, 4, 8, 16, 32):
        odd ^= odd << np.uint64(step)
    before = np.bitwise_xor.accumulate(odd >> _LAST)
    odd[1:] ^= np.uint64(0) - before[:-1]
    return odd


def _number(bits: _Bits) -> int:
    return int(np.bitwise_count(bits).sum())


def _ranks(some: _Bits, every: _Bits) -> npt.NDArray[np.int64]:
    """How many bits of `every` stand before each bit of `some`, which are among them, in no order."""
    up_to = np.cumsum(np.bitwise_count(every), dtype=np.int64)
    found: list[npt.NDArray[np.int64]] = []
    words = np.flatnonzero(some)
    left = some[words]
    while words.size:
        lowest = left & (~left + _ONE)
        found.append(up_to[words] - np.bitwise_count(every[words] & (np.uint64(0) - lowest)))
        left ^= lowest
        words, left = words[left != 0], left[left != 0]
    return np.concatenate(found)
