"""One dialect over one file: DuckDB parses in strict mode, and what it makes of the file must add up to all of it.

Measured on DuckDB 1.5.6, why its report of ragged rows is not simply believed: a row with one field too many is taken
when the last one is empty, so that its cells may stand one column too far right; a quote that is open at the end of the
file drops the last lines in silence; after a badly quoted row it goes on at the next line, which may stand inside a
text. So short rows are padded with null and long ones kept with the `REST` of their fields, the letters of the cells
are held against those of the file, and a badly quoted line is taken out only where the next quote can but open a text.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl

from judgekit.tables.delimited.dialect import Dialect, sql_text
from judgekit.tables.delimited.lines import has_every_letter, line_starts, lines_at, starts_of_rows

REST = "rest"
"""Column with the fields of a row that the header has no place for, joined by the delimiter; null where none."""
_LONGEST_LINE_BYTES = 16_000_000
_SPARE_FIELDS = 64
_MOST_FIELDS = 2_000
_MOST_ROUNDS = 20
_QUOTES, _TOO_MANY = "UNQUOTED VALUE", "TOO MANY COLUMNS"
"""The parser's names for quotes that contradict each other, and for a row with more fields than it was told."""
_NO_CELL = "\x1e\x1d\x1e"
"""The text of a cell that is read as null: no cell has it, for null is what the parser pads with."""


LineEnds = Literal["alike", "mixed", "lone returns"]


class BadLine(NamedTuple):
    """A line that was taken out because its quotes contradict each other."""

    line: int
    text: str


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


