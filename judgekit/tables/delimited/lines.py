"""Physical lines: where each row of a delimited file starts, and the proof that no line and no letter was lost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

_LF, _CR = 10, 13
_BREAK = r"\r\n|\n|\r"


def count_lines(content: bytes) -> int:
    r"""Number of physical lines; `\r\n`, `\n` and `\r` each end one, the last may lack its end."""
    ends = content.count(b"\n") + content.count(b"\r") - content.count(b"\r\n")
    return ends + (0 if content.endswith((b"\n", b"\r")) or not content else 1)


def line_starts(content: bytes) -> npt.NDArray[np.int64]:
    """Offset of the first byte of each physical line, and of the end of the last."""
    data = np.frombuffer(content, dtype=np.uint8)
    is_end = (data == _LF) | (data == _CR)
    is_end[:-1] &= ~((data[:-1] == _CR) & (data[1:] == _LF))  # of \r\n the \n is the end
    starts = np.concatenate([[0], np.flatnonzero(is_end) + 1])
    return starts if starts[-1] == data.size else np.append(starts, data.size)


def lines_at(content: bytes, offsets: Sequence[int]) -> list[int]:
    """Line (1-based) of the first byte at or after each offset that does not end a line."""
    starts: list[int] = []
    for offset in offsets:
        while offset < len(content) and content[offset] in (_LF, _CR):
            offset += 1
        starts.append(offset)
    return [int(line) for line in np.searchsorted(line_starts(content), starts, side="right")]


def starts_of_rows(content: bytes, frame: pl.DataFrame) -> tuple[npt.NDArray[np.int64], int] | None:
    """Line (1-based within `content`) on which each record starts, and the number of blank lines between them.

    No record starts on a blank line, so the lines with text belong to the records in their order.

    Args:
        content: UTF-8 bytes the frame was read from.
        frame: every record of it; cells String, null where a record has no such field.

    Returns:
        Starts and blank lines; None when the records do not tally with the lines: something was lost.
    """
    spans, blank_inside = _lines_of_rows(frame)
    blank = count_lines(content) - int(spans.sum())
    if blank == 0:
        return np.cumsum(spans) - spans + 1, 0
    first = np.frombuffer(content, dtype=np.uint8)[line_starts(content)[:-1]]
    filled = np.flatnonzero((first != _LF) & (first != _CR)) + 1
    own = spans - blank_inside
    return (filled[np.cumsum(own) - own], blank) if own.sum() == filled.size else None


def _lines_of_rows(frame: pl.DataFrame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Physical lines of each record, and how many of them are blank lines within a cell, both `[rows]`."""
    spans = np.ones(frame.height, dtype=np.int64)
    blank = np.zeros(frame.height, dtype=np.int64)
    for column in frame.iter_columns():
        # One cheap literal search per column; the pattern runs only over the columns that need it.
        if column.str.contains("\n", literal=True).any() or column.str.contains("\r", literal=True).any():
            breaks = column.str.count_matches(_BREAK).fill_null(0).to_numpy().astype(np.int64)
            spans += breaks
            blank += breaks - column.str.count_matches(f"(?:{_BREAK})+").fill_null(0).to_numpy()
    return spans, blank


def has_every_letter(content: bytes, frame: pl.DataFrame, *, delimiter: str, marks: str) -> bool:
    """Whether the cells account for every byte of a text, but line ends, spaces and `marks` (quote and escape).

    Spaces around quoted texts are no part of them, and the parser drops them.

    Args:
        content: UTF-8 bytes the frame was read from.
        frame: every record of it; cells String, null where a record has no such field.
        delimiter: what separates the fields; all of them are between two cells or within one.
        marks: the other characters that need not be in the cells.
    """
    cells = frame.fill_null("")
    left_out = "".join(dict.fromkeys(f"\r\n {marks}"))
    letters = len(content.translate(None, left_out.encode()))
    found = sum(cells.select(pl.all().str.len_bytes().cast(pl.Int64).sum()).row(0))
    for mark in left_out:
        if mark.encode() in content:
            found -= sum(cells.select(pl.all().str.count_matches(mark, literal=True).cast(pl.Int64).sum()).row(0))
    fields = sum(frame.select(pl.all().count()).row(0))
    return letters == found + (fields - frame.height) * len(delimiter.rstrip(" ").encode())
