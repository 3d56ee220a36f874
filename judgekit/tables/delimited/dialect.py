r"""One way to write records as text: what separates their fields, and how these are quoted.

A field is quoted, or it does not begin with a quote. Real files go beyond RFC 4180: spaces around a quoted field are no
part of it, quotes within an unquoted one are letters, and a quote within a quoted one may be written `\"`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

DELIMITERS = (",", "\t", ";", "|")
_LF, _CR = 10, 13
_MOST_GROUPS = 64
NO_DELIMITER = "\x1f"
"""For a file of one column: a character that no text contains, so that commas in its texts stay text."""


class Record(NamedTuple):
    """The fields of one record."""

    cells: list[str]
    end: int
    """Offset behind its last field: that of a line end, or the end of the content."""
    is_torn: bool
    """Whether a quote within an unquoted field seems to end a text, which may have been torn at its delimiters."""


class Dialect(NamedTuple):
    """One way to read a file; lines before `header_line` (0-based) are left out."""

    delimiter: str
    quote: str
    """Empty where no field is quoted."""
    escape: str
    """What stands before a quote inside a quoted text: another quote, or a backslash."""
    header_line: int
    names: tuple[str, ...]
    fewest_rows: int = 0
    """With fewer rows than this below its header the dialect is not to be believed."""

    @property
    def width(self) -> int:
        """Number of fields of the header."""
        return len(self.names)

    @property
    def is_rare(self) -> bool:
        """Whether it is believed only where every row fits."""
        return self.fewest_rows > 1

    @property
    def names_columns(self) -> bool:
        """Whether the first line is more than a title, which a spreadsheet saves with a delimiter for every column."""
        return self.width < 3 or sum(map(bool, self.names)) > 1

    def record(self, content: bytes, start: int = 0) -> Record | None:
        """The record that starts at an offset; None where its quotes contradict each other.

        Args:
            content: UTF-8.
            start: the offset of a line. The dialect has a quote.
        """
        field, delimiter = _field(*self[:3]), self.delimiter.encode()
        cells: list[str] = []
        is_plain = True  # no quote is a letter of an unquoted field
        while found := field.match(content, start):
            quoted, bare = found.groups()
            if quoted is None:
                cells.append(bare.decode())
                is_plain = is_plain and '"' not in cells[-1]
            elif self.escape == "\\":
                cells.append(re.sub(rb"\\(.)", rb"\1", quoted, flags=re.DOTALL).decode())
            else:
                cells.append(quoted.decode().replace(2 * self.quote, self.quote))
            start = found.end()
            if not content.startswith(delimiter, start):
                return Record(cells, start, not is_plain and self.quote == '"' and _seems_torn(cells))
            start += len(delimiter)
        return None

    def usual_record(self) -> Callable[[str], list[str]] | None:
        """What reads a line that is one record as wide as the header, well quoted, in a third of the time.

        Returns:
            A function from a line to its cells, none where `record` must be asked; None where there is none.
        """
        quote, mark = re.escape(self.quote), re.escape(self.delimiter)
        is_plain = len(self.delimiter) == 1 and self.delimiter != " " and self.width <= _MOST_GROUPS
        if not self.quote or self.quote != self.escape or not is_plain:
            return None
        inside = rf"[^{quote}]*+"
        field = rf"(?: *+{quote}({inside}(?:{quote * 2}{inside})*+){quote} *+|([^{mark}{quote}]*+))"
        match, doubled = re.compile(mark.join([field] * self.width)).fullmatch, 2 * self.quote

        def cells_of(line: str) -> list[str]:
            found = match(line)
            groups = found.groups("") if found else ()
            cells = [quoted + bare for quoted, bare in zip(groups[::2], groups[1::2], strict=True)]
            return [cell.replace(doubled, self.quote) for cell in cells] if doubled in line else cells

        return cells_of


@cache
def _field(delimiter: str, quote: str, escape: str) -> re.Pattern[bytes]:
    """A field: one group with what stands within its quotes, one with an unquoted text."""
    mark, quote_, escape_ = (re.escape(text).encode() for text in (delimiter, quote, escape))
    bare = rb"([^" + mark + rb"\r\n]*+)" if len(delimiter.encode()) == 1 else rb"((?:(?!" + mark + rb")[^\r\n])*+)"
    inside = rb"[^" + (quote_ if quote == escape else quote_ + escape_) + rb"]*+"
    escaped = 2 * quote_ if quote == escape else escape_ + rb"."
    opening = (rb"" if delimiter == " " else rb" *+") + quote_
    closing = quote_ + (rb"" if delimiter == " " else rb" *+") + rb"(?=" + mark + rb"|[\r\n]|\Z)"
    quoted = opening + rb"(" + inside + rb"(?:" + escaped + inside + rb")*+)" + closing
    return re.compile(quoted + rb"|(?!" + opening + rb")" + bare, re.DOTALL)


def line_starts(content: bytes) -> npt.NDArray[np.int64]:
    r"""Offset of the first byte of each physical line, which ends with `\r\n`, `\n` or `\r`, and of the end."""
    data = np.frombuffer(content, dtype=np.uint8)
    is_end = (data == _LF) | (data == _CR)
    is_end[:-1] &= ~((data[:-1] == _CR) & (data[1:] == _LF))  # of \r\n the \n is the end
    starts = np.concatenate([[0], np.flatnonzero(is_end) + 1])
    return starts if starts[-1] == data.size else np.append(starts, data.size)


def _seems_torn(cells: list[str]) -> bool:
    """Whether cells look like the pieces of a text: those have an odd number of quotes, as has a length of `5"`."""
    odd = [cell for cell in cells if cell.count('"') % 2]
    return len(odd) > 1 or any(re.search(r'[^\d"]"(?:"")*$', cell) for cell in odd)
