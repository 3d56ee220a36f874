"""Delimited text to a `SourceTable`: the short way where all is clear, else by dialects; refused where in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from mmap import mmap
from pathlib import Path
from typing import NamedTuple

from judgekit.errors import MOST_PROBLEMS_SHOWN, DataError
from judgekit.tables.account import SetAside, in_words
from judgekit.tables.delimited.candidates import candidate_dialects
from judgekit.tables.delimited.dialect import NO_DELIMITER, Dialect
from judgekit.tables.delimited.doubts import refuse_doubtful
from judgekit.tables.delimited.parsing import LineEnds, parse
from judgekit.tables.delimited.ragged import Fault, Fitted, fit, shown
from judgekit.tables.delimited.well_formed import read_well_formed
from judgekit.tables.encoding import as_utf8
from judgekit.tables.header import under_names
from judgekit.tables.source import SourceTable
from judgekit.wording import counted

_DELIMITER_NAMES = {";": "semicolons", "\t": "tabs", "|": "vertical bars", ", ": "a comma and a space", " ": "spaces"}
_MEND = "Quote the text if it contains the delimiter, a line break or a quote (double the quotes inside)."


class _Attempt(NamedTuple):
    """What one dialect made of a file."""

    dialect: Dialect
    fitted: Fitted
    ends: LineEnds = "alike"


def read_table(
    path: Path,
    content: bytes | mmap,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    strict: bool = True,
) -> SourceTable:
    """Read a delimited text file with a header line, every cell as text.

    Args:
        path: the file, for messages.
        content: its bytes, in memory or mapped into it.
        delimiter: one character, when it should not be found out.
        encoding: the file's encoding, when it should not be found out.
        strict: refuse a file with rows that are ragged or badly quoted, instead of setting them aside.

    Raises:
        DataError: the file is empty, binary or without rows; the header is missing, has an unnamed or a
            repeated column; rows are ragged or badly quoted and `strict`, or most are, or the rows around them are
            not certain either: then all of them are listed; or a text, or the whole table, reads like another one.
    """
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise DataError(f"A delimiter is one character, not {delimiter!r}.", hint="For a tab give $'\\t'.")
    notes, warnings = list[str](), list[str]()
    clean = read_well_formed(content, delimiter=delimiter) if encoding is None else None
    if clean is not None and clean.dialect.names_columns:
        body, lines = clean.frame.slice(1), clean.starts[1:]
        attempt = _Attempt(clean.dialect, Fitted(clean.dialect.names, body, lines, 0, [], "", []))
    else:
        utf8 = as_utf8(path, content[:], encoding)
        notes += utf8.notes
        warnings += [utf8.warning] if utf8.warning else []
        attempt = _read_best(utf8.content, delimiter)
    dialect, fitted = attempt.dialect, attempt.fitted
    if fitted.doubt or (strict and fitted.faults):
        why = (
            f"it cannot be read: {fitted.doubt}"
            if fitted.doubt
            else f"{counted(len(fitted.faults), 'line')} cannot be read"
        )
        problems = [f"{path.name} line {fault.line}: {fault.what}" for fault in fitted.faults]
        raise DataError(f"{path.name}: {why}; nothing was read.", problems=problems, hint=_MEND)
    if fitted.body.height == 0 and not fitted.faults:
        raise DataError(
            f"{path.name} has a header ({', '.join(map(shown, fitted.names))}) and no rows.", hint="Add rows to it."
        )
    if attempt.ends != "alike":
        notes.append("The line ends are mixed.")
    notes += _about(dialect, fitted, delimiter_given=delimiter is not None)
    body, about_names = under_names(path, fitted.names, fitted.body)
    table = SourceTable(
        path,
        body,
        (*notes, *about_names),
        fitted.lines,
        set_aside=_set_aside(fitted.faults),
        warnings=tuple(warnings),
    )
    refuse_doubtful(table, dialect)
    return table


def _read_best(content: bytes, delimiter: str | None) -> _Attempt:
    """The first dialect in which every row fits, else the one in which most do, else the most plausible one."""
    attempts: list[_Attempt] = []
    for dialect in candidate_dialects(content, delimiter=delimiter):
        parsed = parse(content, dialect)
        attempt = _Attempt(dialect, fit(parsed, dialect), parsed.ends)
        fitted = attempt.fitted
        if not fitted.doubt and not fitted.faults and fitted.body.height >= dialect.fewest_rows:
            return attempt
        attempts.append(attempt)
    likely = [one for one in attempts if not one.fitted.doubt and not one.dialect.is_rare]
    if not likely:
        return next(one for one in attempts if one.fitted.doubt)
    return min(likely, key=lambda one: (one.dialect.fewest_rows, len(one.fitted.faults)))


def _set_aside(faults: Sequence[Fault]) -> tuple[SetAside, ...]:
    """The account of the rows that were not read, by reason."""
    account: list[SetAside] = []
    for reason in dict.fromkeys(fault.reason for fault in faults):
        found = [fault for fault in faults if fault.reason == reason]
        where = in_words(found, lambda fault: ("line", fault.line))
        details = tuple(f"line {fault.line}: {fault.what}" for fault in found[:MOST_PROBLEMS_SHOWN])
        account.append(SetAside(reason, len(found), where, is_fault=True, details=details))
    return tuple(account)


def _about(dialect: Dialect, fitted: Fitted, *, delimiter_given: bool) -> list[str]:
    """What was found out about a file, where it is not what everybody would expect."""
    notes = list(fitted.notes)
    if dialect.header_line:
        notes.append(
            f"{counted(dialect.header_line, 'line')} above the header (line {dialect.header_line + 1}) left out."
        )
    if fitted.blank:
        notes.append(f"{counted(fitted.blank, 'line')} without any text skipped.")
    if dialect.delimiter not in (",", NO_DELIMITER) and not delimiter_given:
        name = _DELIMITER_NAMES.get(dialect.delimiter, repr(dialect.delimiter))
        notes.append(f"The fields are separated by {name}.")
    if dialect.escape == "\\":
        notes.append('Quotes inside quoted texts are written \\" in this file.')
    elif not dialect.quote:
        notes.append("Quotes are part of the texts in this file; no field is quoted.")
    elif dialect.quote == "'":
        notes.append("Texts are quoted with ' in this file.")
    return notes
