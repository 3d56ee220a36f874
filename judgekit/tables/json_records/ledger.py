"""The account of one tool's export: every answer becomes a row or is set aside with a reason; none is lost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from judgekit.config.roles import Roles
from judgekit.errors import DataError
from judgekit.tables.account import Account
from judgekit.tables.evidence import ColumnEvidence, weigh_columns
from judgekit.tables.json_records.records import Records
from judgekit.tables.source import SourceTable

SEVERAL = "several choices at once are no single label"
NOTHING = "nothing was chosen"
UNLABELLED = "nobody labelled the item"


class _Answer(NamedTuple):
    """One annotator's answer for one item, to one question or to several."""

    record: int
    item: str
    annotator: str
    data: Mapping[str, Any]
    found: Mapping[str, Sequence[str]] | None


class Ledger:
    """Takes the answers of one file in, one by one, and gives the table and the account.

    Args:
        records: the file; answers are told by the position of their record in it.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._answers: list[_Answer] = []
        self._account = Account(records)

    def answer(
        self, record: int, item: Any, annotator: Any, data: Mapping[str, Any], found: Mapping[str, Sequence[str]] | None
    ) -> None:
        """Enter one answer.

        Args:
            record: position of its record, from 0.
            item: id of the item; None or empty where the tool gives none.
            annotator: id of the annotator, likewise.
            data: what was shown, by column.
            found: the labels chosen, by question; the answer is set aside unless a question has exactly one. None
                where the label is somewhere in the data.
        """
        self._answers.append(_Answer(record, as_cell(item), as_cell(annotator), data, found))

    def put_aside(self, record: int, reason: str, *, is_fault: bool = False) -> None:
        """Enter one answer, or one unlabelled item, that becomes no row."""
        self._account.set_aside(reason, [record], is_fault=is_fault)

    def table(
        self,
        *,
        item: str,
        annotator: str,
        notes: Sequence[str] = (),
        warnings: Sequence[str] = (),
        may_be_empty: bool = False,
    ) -> SourceTable:
        """The kept answers, one row each: item, data, labels, annotator. To be called once.

        Args:
            item: name of the item's column.
            annotator: name of the annotator's column.
            notes: what the reader decided.
            warnings: what may be a mistake.
            may_be_empty: whether a table without rows is no reason to refuse the file.

        Raises:
            DataError: no answer was kept, unless that may be; or a name cannot be a column's.
        """
        self._refuse_names()
        questions, said = self._questions()
        rows = self._with_a_label(questions, said)
        aside = self._account.aside
        if not rows and not may_be_empty:
            raise DataError(
                f"{self._records.path.name} holds no annotation with a single label.",
                problems=[f"{group.rows:,} set aside ({group.where}): {group.reason}" for group in aside],
                hint="Export the annotations of a question that has one label, or one rating, per annotator.",
            )
        taken = {item, annotator}
        label_of = {_free_name(question, taken): question for question in questions}
        data_of = {_free_name(key, taken): key for key in dict.fromkeys(key for row in rows for key in row.data)}
        columns = {
            item: [row.item for row in rows],
            **{name: [_readable(row.data.get(key)) for row in rows] for name, key in data_of.items()},
            **{name: [_single(row, question) for row in rows] for name, question in label_of.items()},
            annotator: [row.annotator for row in rows],
        }
        unnamed = [name for name in (item, annotator) if not any(columns[name])]
        return SourceTable(
            path=self._records.path,
            frame=pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)).drop(unnamed),
            notes=(*notes, *said),
            lines=self._records.positions[[row.record for row in rows]],
            unit=self._records.unit,
            roles=Roles(
                item=None if item in unnamed else item,
                annotator=None if annotator in unnamed else annotator,
                label=tuple(label_of),
            ),
            set_aside=aside,
            warnings=tuple(warnings),
        )

    def _refuse_names(self) -> None:
        names = {name for answer in self._answers for part in (answer.data, answer.found or ()) for name in part}
        # polars takes the first two for patterns; the program's own columns begin with a NUL.
        wrong = sorted(name for name in names if name == "*" or name[:1] + name[-1:] == "^$" or "\x00" in name)
        if wrong:
            raise DataError(
                f"{self._records.path.name}: {wrong[0]!r} cannot be the name of a column.",
                hint="Rename it in the file.",
            )

    def _questions(self) -> tuple[list[str], list[str]]:
        """The questions whose answers are labels, and what to say of the others.

        What annotators wrote in free words says what they chose, so it must not enter a prompt.
        """
        names = list(dict.fromkeys(question for answer in self._answers for question in answer.found or ()))
        columns = {name: [_single(answer, name) for answer in self._answers] for name in names}
        evidence = weigh_columns(pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String)))
        texts = [name for name in names if _reads_as_words(evidence[name])]
        if not texts or len(texts) == len(names):
            return names, []
        said = f"Answers in free words, or with too many values for labels, were left out: {', '.join(texts)}."
        return [name for name in names if name not in texts], [said]

    def _with_a_label(self, questions: Sequence[str], said: list[str]) -> list[_Answer]:
        """The answers with a single label to a question; the others are set aside."""
        kept: list[_Answer] = []
        lost = Counter[str]()
        for answer in self._answers:
            several = [question for question in questions if len((answer.found or {}).get(question, ())) > 1]
            if answer.found is None or any(_single(answer, question) for question in questions):
                kept.append(answer)
                lost.update(several)
            else:
                self.put_aside(answer.record, SEVERAL if several else NOTHING)
        said += [f"{n:,} answers to {name!r} hold several choices at once; they are empty." for name, n in lost.items()]
        return kept


def read_rows(table: SourceTable, read: Callable[[Records], SourceTable]) -> SourceTable:
    """What the reader of a tool makes of the rows of a table, with what was known of the table."""
    lines, unit = table.lines, table.unit
    if lines is None:
        lines, unit = np.arange(1, table.frame.height + 1, dtype=np.int64), "row"
    made = read(Records(table.path, table.frame.to_dicts(), lines, unit))
    return replace(
        made,
        notes=(*table.notes, *made.notes),
        warnings=(*table.warnings, *made.warnings),
        set_aside=(*table.set_aside, *made.set_aside),
    )


def as_cell(value: Any) -> str:
    """The text of a cell: JSON for lists and objects, an empty text for null."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def spoken(value: Any) -> str:
    """The turns of a dialogue or chat as they would be read aloud; empty for anything else."""
    if not isinstance(value, list) or not value:
        return ""
    for who, what in (("role", "content"), ("author", "text")):
        if all(isinstance(turn, Mapping) and {who, what} <= turn.keys() for turn in value):
            return "\n\n".join(f"{as_cell(turn[who])}: {as_cell(turn[what])}" for turn in value)
    return ""


def _readable(value: Any) -> str:
    return spoken(value) or as_cell(value)


def _single(answer: _Answer, question: str) -> str:
    labels = (answer.found or {}).get(question, ())
    return labels[0] if len(labels) == 1 else ""


def _reads_as_words(figures: ColumnEvidence) -> bool:
    repeats_nothing = figures.is_prose and figures.filled == figures.distinct > 2
    return figures.distinct > 1 and (repeats_nothing or not figures.could_be_labels)


def _free_name(name: str, taken: set[str]) -> str:
    """The name, marked as Label Studio does it where a column of the answer has it already."""
    while name in taken:
        name = f"_data_{name}"
    taken.add(name)
    return name
