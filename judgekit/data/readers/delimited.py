"""Delimited text to a `SourceTable`: DuckDB parses in strict mode, and every doubtful row is refused with its line."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import NamedTuple

import duckdb
import polars as pl

from judgekit.data.columns import is_known_name
from judgekit.data.readers.dialect import NO_DELIMITER, Dialect, candidate_dialects, sql_text
from judgekit.data.readers.encoding import read_as_utf8
from judgekit.data.readers.lines import count_lines, lines_at, starts_of_rows
from judgekit.data.source import SourceTable
from judgekit.errors import DataError

_LONGEST_LINE_BYTES = 16_000_000
_DELIMITER_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}


class _Attempt(NamedTuple):
    """What one dialect made of a file."""

    dialect: Dialect
    content: bytes
    frame: pl.DataFrame
    """Every record, header first, cells String without nulls, columns `c0` …"""
    problems: list[str]


def read_table(path: Path, *, delimiter: str | None = None, encoding: str | None = None) -> SourceTable:
    """Read a delimited text file with a header line, every cell as text.

    Args:
        path: the file.
        delimiter: one character, when it should not be found out.
        encoding: the file's encoding, when it should not be found out.

    Raises:
        DataError: the file is missing, empty, binary or without rows; the header is missing, has an unnamed or a
            repeated column; or rows are ragged or badly quoted, in which case all of them are listed.
    """
    path = Path(path)
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise DataError(f"A delimiter is one character, not {delimiter!r}.", hint="For a tab give $'\\t'.")
    utf8 = read_as_utf8(path, encoding)
    with tempfile.TemporaryDirectory(prefix="judgekit-") as folder:
        attempt = _read_best(path, utf8.content, utf8.is_as_on_disk, Path(folder), delimiter)
    if attempt.problems:
        raise DataError(
            f"{path.name}: {_lines(len(attempt.problems))} cannot be read; nothing was read.",
            problems=attempt.problems,
            hint="Quote the text if it contains the delimiter, a line break or a quote (double the quotes inside).",
        )
    notes = list(utf8.notes)
    if b"\r" in utf8.content and b"\r" not in attempt.content:
        notes.append("The line ends are mixed; all were read as \\n.")
    return _finish(path, attempt, notes, delimiter_given=delimiter is not None)


def _read_best(path: Path, content: bytes, is_as_on_disk: bool, folder: Path, delimiter: str | None) -> _Attempt:
    """The first dialect that reads the whole file, else the one whose problems are worth showing."""
    source = path
    if not is_as_on_disk:
        source = folder / "utf8.csv"
        source.write_bytes(content)
    attempts: list[_Attempt] = []
    options: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    with duckdb.connect(config=options) as connection:
        for dialect in candidate_dialects(connection, str(source), content, delimiter=delimiter):
            if dialect.header_line:  # DuckDB's own skip lost whole files after an unbalanced quote (measured)
                body = _without_lines(content, dialect.header_line)
                here = folder / "body.csv"
                here.write_bytes(body)
            else:
                body, here = content, source
            attempt = _attempt(connection, path, here, body, dialect)
            # Below a preamble a table needs rows of its own to be believed.
            if not attempt.problems and (dialect.header_line == 0 or attempt.frame.height > 1):
                return attempt
            attempts.append(attempt)
    return attempts[0]


def _without_lines(content: bytes, number: int) -> bytes:
    ends = re.finditer(rb"\r\n|\n|\r", content)
    for _ in range(number - 1):
        next(ends)
    return content[next(ends).end() :]


def _attempt(
    connection: duckdb.DuckDBPyConnection, path: Path, source: Path, content: bytes, dialect: Dialect
) -> _Attempt:
    try:
        frame = _parse(connection, source, dialect)
    except duckdb.Error:
        # Mixed line ends put the strict parser into "an invalid state". A lone \r inside an unquoted cell then splits
        # its row and is refused as ragged, so nothing is lost by reading them all as \n.
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        try:
            with tempfile.TemporaryDirectory(prefix="judgekit-") as folder:
                unified = Path(folder) / "line_ends.csv"
                unified.write_bytes(content)
                frame = _parse(connection, unified, dialect)
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            return _Attempt(dialect, content, pl.DataFrame(), [f"{path.name}: {reason}"])
    problems = _rejects(connection, path, content, dialect)
    if not dialect.quote and not problems and _has_quoted_cells(frame):
        problems = [f"{path.name}: some texts are quoted and others hold single quotes"]
    return _Attempt(dialect, content, frame, problems)


def _has_quoted_cells(frame: pl.DataFrame) -> bool:
    return frame.select(pl.any_horizontal(pl.all().str.contains(r'^\s*".*"\s*$').any())).item()


def _parse(connection: duckdb.DuckDBPyConnection, source: Path, dialect: Dialect) -> pl.DataFrame:
    connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    columns = ", ".join(f"c{number}: 'VARCHAR'" for number in range(dialect.width))
    relation = connection.sql(
        f"SELECT * FROM read_csv({sql_text(str(source))}, auto_detect = false, header = false, "
        f"columns = {{{columns}}}, delim = {sql_text(dialect.delimiter)}, quote = {sql_text(dialect.quote)}, "
        f"escape = {sql_text(dialect.escape)}, "
        "nullstr = '', strict_mode = true, null_padding = false, store_rejects = true, "
        f"max_line_size = {_LONGEST_LINE_BYTES}, buffer_size = {2 * _LONGEST_LINE_BYTES})"
    )
    # Over the Arrow capsule; relation.pl() would need pyarrow. A file of text alone has no nulls but empty cells.
    return pl.DataFrame(relation).with_columns(pl.all().fill_null(""))


def _rejects(connection: duckdb.DuckDBPyConnection, path: Path, content: bytes, dialect: Dialect) -> list[str]:
    rows = connection.execute(
        "SELECT line_byte_position, min(error_type), min(error_message) FROM reject_errors "
        "GROUP BY line_byte_position ORDER BY line_byte_position"
    ).fetchall()
    header = f"the header has {dialect.width} ({', '.join(dialect.names[:6])}{', …' if dialect.width > 6 else ''})"
    problems: dict[int, str] = {}
    # The table's own `line` counts records; the byte position (1-based, sometimes on the line end before) does not.
    lines = lines_at(content, [row[0] - 1 for row in rows])
    for (_, kind, message), below in zip(rows, lines, strict=True):
        line = below + dialect.header_line
        found = re.search(r"Found: (\d+)", message)
        if kind in ("MISSING COLUMNS", "TOO MANY COLUMNS") and found:
            number = int(found[1])
            what = f"{number} field{'s' if number != 1 else ''}, {header}"
        elif kind == "UNQUOTED VALUE":
            what = f"a quoted text is never closed, or holds a {dialect.quote} that is not doubled"
        elif kind == "LINE SIZE OVER MAXIMUM":
            what = f"the row is longer than {_LONGEST_LINE_BYTES:,} bytes; a quote may be missing"
        else:
            what = message.splitlines()[0]
        problems.setdefault(line, f"{path.name} line {line}: {what}")
    return list(problems.values())


def _finish(path: Path, attempt: _Attempt, notes: list[str], *, delimiter_given: bool) -> SourceTable:
    """The header and the tally checked; the table under its own column names."""
    dialect, frame, content = attempt.dialect, attempt.frame, attempt.content
    if frame.height == 0 or tuple(frame.row(0)) != dialect.names:
        raise DataError(
            f"{path.name}: the header line cannot be read.", hint="The first line must name the columns, each once."
        )
    if frame.height == 1:
        raise DataError(f"{path.name} has a header ({', '.join(dialect.names)}) and no rows.", hint="Add rows to it.")
    tally = starts_of_rows(content, frame)
    if tally is None:
        raise DataError(
            f"{path.name}: {frame.height:,} rows were found, which do not account for its {count_lines(content):,} "
            "lines; nothing was read.",
            hint="Look for a quote that is opened and not closed, or save the file anew as CSV UTF-8.",
        )
    starts, blank = tally
    if dialect.header_line:
        notes.append(f"{_lines(dialect.header_line)} above the header (line {dialect.header_line + 1}) left out.")
    if blank:
        notes.append(f"{_lines(blank)} without any text passed over.")
    if dialect.delimiter in _DELIMITER_NAMES and dialect.delimiter != "," and not delimiter_given:
        notes.append(f"The fields are separated by {_DELIMITER_NAMES[dialect.delimiter]}.")
    if dialect.escape == "\\":
        notes.append('Quotes inside quoted texts are written \\" in this file.')
    elif not dialect.quote:
        notes.append("Quotes are part of the texts in this file; no field is quoted.")
    elif dialect.quote == "'":
        notes.append("Texts are quoted with ' in this file.")
    body = frame.slice(1)
    names, kept = _names(path, [name.strip().lstrip("\ufeff") for name in dialect.names], body, notes)
    body = body.select(pl.col(f"c{number}").alias(name) for number, name in zip(kept, names, strict=True))
    _refuse_data_as_header(path, dialect, body)
    lines = None if starts is None else starts[1:] + dialect.header_line
    table = SourceTable(path, body, tuple(notes), lines)
    _refuse_repeated_header(table)
    _refuse_swallowed_rows(table, dialect)
    return table


def _lines(number: int) -> str:
    return f"{number:,} line{'s' if number != 1 else ''}"


def _names(path: Path, names: list[str], body: pl.DataFrame, notes: list[str]) -> tuple[list[str], list[int]]:
    """The column names and the columns that stay: empty unnamed columns go, an unnamed index gets pandas' name."""
    kept: list[int] = []
    problems: list[str] = []
    named: list[str] = []
    for number, name in enumerate(names):
        if not name:
            column = body.get_column(f"c{number}")
            if (column == "").all():
                notes.append(f"Column {number + 1} has no name and no content; it was left out.")
                continue
            if number > 0 or column.n_unique() < column.len() or not column.str.contains(r"^\d+$").all():
                problems.append(f"{path.name}: column {number + 1} has content and no name in the header")
            name = "Unnamed: 0"
            notes.append("Column 1 has no name and counts the rows; it is called 'Unnamed: 0'.")
        kept.append(number)
        named.append(name)
    for name in dict.fromkeys(named):
        if name == "*" or (name.startswith("^") and name.endswith("$")):  # polars would take it for a pattern
            problems.append(f"{path.name}: {name!r} cannot be the name of a column")
        places = [str(number + 1) for number, other in zip(kept, named, strict=True) if other == name]
        if len(places) > 1:
            problems.append(f"{path.name}: the header names {name!r} twice: columns {' and '.join(places)}")
    if problems:
        raise DataError(
            f"{path.name}: the header cannot be used.", problems=problems, hint="Give every column a name of its own."
        )
    return named, kept


