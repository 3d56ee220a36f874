"""Which records fit their header, and which of their neighbours can be trusted.

A text with a line break that is not quoted leaves pieces on lines of their own. Such a piece may have as many fields as
the header by chance, or because it is cut in the first or the last column. So a row beside one that does not fit is
kept only where the break between them is one for certain: the field before it is like others at the end of a row, or
the field behind it is like others at the start.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from judgekit.tables.column_names import is_known_name
from judgekit.tables.delimited.dialect import Dialect
from judgekit.tables.delimited.parsing import REST, BadLine, Parsed
from judgekit.tables.shapes import like_those_of
from judgekit.wording import counted

RAGGED = "the row does not fit the header"
BADLY_QUOTED = "the quotes of the row contradict each other"
UNCERTAIN = "the row may belong to a text of the row above or below it"
_NAMES_SHOWN = 6
_MOST_SHOWN = 100
_MTURK_LAST = ("Approve", "Reject")
"""Columns that the results of an MTurk batch have in the header, and in the rows only when they are filled in."""


class Fault(NamedTuple):
    """A row that was not read."""

    line: int
    reason: str
    what: str
    """What is wrong with it, in words."""
    fields: int = 0
    """Number of its fields; 0 where its quotes leave that open."""


class Fitted(NamedTuple):
    """A file with a header and rows that fit it."""

    names: tuple[str, ...]
    body: pl.DataFrame
    """The rows that fit, String without nulls, columns `c0` … in the order of `names`."""
    lines: npt.NDArray[np.int64]
    """Line of the file on which each of them starts, from 1."""
    blank: int
    """Lines without any text."""
    faults: list[Fault]
    """The other rows, in the order of their lines; only the first where most rows are such."""
    doubt: str
    """Why none of it can be trusted; empty when it can."""
    notes: list[str]


class _Row(NamedTuple):
    """A record that does not fit, and the fields at its ends."""

    fault: Fault
    place: int
    """Number of rows of the body before it."""
    first: str
    last: str


def fit(parsed: Parsed, dialect: Dialect) -> Fitted:
    """Part the rows that fit the header from those that do not."""
    rows = [_badly_quoted(parsed, line, dialect) for line in parsed.bad_lines]
    if parsed.frame.height == 0 or parsed.frame.row(0) != (*dialect.names, None):
        doubt = parsed.doubt or "the header line cannot be read"
        return Fitted(dialect.names, parsed.frame, parsed.starts, 0, [row.fault for row in rows], doubt, [])
    names, body, notes = _header_off_by_one(dialect, parsed.frame.slice(1))
    lines = parsed.starts[1:]
    is_empty = pl.all_horizontal(pl.all().str.strip_chars(f" \t{dialect.delimiter}").fill_null("") == "")
    marks = body.select(fits=pl.nth(len(names) - 1).is_not_null() & pl.col(REST).is_null(), empty=is_empty)
    fits, is_empty = (column.to_numpy() for column in marks.iter_columns())
    ragged = np.flatnonzero(~fits & ~is_empty)
    faulty = len(rows) + ragged.size
    doubt = parsed.doubt or _doubt_in(body[ragged], lines[ragged], len(names), dialect.delimiter)
    if not dialect.quote and body.select(pl.any_horizontal(pl.all().str.contains(r'(?s)^\s*".*"\s*$').any())).item():
        doubt = "some of its texts are quoted and others hold single quotes"
    if not dialect.names_columns:
        doubt = doubt or f"line {dialect.header_line + 1} names one of {dialect.width} columns only; is it a title?"
    if parsed.ends == "lone returns" and len(names) == 1:
        doubt = doubt or "its line ends are mixed, and some may be within texts that are not quoted"
    if 2 * faulty > body.height + len(rows):
        doubt = doubt or f"{faulty:,} of its rows do not fit the header, which is most of them"
        ragged = ragged[:_MOST_SHOWN]
    rows += _ragged_rows(body[ragged], ragged, lines[ragged], names, dialect.delimiter)
    rows.sort()
    faults = [row.fault for row in rows]
    kept = np.flatnonzero(fits)
    body = body.drop(REST) if kept.size == body.height else body.drop(REST)[kept]
    if rows and not doubt:
        uncertain, doubt = _uncertain(body, kept, rows, names[-1])
        faults += [
            Fault(int(lines[kept[row]]), UNCERTAIN, "it may belong to a text of the row above or below it")
            for row in uncertain
        ]
        if uncertain:
            body, kept = body[np.delete(np.arange(kept.size), uncertain)], np.delete(kept, uncertain)
    blank = parsed.blank + int((is_empty & ~fits).sum())
    return Fitted(names, body, lines[kept], blank, sorted(faults), doubt, notes)


def _header_off_by_one(dialect: Dialect, body: pl.DataFrame) -> tuple[tuple[str, ...], pl.DataFrame, list[str]]:
    """Header and body, mended where all rows have the same fields too many or too few, for a reason that is certain."""
    names, rest = dialect.names, body.get_column(REST)
    filled = [column.count() > 0 for column in body.iter_columns()][: len(names)]
    lacking = len(names) - max((number + 1 for number, is_filled in enumerate(filled) if is_filled), default=0)
    last = names[len(names) - lacking :]
    if 0 < lacking < len(names) and (last == _MTURK_LAST or not any(last)):
        empty = pl.when(pl.nth(len(names) - lacking - 1).is_not_null()).then(pl.lit(""))
        body = body.with_columns(empty.alias(f"c{number}") for number in range(len(names) - lacking, len(names)))
        return names, body, ["The rows end without the last delimiters of the header; those fields were read as empty."]
    # A header that lacks a delimiter, so that two of its names run together, would look the same but for its names; and
    # one or two rows with a comma in their text and no label as well.
    is_known = body.height > 2 and not rest.null_count() and all(is_known_name(name) for name in names)
    if is_known and rest.n_unique() == 1 and not rest.item(0).strip(dialect.delimiter):
        notes = ["The rows have one more delimiter at their end than the header; it was ignored."]
        return names, body.with_columns(pl.lit(None, pl.String).alias(REST)), notes
    return names, body, []


def _badly_quoted(parsed: Parsed, line: BadLine, dialect: Dialect) -> _Row:
    quote = dialect.quote
    what = f"a quoted text is never closed, or holds a {quote} that is not doubled"
    fields = [field.strip(f" {quote}") for field in line.text.rstrip("\r\n").split(dialect.delimiter)]
    place = int(np.searchsorted(parsed.starts[1:], line.line))
    return _Row(Fault(line.line, BADLY_QUOTED, what), place, fields[0], fields[-1])


def _ragged_rows(
    rows: pl.DataFrame,
    places: npt.NDArray[np.intp],
    lines: npt.NDArray[np.int64],
    names: tuple[str, ...],
    delimiter: str,
) -> list[_Row]:
    header = ", ".join(map(shown, names[:_NAMES_SHOWN])) + (", …" if len(names) > _NAMES_SHOWN else "")
    found: list[_Row] = []
    for place, line, (*cells, rest) in zip(places.tolist(), lines.tolist(), rows.iter_rows(), strict=True):
        fields = [cell for cell in cells if cell is not None] + ([] if rest is None else rest.split(delimiter))
        what = f"{counted(len(fields), 'field')}, the header has {len(names)} ({header})"
        found.append(_Row(Fault(line, RAGGED, what, len(fields)), place, fields[0], fields[-1]))
    return found


def _doubt_in(rows: pl.DataFrame, lines: npt.NDArray[np.int64], width: int, delimiter: str) -> str:
    """A record that holds a line break and delimiters enough for two rows may have swallowed one."""
    cells = pl.all().fill_null("")
    marks = pl.sum_horizontal(cells.str.count_matches(delimiter, literal=True)) + pl.sum_horizontal(
        pl.all().is_not_null()
    )
    has_break = pl.any_horizontal(cells.str.contains(r"[\r\n]"))
    found = rows.select((has_break & (marks > 2 * (width - 1))).arg_true()).to_series()
    return f"line {lines[found[0]]}: the row holds line breaks and does not fit the header" if found.len() else ""


def _uncertain(
    kept: pl.DataFrame, places: npt.NDArray[np.intp], rows: list[_Row], last_name: str
) -> tuple[list[int], str]:
    """Rows of `kept` that may be pieces of those that do not fit, and a doubt about all of them.

    Args:
        kept: the rows that fit.
        places: the row of each in the body.
        rows: those that do not fit, in order.
        last_name: of the header.
    """
    gaps: dict[int, list[_Row]] = {}
    for row in rows:
        gaps.setdefault(int(np.searchsorted(places, row.place)), []).append(row)
    first, last = kept.to_series(0), kept.to_series(kept.width - 1)
    is_beside = pl.int_range(kept.height, eager=True).is_in
    is_start = like_those_of(first.filter(~is_beside(list(gaps))), repeated=True)
    is_end = like_those_of(last.filter(~is_beside([gap - 1 for gap in gaps])), repeated=True)
    if 0 in gaps:  # a header that is cut leaves a line of one field
        top = gaps[0][0]
        if top.fault.fields < 2 and not is_known_name(last_name) and not is_start(top.first):
            return [], f"line {top.fault.line}: the line below the header may be a part of it"
    uncertain: set[int] = set()
    for gap, (top, *_, bottom) in ((gap, [*found, found[-1]]) for gap, found in gaps.items()):
        behind, row = top.first, gap - 1
        while row >= 0 and row not in uncertain and not (is_end(last[row]) or is_start(behind)):
            uncertain.add(row)
            behind, row = first[row], row - 1
        before, row = bottom.last, gap
        while row < kept.height and row not in uncertain and not (is_start(first[row]) or is_end(before)):
            uncertain.add(row)
            before, row = last[row], row + 1
        if 2 * (len(rows) + len(uncertain)) > kept.height + len(rows):
            return [], f"line {top.fault.line}: where the rows next to it start and end is not certain"
    return sorted(uncertain), ""


def shown(name: str) -> str:
    """A name of a file's own, safe to print: escape sequences would reach the terminal."""
    return name.strip() if name.strip().isprintable() else repr(name)
