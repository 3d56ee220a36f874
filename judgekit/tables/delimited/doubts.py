"""Tables that read without an error and are wrong all the same: joined files, swallowed rows, another delimiter."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import polars as pl

from judgekit.errors import DataError
from judgekit.tables.column_names import is_known_name
from judgekit.tables.delimited.dialect import DELIMITERS, NO_DELIMITER, Dialect
from judgekit.tables.header import refuse_data_as_header
from judgekit.tables.shapes import like_those_of
from judgekit.tables.source import ROW, SourceTable

_SAMPLE_ROWS = 2_000
_MOST_CELLS = 10_000
_RARELY = 0.01
_MOSTLY, _NEARLY_ALWAYS = 0.6, 0.9
_FEW_ROWS = 5
_MOST_SEARCHED = 100
_APART = "Give the files one by one (judgekit ingest a.csv b.csv), or delete the repeated header lines."


def refuse_doubtful(table: SourceTable, dialect: Dialect) -> None:
    """Refuse a table whose cells say that it was not read as it was meant.

    Args:
        table: rows under the names of the header.
        dialect: how the file was read.

    Raises:
        DataError: the header reads like data, or like several names; a header stands between the rows; or a text reads
            like several rows.
    """
    _refuse_header_between_rows(table)
    if table.frame.width == 1:
        _refuse_unsplit(table)
    if dialect.delimiter != NO_DELIMITER:
        refuse_data_as_header(f"{table.name} line {dialect.header_line + 1}", table.frame)
    if not _is_row_a_line(table):
        _refuse_swallowed_rows(table, dialect)
    if table.frame.width > 1 and all(re.fullmatch(r"\s*:?-{3,}:?\s*", cell) for cell in table.frame.row(0)):
        raise DataError(f"{table.place([0])}: a line is drawn there, as in a Markdown table.", hint="Save it as CSV.")


def _refuse_unsplit(table: SourceTable) -> None:
    """One column whose name is several, or whose lines fall into the same number of fields, is none."""
    lines = table.frame.to_series(0)
    unquoted = lines.str.replace_all('"[^"]*"', "")
    heads = [table.frame.columns[0], *lines.head(_FEW_ROWS)]
    for mark in (*DELIMITERS, " "):
        marks = unquoted.str.count_matches(mark, literal=True)
        usual = marks.mode().item(0) if mark != " " else 0
        alike = int((marks == usual).sum())
        # Prose has commas and semicolons, but hardly the same number in every line; it has neither tabs nor bars.
        if mark in ",;" and lines.len() <= _FEW_ROWS:
            is_regular = usual > 1 and alike == lines.len() > 1
        else:
            is_regular = (
                usual > 0 and alike > (_NEARLY_ALWAYS if mark in ",;" and usual == 1 else _MOSTLY) * lines.len()
            )
        known = max(sum(is_known_name(part) for part in head.split(mark)) for head in heads)
        if is_regular or '"' in heads[0] or known > (2 if mark == " " else 1):
            raise DataError(
                f"{table.name} was read as one column, but its lines have several fields, separated by {mark!r}.",
                hint="Give the header a name for each of them, separated alike; no line may be in quotes as a whole.",
            )


def _refuse_header_between_rows(table: SourceTable) -> None:
    """Files that were joined leave their byte order marks and their headers between the rows."""
    frame = table.frame
    marked = frame.to_series(0).str.starts_with("\ufeff").arg_true().to_list()
    if marked:
        raise DataError(f"{table.place(marked)}: a byte order mark, as if files had been joined.", hint=_APART)
    found = frame.with_row_index(ROW)
    if frame.height * frame.width > _MOST_CELLS:
        # A header has one of these names in every column, so only the column with the fewest values is searched.
        sample = frame.head(_SAMPLE_ROWS)
        column = min(frame.columns, key=lambda name: sample.get_column(name).n_unique())
        values = frame.get_column(column).unique()
        known = [name for name in values if is_known_name(name)] if values.len() <= _MOST_CELLS else []
        wanted = values.filter(values.is_in([*known, *frame.columns]))
        found = found.filter(pl.col(column).is_in(wanted.implode())) if wanted.len() else found.clear()
    rows = [row for row, *cells in found.iter_rows() if _is_header(cells, frame.columns)]
    repeated = [row for row, *cells in found.iter_rows() if cells == frame.columns]
    if repeated or 0 < len(rows) <= max(_FEW_ROWS, _RARELY * frame.height):  # if there are more, it is a label
        raise DataError(f"{table.place(rows)}: another header, as if files had been joined.", hint=_APART)


def _is_header(cells: list[str], names: list[str]) -> bool:
    """Whether a row names columns: those of its own table, one of them damaged or in another order, or known ones."""
    own = sum(cell == name for cell, name in zip(cells, names, strict=True))
    known = sum(is_known_name(cell) for cell in cells)
    if sorted(cells) == sorted(names) or own > max(1, len(names) - 2):
        return len(cells) > 1 or known > 0
    is_distinct = len(set(cells)) == len(cells) and not any(char.isdigit() for cell in cells for char in cell)
    return is_distinct and known > 1 and 2 * known >= len(cells)


def _is_row_a_line(table: SourceTable) -> bool:
    """Whether every row starts on the line below that of the one before, so that no cell holds a line break."""
    lines = table.lines
    is_next = lines is not None and lines.size > 0 and bool(lines[-1] - lines[0] == lines.size - 1)
    return is_next and not re.search(r"[\r\n]", "".join(table.frame.row(-1)))


def _refuse_swallowed_rows(table: SourceTable, dialect: Dialect) -> None:
    """A quote opened in one row and closed in a later one makes one long text of them, and breaks no rule of CSV.

    Such a text has as many delimiters as its line breaks need, or a line with those of a whole row; and where a row
    would end or start, it does so like the others. The two together do not happen by chance.
    """
    frame, between, mark = table.frame, dialect.width - 1, re.escape(dialect.delimiter)
    whole_row = rf"\n(?:[^{mark}\n]*{mark}){{{between}}}[^{mark}\n]*\n" if between <= _MOST_SEARCHED else "^$"
    found: set[int] = set()
    rows = _rows_of_several_lines(table)
    for name in frame.columns if between else ():
        cells = frame.get_column(name).gather(rows).alias("cell")
        # Texts with line breaks are few in most files and repeated in long ones.
        broken = cells.filter(cells.str.contains("\n", literal=True) | cells.str.contains("\r", literal=True)).unique()
        lines = broken.str.replace_all("\r\n?", "\n")
        breaks = lines.str.count_matches("\n", literal=True)
        is_whole = lines.str.count_matches(dialect.delimiter, literal=True) == breaks * between
        crossed = [cell for cell in broken if '"' in cell and _crosses_rows(cell, dialect.delimiter, between)]
        if crossed:
            found.update(rows[cells.is_in(crossed).to_numpy()].tolist())
        broken = broken.filter(is_whole | lines.str.contains(whole_row))
        if broken.len():
            is_start, is_end = like_those_of(frame.to_series(0)), like_those_of(frame.to_series(-1))
            suspects: list[str] = []
            for cell in broken:
                head, *inner, tail = [line.split(dialect.delimiter) for line in re.split(r"\r\n|\n|\r", cell)]
                ends = [head[-1], *(fields[-1] for fields in inner if len(fields) == between + 1)]
                starts = [tail[0], *(fields[0] for fields in inner if len(fields) == between + 1)]
                if any(end and is_end(end) for end in ends) or any(start and is_start(start) for start in starts):
                    suspects.append(cell)
            found.update(rows[cells.is_in(suspects).to_numpy()].tolist())
    if found:
        raise DataError(
            f"{table.place(sorted(found))}: a quoted text holds what looks like further lines of it.",
            hint="Look for a quote that is opened there and closed in a later line.",
        )


def _rows_of_several_lines(table: SourceTable) -> npt.NDArray[np.intp]:
    """The rows whose cells may hold line breaks: the last one, and those whose next row is not on the line below."""
    lines = np.zeros(table.frame.height) if table.lines is None else table.lines
    return np.flatnonzero(np.diff(lines, append=-1) != 1)


def _crosses_rows(cell: str, delimiter: str, between: int) -> bool:
    """Whether quotes in a text stand as those that end it and open that of the next row, a line break between them.

    From a field to the one below it there are as many delimiters as in a row.
    """
    pieces = re.sub(r"\r\n?", "\n", cell).split('"')[1:-1]
    if any(piece == "\n" for piece in pieces):  # every field is quoted
        return pieces.count(delimiter) >= between
    edges = (delimiter, "\n")
    return any(
        piece.count("\n") == 1
        and piece.count(delimiter) == between
        and piece.startswith(edges)
        and piece.endswith(edges)
        for piece in pieces
    )
