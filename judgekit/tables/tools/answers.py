"""The answers of one tool's export: each becomes a row or is set aside with a reason; none is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from judgekit.config.roles import Roles
from judgekit.errors import DataError
from judgekit.tables.account import Account
from judgekit.tables.evidence import ColumnEvidence, weigh_columns
from judgekit.tables.json_records.records import Records
from judgekit.tables.json_records.rows import Rows, as_cell, refuse_names, spoken
from judgekit.tables.source import SourceTable
from judgekit.wording import counted

SEVERAL = "several choices at once are not a single label"
NOTHING = "nothing was chosen"


class _Answer(NamedTuple):
    """One annotator's answer for one item, to one question or to several."""

    record: int
    item: str
    annotator: str
    data: Mapping[str, Any]
    found: Mapping[str, Sequence[str]] | None

    def label(self, question: str) -> str:
        """The single label of a question, else an empty text."""
        labels = (self.found or {}).get(question, ())
        return labels[0] if len(labels) == 1 else ""


class Answers:
    """Collects the answers of one file, one by one, and makes the table of them.

    Args:
        records: the file; an answer is entered with the position of its record in it, from 0.
    """

    def __init__(self, records: Records) -> None:
        self.account = Account(records)
        """What becomes no row: answers, or items that nobody labelled, by their record."""
        self._records = records
        self._answers: list[_Answer] = []

    def add(
        self, record: int, item: Any, annotator: Any, data: Mapping[str, Any], found: Mapping[str, Sequence[str]] | None
    ) -> None:
        """Enter one answer.

        Args:
            record: position of its record.
            item: id of the item; None or empty where the tool gives none.
            annotator: id of the annotator, likewise.
            data: what was shown, by column.
            found: the labels chosen, by question; the answer is set aside unless a question has exactly one. None
                where the label is somewhere in the data.
        """
        self._answers.append(_Answer(record, as_cell(item), as_cell(annotator), data, found))

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
        questions, said = self._questions()
        answers = self._with_a_label(questions, said)
        if not answers and not may_be_empty:
            raise DataError(
                f"{self._records.path.name} holds no annotation with a single label.",
                problems=[f"{group.rows:,} set aside ({group.where}): {group.reason}" for group in self.account.aside],
                hint="Export the annotations of a question that has one label, or one rating, per annotator.",
            )
        taken = {item, annotator}
        label_of = {_free_name(question, taken): question for question in questions}
        data_of = {_free_name(key, taken): key for key in dict.fromkeys(key for one in answers for key in one.data)}
        items = [item] if any(one.item for one in answers) or not answers else []
        people = [annotator] if any(one.annotator for one in answers) or not answers else []
        rows = Rows(self._records, [*items, *data_of, *label_of, *people], self.account)
        for one in answers:
            data = [spoken(value := one.data.get(key)) or value for key in data_of.values()]
            labels = map(one.label, label_of.values())
            rows.add(one.record, *[one.item for _ in items], *data, *labels, *[one.annotator for _ in people])
        roles = Roles(item=item if items else None, annotator=annotator if people else None, label=tuple(label_of))
        return rows.table(roles, notes=[*notes, *said], warnings=warnings)

    def _questions(self) -> tuple[list[str], list[str]]:
        """The questions whose answers are labels, and what to say of the others.

        What annotators wrote in free words says what they chose, so it must not enter a prompt.
        """
        names = list(dict.fromkeys(question for answer in self._answers for question in answer.found or ()))
        refuse_names(self._records.path, names)
        columns = [pl.Series(name, [answer.label(name) for answer in self._answers], pl.String) for name in names]
        evidence = weigh_columns(pl.DataFrame(columns))
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
            if answer.found is None or any(map(answer.label, questions)):
                kept.append(answer)
                lost.update(several)
            else:
                self.account.set_aside(SEVERAL if several else NOTHING, [answer.record])
        said += [
            counted(n, f"answer to {name!r} holds", f"answers to {name!r} hold")
            + " several choices at once: left empty."
            for name, n in lost.items()
        ]
        return kept


def _reads_as_words(figures: ColumnEvidence) -> bool:
    repeats_nothing = figures.is_prose and figures.filled == figures.distinct > 2
    return figures.distinct > 1 and (repeats_nothing or not figures.could_be_labels)


def _free_name(name: str, taken: set[str]) -> str:
    """The name, marked as Label Studio does it where a column of the answer has it already."""
    while name in taken:
        name = f"_data_{name}"
    taken.add(name)
    return name
