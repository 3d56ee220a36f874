"""The names of a table's columns: every column with content has one of its own, and the header is no row of data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from judgekit.errors import DataError
from judgekit.tables.column_names import is_known_name, normalise
from judgekit.tables.shapes import reads_like_its_column

_INVISIBLE = " \t\r\n\f\v\xa0\ufeff\u200b\u200c\u200d\u2060\xad"
"""Spaces, and letters that are not seen: they come from web pages and joined files."""
_CONTROL = r"[\x00-\x08\x0e-\x1f\x7f]"
_BESIDE_ANSWERS = frozenset(
    {
        "timestamp", "zeitstempel", "horodateur", "marcatemporal", "responseid", "datesubmitted", "lastpage",
        "startlanguage", "submitdate", "submitdateutc", "startdate", "starttime", "completiontime", "startzeit",
        "respondentid", "collectorid", "informazionicronologiche", "tijdstempel", "submissionid", "submittedat",
    }
)  # fmt: skip
"""Columns of Google and Microsoft Forms, LimeSurvey, Qualtrics, SurveyMonkey, Typeform and Tally."""
INDEX_NAME = "Unnamed: 0"
"""What pandas calls an index without a name."""


def under_names(path: Path, names: Sequence[str], body: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """The columns of a table under their names; a first column without one that counts the rows is the index.

    Args:
        path: the file, for messages.
        names: as they are in the file, one for each column of `body`; spaces around them do not count.
        body: the cells, String, under any names.

    Returns:
        The table without its columns that have neither name nor content, and notes.

    Raises:
        DataError: a column with content has no name, a name stands twice, or cannot be a name.
    """
    notes: list[str] = []
    problems: list[str] = []
    kept: dict[str, list[int]] = {}
    for number, name in enumerate(name.strip(_INVISIBLE) for name in names):
        column = body.to_series(number)
        if not name and (column == "").all():
            notes.append(f"Column {number + 1} has no name and no content; it was left out.")
            continue
        if not name and number == 0 and column.n_unique() == column.len() and column.str.contains(r"^\d+$").all():
            name = INDEX_NAME
            notes.append(f"Column 1 has no name and counts the rows; it is called {INDEX_NAME!r}.")
        elif not name:
            problems.append(f"{path.name}: column {number + 1} has content and no name in the header")
        elif is_no_name(name):
            problems.append(f"{path.name}: {name!r} cannot be the name of a column")
        kept.setdefault(name, []).append(number)
    for name, numbers in kept.items():
        if name and len(numbers) > 1:
            places = " and ".join(str(number + 1) for number in numbers)
            problems.append(f"{path.name}: the header names {name!r} twice: columns {places}")
    if problems:
        raise DataError(
            f"{path.name}: the header cannot be used.", problems=problems, hint="Give every column a name of its own."
        )
    if not kept:
        raise DataError(f"{path.name} has no columns.", hint="It needs a header that names them, and rows below it.")
    columns = [body.to_series(number).alias(name) for name, (number,) in kept.items()]
    return pl.DataFrame(columns), notes


def is_no_name(name: str) -> bool:
    """Whether a text cannot name a column: polars would take it for a pattern, or it drives the terminal."""
    return name == "*" or (name.startswith("^") and name.endswith("$")) or re.search(_CONTROL, name) is not None


def has_import_ids(body: pl.DataFrame) -> bool:
    """Whether the second row below the header holds the ids of Qualtrics, whose exports have three header rows."""
    return body.height > 2 and all(re.match(r'\s*\{"ImportId"', cell) for cell in body.row(1))


def _is_survey(names: Sequence[str]) -> bool:
    """Whether columns are those that a form puts before the answers; the questions may be texts of any length."""
    plain = {normalise(name.split(".")[0]) for name in names}
    return bool(plain & _BESIDE_ANSWERS)


def refuse_data_as_header(place: str, body: pl.DataFrame) -> None:
    """A first row of data would be lost as a header, in silence; a known name anywhere in it clears the doubt.

    Args:
        place: file and row of the header, for the message.
        body: the rows below it, under its names.

    Raises:
        DataError: the names read like data.
    """
    if any(is_known_name(name) for name in body.columns) or has_import_ids(body) or _is_survey(body.columns):
        return
    is_alike = body.height > 1 and all(reads_like_its_column(name, body.get_column(name)) for name in body.columns)
    for name in body.columns:
        if re.fullmatch(r"-?\d+([.,]\d+)?", name) or len(name) > 80 or is_alike:
            reason = f"{name[:40]!r} does not read like a column name"
        elif (body.get_column(name) == name).any():
            reason = f"{name!r} also stands below it, in its own column"
        else:
            continue
        raise DataError(
            f"{place}: the first row looks like data, not like a header: {reason}.",
            hint="Add a first row that names the columns, for example item_id, annotator_id, text, label.",
        )
