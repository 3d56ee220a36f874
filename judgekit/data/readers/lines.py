"""Physical lines: where each row of a delimited file starts, and the proof that none was lost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

_LF, _CR, _QUOTE = 10, 13, 34


def count_lines(content: bytes) -> int:
    r"""Number of physical lines; `\r\n`, `\n` and `\r` each end one, the last may lack its end."""
    ends = content.count(b"\n") + content.count(b"\r") - content.count(b"\r\n")
    return ends + (0 if content.endswith((b"\n", b"\r")) or not content else 1)


def lines_at(content: bytes, offsets: Sequence[int]) -> list[int]:
    """Line (1-based) of the first byte at or after each offset that does not end a line."""
    ends = _line_ends(np.frombuffer(content, dtype=np.uint8))
    starts: list[int] = []
    for offset in offsets:
        while offset < len(content) and content[offset] in (_LF, _CR):
            offset += 1
        starts.append(offset)
    return [int(line) + 1 for line in np.searchsorted(ends, starts)]


def _line_ends(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.intp]:
    is_end = (data == _LF) | (data == _CR)
    is_end[:-1] &= ~((data[:-1] == _CR) & (data[1:] == _LF))  # of \r\n the \n is the end
    return np.flatnonzero(is_end)


def breaks_in_cells(frame: pl.DataFrame) -> npt.NDArray[np.int64]:
    """Line ends inside the cells of each row, `[rows]`."""
    total = np.zeros(frame.height, dtype=np.int64)
    for name in frame.columns:
        # One cheap literal search per column; the pattern runs only over the columns that need it.
        column = frame.get_column(name)
        if column.str.contains("\n", literal=True).any() or column.str.contains("\r", literal=True).any():
            total += column.str.count_matches(r"\r\n|\n|\r").to_numpy().astype(np.int64)
    return total


def starts_of_rows(content: bytes, frame: pl.DataFrame) -> tuple[npt.NDArray[np.int64] | None, int] | None:
    """Line (1-based within `content`) on which each record starts, header included, and the blank lines passed over.

    Args:
        content: UTF-8 bytes the frame was read from.
        frame: every record of it, header first; all cells String.

    Returns:
        The starts, None in their place when blank lines make them uncertain, and the number of blank lines; or None
        when the records do not tally with the lines: something was lost.
    """
    spans = breaks_in_cells(frame) + 1
    blank = count_lines(content) - int(spans.sum())
    if blank == 0:
        return np.cumsum(spans) - spans + 1, 0
    starts, blank_outside_quotes = _records_by_quotes(content)
    if blank_outside_quotes == blank and starts.size == frame.height:
        return starts, blank
    return (None, blank) if 0 < blank <= _blank_lines(content) else None


def _records_by_quotes(content: bytes) -> tuple[npt.NDArray[np.int64], int]:
    """Starts of the non-blank records and the number of blank ones: a line ends a record outside quotes only."""
    data = np.frombuffer(content if content.endswith((b"\n", b"\r")) else content + b"\n", dtype=np.uint8)
    ends = _line_ends(data)
    is_outside = np.bitwise_xor.accumulate((data == _QUOTE).view(np.uint8))[ends] == 0
    lengths = np.diff(ends, prepend=-1) - 1
    lengths -= (ends > 0) & (data[ends - 1] == _CR) & (data[ends] == _LF)
    starts_record = np.concatenate([[True], is_outside[:-1]])
    is_blank = starts_record & (lengths == 0) & is_outside
    return np.flatnonzero(starts_record & ~is_blank) + 1, int(is_blank.sum())


def _blank_lines(content: bytes) -> int:
    unified = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return sum(not line for line in unified.split(b"\n")) - unified.endswith(b"\n")