def _refuse_data_as_header(path: Path, dialect: Dialect, body: pl.DataFrame) -> None:
    """A first line of data would be lost as a header, in silence; a known name anywhere in it clears the doubt."""
    if dialect.delimiter == NO_DELIMITER or any(is_known_name(name) for name in body.columns):
        return
    for name in body.columns:
        if re.fullmatch(r"-?\d+([.,]\d+)?", name) or len(name) > 80:
            reason = f"{name[:40]!r} does not read like a column name"
        elif (body.get_column(name) == name).any():
            reason = f"{name!r} also stands below it, in its own column"
        else:
            continue
        raise DataError(
            f"{path.name} line {dialect.header_line + 1}: the first line looks like data, not like a header: {reason}.",
            hint="Add a first line that names the columns, for example item_id,annotator_id,text,label.",
        )


def _refuse_repeated_header(table: SourceTable) -> None:
    repeats = table.frame.select(pl.all_horizontal(pl.col(name) == name for name in table.frame.columns)).to_series()
    if repeats.any() and (table.frame.width > 1 or is_known_name(table.frame.columns[0])):
        rows = repeats.arg_true().to_list()
        raise DataError(
            f"{table.place(rows)}: the header is repeated there, as if files had been joined.",
            hint="Delete the repeated header lines.",
        )


