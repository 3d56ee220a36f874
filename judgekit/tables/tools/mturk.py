"""Amazon Mechanical Turk: the results of a batch, one row per assignment. Rejected assignments do not count.

A HIT may show several items: `Input.text_1`, `Input.text_2` …, each with its `Answer.tone_1`, `Answer.tone_2` ….
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.json_records.rows import as_cell
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
_PART = "\x00part"
_OF_A_QUESTION = ("", "q", "question", "answer", "item")
"""`q1` and `q2` below two texts are two questions on both."""
_NUMBERED = re.compile(r"(\D*?)[\W_]*(\d+)(\D*)")
T = TypeVar("T")


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

    notes = ["Each HIT is an item; assignments that were rejected do not count."] if _STATUS in names else []
    inputs = [name for name in names if name.startswith(_INPUT)]
    numbers = _numbers_of_items(inputs, dict.fromkeys(question for row in rows for question in found(row)))
    if numbers:
        rows = [row | {_PART: n, _ITEM: f"{as_cell(row[_ITEM])}-{n}"} for row in rows for n in numbers]
        records = records._replace(positions=np.repeat(records.positions, len(numbers)))
        notes.append(
            f"Each HIT holds {len(numbers)} items, by the numbers {numbers[0]} to {numbers[-1]} of its columns."
        )
    return read_judgments(
        records._replace(records=rows),
        item=_ITEM,
        annotator=_WORKER,
        data=lambda row: _of_item(row, {name: row.get(name) for name in inputs}, numbers, with_rest=True),
        found=lambda row: _of_item(row, found(row), numbers, with_rest=False),
        refused=lambda row: refusal(row.get(_STATUS)),
        notes=notes,
    )


def _numbers_of_items(inputs: Iterable[str], questions: Iterable[str]) -> list[str]:
    """The numbers that tell the items of a HIT apart: those of inputs of one stem, and of a question as well."""
    shown = {frozenset(found) for found in _by_stem(inputs).values()}
    asked = {frozenset(found) for stem, found in _by_stem(questions).items() if stem.casefold() not in _OF_A_QUESTION}
    return sorted(max((one for one in shown & asked if len(one) > 1), key=len, default=()), key=int)


def _by_stem(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """The names with one number: by what is around it, and by the number."""
    found: dict[str, dict[str, str]] = {}
    for name in names:
        if match := _NUMBERED.fullmatch(name):
            before, number, after = match.groups()
            found.setdefault(f"{before}{after}".strip(". _-"), {})[number] = name
    return found


def _of_item(row: Record, cells: Mapping[str, T], numbers: Sequence[str], *, with_rest: bool) -> Mapping[str, T]:
    """The cells of one item of a HIT, without its number in their names; with those of the whole HIT, or without."""
    if not numbers:
        return cells
    stems = {stem: names for stem, names in _by_stem(cells).items() if set(names) == set(numbers)}
    of_items = {name for names in stems.values() for name in names.values()}
    rest = {name: cell for name, cell in cells.items() if with_rest and name not in of_items}
    return rest | {stem: cells[names[row[_PART]]] for stem, names in stems.items()}


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
