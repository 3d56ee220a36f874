"""Toloka: the assignments of a pool, one row per task and performer; control tasks and rejected ones do not count."""

from __future__ import annotations

from collections.abc import Sequence

from judgekit.errors import DataError
from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.json_records.rows import as_cell
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.format import Format
from judgekit.tables.tools.judgments import chosen, parsed, read_judgments, refusal

_INPUT, _OUTPUT, _GOLDEN, _CONFIDENCE = "INPUT:", "OUTPUT:", "GOLDEN:", "CONFIDENCE:"
_ITEM, _WORKER, _STATUS = "ASSIGNMENT:task_id", "ASSIGNMENT:worker_id", "ASSIGNMENT:status"


def is_pool(names: Sequence[str]) -> bool:
    """Whether columns are those of a pool's assignments, or of its aggregated results."""
    return any(name.startswith(_INPUT) for name in names) and any(name.startswith(_OUTPUT) for name in names)


def _read(records: Records, _companions: Sequence[Records]) -> SourceTable:
    names = list(dict.fromkeys(name for row in records.records for name in row))
    if _WORKER not in names:
        what = (
            "aggregated results" if any(name.startswith(_CONFIDENCE) for name in names) else "results without workers"
        )
        raise DataError(
            f"{records.path.name} holds {what} of a Toloka pool: one settled answer for each task.",
            hint="Download the assignments of the pool instead; they have a column ASSIGNMENT:worker_id.",
        )
    inputs = [name for name in names if name.startswith(_INPUT)]

    def refused(row: Record) -> str:
        if any(name.startswith(_GOLDEN) and as_cell(value).strip() for name, value in row.items()):
            return "the task is a control task (GOLDEN), not an item"
        return refusal(row.get(_STATUS))

    rows = [
        row if row.get(_ITEM) else {**row, _ITEM: " ".join(as_cell(row.get(name)) for name in inputs)}
        for row in records.records
    ]
    return read_judgments(
        records._replace(records=rows),
        item=_ITEM,
        annotator=_WORKER,
        data=lambda row: {name.removeprefix(_INPUT): row.get(name) for name in inputs},
        found=lambda row: {
            name.removeprefix(_OUTPUT): chosen(parsed(value)) for name, value in row.items() if name.startswith(_OUTPUT)
        },
        refused=refused,
    )


TOLOKA = Format(
    "toloka",
    "the assignments of a Toloka pool",
    lambda records: all(is_pool([*record]) for record in records),
    _read,
    matches_columns=is_pool,
)
