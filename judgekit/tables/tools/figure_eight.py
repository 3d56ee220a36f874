"""Figure Eight (CrowdFlower, Appen): the full report, one row per judgment.

Test questions (golden units) and tainted judgments, which the platform itself does not count, are set aside.
"""

from __future__ import annotations

from collections.abc import Sequence

from judgekit.errors import DataError
from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.json_records.rows import as_cell
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.format import Format
from judgekit.tables.tools.judgments import TRUE, read_judgments

_ITEM, _WORKER = "_unit_id", "_worker_id"
_GOLD = "_gold"


def is_report(names: Sequence[str]) -> bool:
    """Whether columns are those of a report, full or aggregated."""
    return _ITEM in names and (_WORKER in names or "_golden" in names or "_unit_state" in names)


def _read(records: Records, _companions: Sequence[Records]) -> SourceTable:
    rows = records.records
    names = list(dict.fromkeys(name for row in rows for name in row))
    if _WORKER not in names:
        raise DataError(
            f"{records.path.name} is an aggregated report of Figure Eight: one settled answer for each unit.",
            hint="Download the full report of the job instead; it has a row for each judgment.",
        )
    gold = {name for name in names if name.endswith(_GOLD)}
    asked = [name for name in names if f"{name}{_GOLD}" in gold] or _differing(rows, names)
    hidden = {*asked, *gold, *(f"{name}_gold_reason" for name in asked)}
    return read_judgments(
        records,
        item=_ITEM,
        annotator=_WORKER,
        data=lambda row: {
            name: value for name, value in row.items() if name[:1] != "_" and not _is_hidden(name, hidden)
        },
        found=lambda row: {name: as_cell(row.get(name)).split("\n") if row.get(name) else [] for name in asked},
        refused=_refused,
        notes=[f"The questions are {', '.join(map(repr, asked))}."],
    )


def _is_hidden(name: str, hidden: set[str]) -> bool:
    return name in hidden or name.startswith("orig__")


def _refused(row: Record) -> str:
    for name, reason in (
        ("_golden", "the unit is a test question"),
        ("orig__golden", "the unit is a test question"),
        ("_tainted", "the judgment is tainted"),
        ("_rejected", "the judgment is rejected"),
    ):
        if as_cell(row.get(name)).strip().casefold() in TRUE:
            return reason
    return ""


def _differing(rows: Sequence[Record], names: Sequence[str]) -> list[str]:
    """The columns that differ within a unit: what people answered."""
    first: dict[str, Record] = {}
    found: dict[str, None] = {}
    for row in rows:
        start = first.setdefault(as_cell(row.get(_ITEM)), row)
        found.update(dict.fromkeys(name for name in names if name[:1] != "_" and row.get(name) != start.get(name)))
    return list(found)


FIGURE_EIGHT = Format(
    "figure-eight",
    "a report of Figure Eight",
    lambda records: all(is_report([*record]) for record in records),
    _read,
    matches_columns=is_report,
)