def _refuse_swallowed_rows(table: SourceTable, dialect: Dialect) -> None:
    """A quote opened in one row and closed in a later one makes one long text of them, and breaks no rule of CSV.

    Such a text has as many delimiters as its line breaks need, and its first line ends, or its last begins, with a
    value of the last or the first column. The two together do not happen by chance.
    """
    frame, width = table.frame, dialect.width
    if width < 3:
        return
    first, last = frame.get_column(frame.columns[0]), frame.get_column(frame.columns[-1])
    rows: set[int] = set()
    for name in frame.columns:
        # Texts with line breaks are few in most files and repeated in long ones.
        cell = frame.with_row_index("\x00row").select("\x00row", pl.col(name).alias("cell"))
        cell = cell.filter(pl.col("cell").str.contains("\n", literal=True))
        if cell.height == 0:
            continue
        marks = pl.col("cell").str.count_matches(dialect.delimiter, literal=True)
        cell = cell.filter(marks == pl.col("cell").str.count_matches("\n", literal=True) * (width - 1)).with_columns(
            pl.col("cell").str.split("\n").list.first().str.strip_chars_end("\r").alias("head"),
            pl.col("cell").str.split("\n").list.last().str.split(dialect.delimiter).list.first().alias("start"),
        )
        ending = pl.col("head").str.split(dialect.delimiter).list.last()
        is_row = ending.is_in(last.unique().implode()) | pl.col("start").is_in(first.unique().implode())
        is_filled = (ending != "") | (pl.col("start") != "")
        rows.update(cell.filter(is_row & is_filled).get_column("\x00row").to_list())
    if rows:
        raise DataError(
            f"{table.place(sorted(rows))}: a quoted text holds what looks like further lines of it.",
            hint="Look for a quote that is opened there and closed in a later line.",
        )