class _Text(NamedTuple):
    """A file without some of its lines."""

    path: Path
    content: bytes
    removed: npt.NDArray[np.int64]
    """The lines it is without, numbered from 1 as in the whole file."""

    def in_file(self, lines: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Numbers of lines as in the whole file."""
        return lines + np.searchsorted(self.removed - np.arange(self.removed.size), lines, side="right")


class _Reject(NamedTuple):
    """A row that the parser could not take, as it reports it."""

    offset: int
    """Of its first byte, or of the line end before it."""
    kind: str
    message: str

    @property
    def what(self) -> str:
        """What is wrong with it, in words."""
        if self.kind == "LINE SIZE OVER MAXIMUM":
            return f"the row is longer than {_LONGEST_LINE_BYTES:,} bytes; a quote may be missing"
        if self.kind == _TOO_MANY:
            return f"the row has over {_MOST_FIELDS:,} fields too many"
        return self.message.splitlines()[0]


def parse(
    connection: duckdb.DuckDBPyConnection, source: Path, content: bytes, dialect: Dialect, folder: Path
) -> Parsed:
    """Read a whole file in one dialect.

    Args:
        connection: where the parser runs.
        source: the file on disk, UTF-8.
        content: its bytes.
        dialect: how to read it.
        folder: where altered copies of the file may stand.
    """
    text = _Text(source, content, np.zeros(0, dtype=np.int64))
    if dialect.header_line:  # DuckDB's own skip lost whole files after an unbalanced quote (measured)
        text = _without(text, np.arange(1, dialect.header_line + 1), line_starts(content), folder)
    bad_lines: list[BadLine] = []
    ends: LineEnds = "alike"
    doubt, spare = "", _SPARE_FIELDS
    for _ in range(_MOST_ROUNDS):
        try:
            frame, rejects = _read(connection, text.path, dialect, spare)
            tally = None if rejects else _tally(text.content, frame, dialect)
            if tally is None and not rejects:  # a quote that is open at the end of the file is reported here alone
                rejects = [one for one in _read(connection, text.path, dialect, 0)[1] if one.kind == _QUOTES]
        except duckdb.Error as error:
            if ends != "alike" or b"\r" not in text.content:
                return _nothing(str(error).splitlines()[0], bad_lines)
            # Mixed line ends put the strict parser into "an invalid state". A lone \r inside an unquoted cell then
            # splits its row, which does not fit the header any more, so nothing is lost by reading them all as \n.
            unified = text.content.replace(b"\r\n", b"\n")
            ends = "lone returns" if b"\r" in unified else "mixed"
            text = _on_disk(unified.replace(b"\r", b"\n"), text.removed, folder)
            continue
        if tally is not None:
            own = text.in_file(tally[0])
            torn = _torn_rows(text.content, frame, tally[0], dialect)
            bad_lines += [BadLine(int(own[row]), line) for row, line in torn.items()]
            kept = np.delete(np.arange(frame.height), list(torn))
            return Parsed(frame[kept] if torn else frame, own[kept], tally[1], bad_lines, doubt, ends)
        if spare < _MOST_FIELDS and any(reject.kind == _TOO_MANY for reject in rejects):
            spare = min(8 * spare, _MOST_FIELDS)
            continue
        lines = np.array(lines_at(text.content, [reject.offset for reject in rejects]), dtype=np.int64)
        numbers = text.in_file(lines).tolist()
        fatal = [f"line {line}: {one.what}" for line, one in zip(numbers, rejects, strict=True) if one.kind != _QUOTES]
        if fatal or not rejects:
            return _nothing(
                doubt or (fatal or ["the rows that are found do not account for all of its text"])[0], bad_lines
            )
        starts = line_starts(text.content)
        for line, number in zip(lines.tolist(), numbers, strict=True):
            start, end = int(starts[line - 1]), int(starts[line])
            bad_lines.append(BadLine(number, text.content[start:end].decode()))
            if not doubt and not _ends_outside_quotes(text.content, start, end, dialect):
                doubt = f"line {number}: where a text ends that is quoted there is not certain"
        text = _without(text, lines, starts, folder)
    return _nothing(doubt or "too many of its quotes contradict each other", bad_lines)


def _read(
    connection: duckdb.DuckDBPyConnection, source: Path, dialect: Dialect, spare: int
) -> tuple[pl.DataFrame, list[_Reject]]:
    """Records and rejects; rows are padded up to `spare` fields more than the header has, or not at all.

    In parallel DuckDB cannot pad rows whose texts have line breaks, and else it says nothing of a quote that is open at
    the end.
    """
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    names = [f"c{number}" for number in range(dialect.width + spare)]
    own, more = ", ".join(names[: dialect.width]), ", ".join(names[dialect.width :])
    columns = ", ".join(f"{name}: 'VARCHAR'" for name in names)
    rest = f"CASE WHEN c{dialect.width} IS NOT NULL THEN concat_ws({sql_text(dialect.delimiter)}, {more}) END"
    relation = connection.sql(
        f"SELECT {own}, {rest if spare else 'NULL'} AS {REST} "
        f"FROM read_csv({sql_text(str(source))}, auto_detect = false, header = false, columns = {{{columns}}}, "
        f"delim = {sql_text(dialect.delimiter)}, quote = {sql_text(dialect.quote)}, "
        f"escape = {sql_text(dialect.escape)}, nullstr = {sql_text(_NO_CELL)}, strict_mode = true, "
        f"null_padding = {bool(spare)}, parallel = {not spare}, store_rejects = true, "
        f"max_line_size = {_LONGEST_LINE_BYTES}, buffer_size = {2 * _LONGEST_LINE_BYTES})"
    )
    frame = pl.DataFrame(relation)  # over the Arrow capsule; relation.pl() would need pyarrow
    rejects = connection.execute(
        "SELECT line_byte_position - 1, max(error_type), arg_max(error_message, error_type) FROM reject_errors "
        "GROUP BY line_byte_position ORDER BY line_byte_position"
    ).fetchall()
    return frame, [_Reject(*reject) for reject in rejects]


def _tally(content: bytes, frame: pl.DataFrame, dialect: Dialect) -> tuple[npt.NDArray[np.int64], int] | None:
    """`starts_of_rows`, if the records add up to all of the text."""
    marks = dialect.quote + dialect.escape
    if has_every_letter(content, frame, delimiter=dialect.delimiter, marks=marks):
        return starts_of_rows(content, frame)
    return None


def _torn_rows(content: bytes, frame: pl.DataFrame, starts: npt.NDArray[np.int64], dialect: Dialect) -> dict[int, str]:
    """Rows with a quote that the parser took for a letter, although it seems to end a text, with their lines.

    Such a text may have been torn at its delimiters. Its pieces have an odd number of quotes; so have texts such as
    `5""`, which may be quoted well.
    """
    edge = re.escape(dialect.delimiter)
    if dialect.quote != '"' or b'"' not in content:
        return {}
    odd = pl.all().str.count_matches('"', literal=True) % 2 == 1
    is_ended = pl.all().str.contains(r'[^\d"]"$')
    rows = frame.select(
        ((pl.sum_horizontal(odd) > 1) | pl.any_horizontal(odd & is_ended).fill_null(False)).arg_true()
    ).to_series()
    if not rows.len():
        return {}
    escaped = r"\\." if dialect.escape == "\\" else '""'
    field = rf' *"(?:[^"{re.escape(dialect.escape)}]|{escaped})*" *|[^"{edge}]*'
    well_quoted = re.compile(rf"(?:{field})(?:{edge}(?:{field}))*", re.DOTALL)
    offsets, last = line_starts(content), len(starts) - 1
    lines: dict[int, str] = {}
    for row in rows:
        end = offsets[starts[row + 1] - 1] if row < last else len(content)
        line = content[offsets[starts[row] - 1] : end].decode().rstrip("\r\n")
        if not well_quoted.fullmatch(line):
            lines[row] = line
    return lines


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


def _without(text: _Text, lines: npt.NDArray[np.int64], starts: npt.NDArray[np.int64], folder: Path) -> _Text:
    """A text without some of its lines, numbered from 1 as in it."""
    cuts = np.concatenate([[0], np.column_stack([starts[lines - 1], starts[lines]]).ravel(), [starts[-1]]])
    pieces = [text.content[start:end] for start, end in cuts.reshape(-1, 2).tolist()]
    return _on_disk(b"".join(pieces), np.sort(np.concatenate([text.removed, text.in_file(lines)])), folder)


def _on_disk(content: bytes, removed: npt.NDArray[np.int64], folder: Path) -> _Text:
    path = folder / "altered.csv"
    path.write_bytes(content)
    return _Text(path, content, removed)


def _nothing(doubt: str, bad_lines: list[BadLine]) -> Parsed:
    return Parsed(pl.DataFrame(), np.zeros(0, dtype=np.int64), 0, bad_lines, doubt, "alike")
