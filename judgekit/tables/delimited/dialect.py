"""Which delimiter, and on which line the header stands: DuckDB's sniffer proposes, the header line decides.

Measured on DuckDB 1.5.6, why the sniffer is not simply believed: one short row in a comma file makes it answer `|` with
one column; a one-column file with commas in its texts loses its first two lines as a "preamble"; a header that looks
like the data is taken for data. So its answer is the first of a few candidates, each of which the reader then tries
on the whole file in strict mode.
"""

from __future__ import annotations

import csv
import io
import re
from typing import NamedTuple

import duckdb

from judgekit.tables.column_names import is_known_name

DELIMITERS = (",", "\t", ";", "|")
NO_DELIMITER = "\x1f"
"""For a file of one column: a character that no text contains, so that commas in its texts stay text."""
_HEAD_BYTES = 1 << 16
_MOST_PREAMBLE_LINES = 30
_RARE_DELIMITERS = (":", "~", "^", " ")
_FEW_ROWS = 6
"""That many rows do not fall into three fields or more by chance."""
_SNIFFED_ROWS = 2048


class Dialect(NamedTuple):
    """One way to read a file; lines before `header_line` (0-based) are left out."""

    delimiter: str
    quote: str
    escape: str
    header_line: int
    names: tuple[str, ...]
    fewest_rows: int = 0
    """With fewer rows than this below its header the dialect is not to be believed."""

    @property
    def width(self) -> int:
        """Number of fields of the header."""
        return len(self.names)

    @property
    def names_columns(self) -> bool:
        """Whether the first line is more than a title, which a spreadsheet saves with a delimiter for every column."""
        return self.width < 3 or sum(map(bool, self.names)) > 1


def sql_text(text: str) -> str:
    """A text as an SQL literal. Bound parameters would make DuckDB import pandas where it is installed (0.5 s)."""
    return "'" + text.replace("'", "''") + "'"


def candidate_dialects(
    connection: duckdb.DuckDBPyConnection, path: str, content: bytes, *, delimiter: str | None
) -> list[Dialect]:
    """Dialects worth trying on a file, the most plausible first; never empty.

    Args:
        connection: where the sniffer runs.
        path: UTF-8 file to sniff.
        content: the same file's bytes.
        delimiter: the user's word, which is then the only one tried.
    """
    lines = _head_lines(content)
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    told = re.fullmatch(r'"?sep=(.)"?', lines[first].strip())
    if told and delimiter is None:  # the line by which Excel is told the delimiter
        delimiter, first = told[1], first + 1
    first = min(first, len(lines) - 1)
    wanted = (delimiter,) if delimiter else _by_sniffer_then_header(connection, path, lines[first : first + 1])
    plain = [_dialect(lines, first, mark) for mark in wanted]
    split = [dialect for dialect in plain if dialect.width > 1]
    spaced = [_dialect(lines, first, mark + " ") for mark in wanted if _is_spaced(lines[first], mark)]
    found = [
        *spaced,
        *split,
        # Other ways of quoting are tried only where the standard one meets errors.
        *(dialect._replace(escape="\\") for dialect in split if _escapes_quotes_only(content)),
        *(dialect._replace(quote="", escape="") for dialect in split if dialect.delimiter == "\t"),
    ]
    if not told:
        found += _below_a_preamble(lines, first, wanted)
    if not found:
        rare = [_dialect(lines, first, mark) for mark in _RARE_DELIMITERS] if delimiter is None else []
        found += [dialect._replace(fewest_rows=_FEW_ROWS) for dialect in rare if dialect.width > 2]
        found.append(_dialect(lines, first, delimiter or NO_DELIMITER))
    return found


def _head_lines(content: bytes) -> list[str]:
    head = content[:_HEAD_BYTES].decode("utf-8", "replace")
    # Not splitlines(): it also splits at form feeds and U+2028, which are no line ends of a table.
    return re.split(r"\r\n|\n|\r", head)


def _by_sniffer_then_header(connection: duckdb.DuckDBPyConnection, path: str, header: list[str]) -> tuple[str, ...]:
    line = header[0] if header else ""
    by_header = sorted(DELIMITERS, key=lambda mark: -line.count(mark))
    if sum(mark in line for mark in DELIMITERS) == 1:
        return tuple(by_header)  # no answer could change this, and asking takes a third of the reader's time
    try:
        rows = connection.execute(
            f"SELECT Delimiter FROM sniff_csv({sql_text(path)}, all_varchar = true, sample_size = {_SNIFFED_ROWS})"
        ).fetchall()
    except duckdb.Error:  # it found no dialect at all, as in a file with ragged rows
        return tuple(by_header)
    sniffed = rows[0][0] if rows else ""
    return tuple(dict.fromkeys([sniffed, *by_header])) if sniffed in DELIMITERS else tuple(by_header)


def _dialect(lines: list[str], header_line: int, delimiter: str) -> Dialect:
    quote = "'" if _is_single_quoted(lines[header_line]) else '"'
    names = _fields(lines[header_line:], delimiter, quote)
    return Dialect(delimiter, quote, quote, header_line, tuple(names))


def _fields(lines: list[str], delimiter: str, quote: str = '"') -> list[str]:
    """Fields of the first record; a quoted header name may run over several lines."""
    reader = csv.reader(
        io.StringIO("\n".join(lines), newline=""),
        delimiter=delimiter[0],
        quotechar=quote,
        skipinitialspace=len(delimiter) > 1,
    )
    try:
        return next(reader, [])
    except csv.Error:
        return lines[0].split(delimiter)


def _escapes_quotes_only(content: bytes) -> bool:
    r"""Whether backslashes could be escapes: before `n` or a letter they are text, and would be lost."""
    return b'\\"' in content and not re.search(rb'\\(?:[^"\\]|$)', content.replace(b"\\\\", b""))


def _is_single_quoted(line: str) -> bool:
    return '"' not in line and bool(re.search(r"(?:^|[,;\t|])'[^',;\t|]+'(?:[,;\t|]|$)", line.strip()))


def _is_spaced(line: str, delimiter: str) -> bool:
    """Whether a space stands behind every delimiter of a header."""
    return delimiter in line and line.count(delimiter) == line.count(delimiter + " ")


def _below_a_preamble(lines: list[str], first: int, delimiters: tuple[str, ...]) -> list[Dialect]:
    """Headers further down, below lines such as "Export of project X".

    Only a line that reads like a header counts: at least two names, none empty or repeated, two of them (or one under
    a comment) known names of columns; and no line above it may have as many fields. Anything less might lose rows.
    """
    if is_known_name(lines[first]):
        return []
    found: list[Dialect] = []
    for number in range(first + 1, min(first + 1 + _MOST_PREAMBLE_LINES, len(lines))):
        for mark in delimiters:
            names = [name.strip() for name in _fields(lines[number : number + 1], mark)]
            is_distinct = len(names) > 1 and all(names) and len(set(names)) == len(names)
            known = sum(is_known_name(name) for name in names)
            above = max(sum(bool(field) for field in _fields([line], mark)) for line in lines[first:number])
            if is_distinct and known >= (1 if lines[first].startswith("#") else 2) and above < len(names):
                found.append(_dialect(lines, number, mark)._replace(fewest_rows=1))
        if found:
            return found
    return found
