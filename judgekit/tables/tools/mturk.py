"""Amazon Mechanical Turk: the results of a batch, one row per assignment. Rejected assignments do not count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.format import Format
from judgekit.tables.tools.judgments import (
    chosen,
    chosen_of_columns,
    one_hot_questions,
    parsed,
    read_judgments,
    refusal,
)

_ITEM, _WORKER, _STATUS = "HITId", "WorkerId", "AssignmentStatus"
_INPUT, _ANSWER = "Input.", "Answer."


def is_batch(names: Sequence[str]) -> bool:
    """Whether columns are those of a batch's results."""
    return {_ITEM, _WORKER} <= set(names) and any(name.startswith(_ANSWER) for name in names)


def _read(records: Records, _companions: Sequence[Records]) -> SourceTable:
    names = list(dict.fromkeys(name for row in records.records for name in row))
    answers = [name for name in names if name.startswith(_ANSWER)]
    short = {name: name.removeprefix(_ANSWER) for name in answers}
    rows = [{short.get(name, name): parsed(value) for name, value in row.items()} for row in records.records]
    options = one_hot_questions(rows, short.values(), ".")
    hidden = {name for columns in options.values() for name in columns}

    def found(row: Record) -> dict[str, list[str]]:
        labels = {question: chosen_of_columns(row, columns) for question, columns in options.items()}
        for name in short.values():
            if name not in hidden:
                labels |= _labels(name, row.get(name))
        return labels

    return read_judgments(
        records._replace(records=rows),
        item=_ITEM,
        annotator=_WORKER,
        data=lambda row: {name: value for name, value in row.items() if name.startswith(_INPUT)},
        found=found,
        refused=lambda row: refusal(row.get(_STATUS)),
        notes=["Each HIT is an item; assignments that were rejected do not count."] if _STATUS in names else [],
    )


def _labels(name: str, value: Any) -> dict[str, list[str]]:
    """The labels of one column of answers; `taskAnswers` holds those of all questions."""
    if name == "taskAnswers" and isinstance(value, list):
        return {question: chosen(one) for part in value if isinstance(part, dict) for question, one in part.items()}
    return {name.removesuffix(".label"): chosen(value)}


MTURK = Format(
    "mturk",
    "the results of a Mechanical Turk batch",
    lambda records: all(is_batch([*record]) for record in records),
    _read,
    matches_columns=is_batch,
)
