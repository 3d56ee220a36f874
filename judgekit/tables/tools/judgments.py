"""What the tables of crowd platforms share: a row is one person's answer, and the platform says which answers count."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.json_records.rows import as_cell
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.answers import Answers

_NOT_COUNTED = frozenset(
    {
        "rejected", "discarded", "draft", "pending", "skipped", "expired", "returned", "abandoned", "active",
        "cancelled", "canceled", "invalid", "declined",
    }
)  # fmt: skip
"""What platforms say of an answer that nobody is to count."""
TRUE, FALSE = frozenset({"true", "1", "yes", "on", "1.0"}), frozenset({"false", "0", "no", "off", "", "0.0"})


def refusal(status: Any) -> str:
    """Why an answer with this status does not count; empty where it does."""
    word = as_cell(status).strip().casefold()
    return f"the answer is {word}" if word in _NOT_COUNTED else ""


def read_judgments(
    records: Records,
    *,
    item: str,
    annotator: str,
    data: Callable[[Record], Mapping[str, Any]],
    found: Callable[[Record], Mapping[str, Sequence[str]]],
    refused: Callable[[Record], str],
    notes: Sequence[str] = (),
) -> SourceTable:
    """One row per answer that counts.

    Args:
        records: the rows of the platform's table.
        item: the column that identifies what was judged.
        annotator: the column of the person.
        data: what was shown, by column.
        found: the labels chosen, by question.
        refused: why a row does not count, or an empty text.
        notes: what the reader decided.

    Raises:
        DataError: no answer that counts holds a single label.
    """
    answers = Answers(records)
    for n, record in enumerate(records.records):
        if reason := refused(record):
            answers.account.set_aside(reason, [n])
        else:
            answers.add(n, record.get(item), record.get(annotator), data(record), found(record))
    return answers.table(item=item, annotator=annotator, notes=notes)


def chosen(value: Any) -> list[str]:
    """The labels that an answer holds: a scalar, the true ones of an object, or those within `label` and `labels`."""
    if isinstance(value, Mapping):
        within = next((value[key] for key in ("label", "labels", "value") if key in value), None)
        if within is not None:
            return chosen(within)
        return [str(key) for key, is_set in value.items() if as_cell(is_set).casefold() in TRUE]
    if isinstance(value, list):
        return list(dict.fromkeys(label for one in value for label in chosen(one)))
    text = as_cell(value).strip()
    return [text] if text else []


def parsed(cell: Any) -> Any:
    """What a cell of JSON stands for; any other cell as it is."""
    if not isinstance(cell, str) or cell[:1] not in ("[", "{"):
        return cell
    try:
        return json.loads(cell, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return cell  # a text in brackets


def one_hot_questions(rows: Sequence[Record], names: Iterable[str], separator: str) -> dict[str, dict[str, str]]:
    """Questions whose options have a column each: the label of every column, by question.

    Args:
        rows: of the table.
        names: the columns that may be options.
        separator: what stands between the name of a question and that of its option.
    """
    found: dict[str, dict[str, str]] = {}
    for name in names:
        cells = {as_cell(row.get(name)).strip().casefold() for row in rows}
        question, _, option = name.rpartition(separator)
        if option and cells <= TRUE | FALSE | {option.casefold()}:
            found.setdefault(question, {})[name] = option
    alone = {name: option for columns in found.values() if len(columns) == 1 for name, option in columns.items()}
    if len(set(alone.values())) < len(alone):  # `positive.on`, `negative.on`
        alone = {name: name.rpartition(separator)[0] for name in alone}
    several = {question: columns for question, columns in found.items() if len(columns) > 1}
    return several | ({"answer": alone} if len(alone) > 1 else {})


def chosen_of_columns(row: Record, columns: Mapping[str, str]) -> list[str]:
    """The options of a question that a row has set."""
    return [
        option
        for name, option in columns.items()
        if as_cell(row.get(name)).strip().casefold() in TRUE | {option.casefold()}
    ]
