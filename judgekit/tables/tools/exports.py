"""What the known formats make of the files that were read: each is recognised, and texts beside votes join them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from judgekit.errors import DataError
from judgekit.tables.json_records.records import Records
from judgekit.tables.json_records.table import read_json_table
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.format import RecordFormat
from judgekit.tables.tools.formats import RECORD_FORMATS, TABLE_FORMATS

PLAIN = "plain"
"""In place of the name of a tool: no file is to be recognised as one's."""
_RECORDS_SEEN = 20
"""Records that a format is recognised by."""


def tables_of(
    tables: Mapping[int, SourceTable], records: Mapping[int, Records], tool: str | None
) -> tuple[dict[int, SourceTable], list[DataError]]:
    """Make a table of every file, and let the formats say what they know about it.

    Args:
        tables: the files that are tables, by their number.
        records: those that are JSON.
        tool: name of the format that all files have, or `PLAIN`; None to find out.

    Returns:
        The tables by the number of the file, without the files that were read into others, and all problems.
    """
    formats = {n: _record_format(found, tool) for n, found in records.items()}
    companions = {
        n: known
        for known in dict.fromkeys(known for known in formats.values() if known)
        for n, found in records.items()
        if formats[n] is not known and known.is_companion(found.records[:_RECORDS_SEEN])
    }
    made: dict[int, SourceTable] = {}
    problems: list[DataError] = []
    for n in sorted([*tables, *(n for n in records if n not in companions)]):
        try:
            if n in tables:
                made[n] = _refined(tables[n], tool)
            else:
                beside = [records[other] for other, known in companions.items() if known is formats[n]]
                made[n] = _from_records(records[n], formats[n], beside, tool)
        except DataError as error:
            problems.append(error)
    return made, problems


def _record_format(found: Records, tool: str | None) -> RecordFormat | None:
    """The format of a JSON file, None where it is no tool's."""
    head = found.records[:_RECORDS_SEEN]
    if tool is None:
        return next((known for known in RECORD_FORMATS if known.matches(head)), None)
    named = (known for known in RECORD_FORMATS if known.name == tool)
    return next((known for known in named if not known.is_companion(head) or known.matches(head)), None)


def _from_records(found: Records, known: RecordFormat | None, beside: list[Records], tool: str | None) -> SourceTable:
    table = read_json_table(found) if known is None else known.read(found, beside)
    joined = [f"Joined to it: {', '.join(companion.path.name for companion in beside)}."] if beside else []
    said = [] if known is None else [f"The format is that of {known.title}."]
    table = replace(
        table,
        notes=(*found.notes, *said, *joined, *(note for one in beside for note in one.notes), *table.notes),
        set_aside=(*found.set_aside, *table.set_aside),
    )
    return _refined(table, tool) if known is None else table


def _refined(table: SourceTable, tool: str | None) -> SourceTable:
    """A table with what its format says, where it is a tool's."""
    columns = table.frame.columns
    for known in TABLE_FORMATS:
        if known.name == tool or (tool is None and known.matches(columns)):
            return known.refine(table)
    if tool in (None, PLAIN):
        return table
    raise DataError(f"{table.name} is a table, and --format {tool} reads JSON.", hint="Leave --format out.")
