"""Argilla 2 exports: flat, as its datasets are exported and stored on the Hub, or nested, as `records.to_json` writes.

Drafts and discarded responses are in the same lists as the submitted ones; suggestions come from models.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from judgekit.errors import DataError
from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.json_records.rows import UNLABELLED, as_cell
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.answers import Answers
from judgekit.tables.tools.format import Format

_RESPONSES, _USERS, _STATUS = ".responses", ".responses.users", ".responses.status"
_SUGGESTIONS = (".suggestion", ".suggestion.agent", ".suggestion.score")
_SUBMITTED, _UNKNOWN = "submitted", ""
_TITLE = "an Argilla export"
_NO_LABELS = "its responses are not labels, but spans, rankings or lists of objects"
_UNEQUAL = "the lists of responses, users and status are not equally long"


class _Response(NamedTuple):
    """What one user answered to one question of one record."""

    question: str
    value: Any
    user: str
    """Empty where the export does not say."""
    status: str


def is_export(records: Sequence[Record]) -> bool:
    """Whether records look like Argilla 2's, flat or nested."""
    return bool(records) and (all(map(_is_nested, records)) or all(map(_questions, records)))


def read(records: Records, companions: Sequence[Records] = ()) -> SourceTable:
    """One row per record and user, one label column per question.

    Raises:
        DataError: no record is Argilla's, or no submitted response holds a single label.
    """
    if not any(_is_nested(record) or _questions(record) for record in records.records):
        raise DataError(
            f"{records.path.name} is not {_TITLE}.",
            hint="Export it with dataset.records.to_datasets().to_json(…), or dataset.records.to_json(…).",
        )
    answers, left_out, knows_status = Answers(records), Counter[str](), False
    for n, record in enumerate(records.records):
        responses = list(_responses(record))
        if not responses:
            answers.account.set_aside(UNLABELLED, [n])
        knows_status |= any(one.status not in (_UNKNOWN, _UNEQUAL) for one in responses)
        item, data = record.get("id") or record.get("_server_id"), _data(record)
        # Responses without a user are distinguished by their place in the lists.
        users: dict[str, list[_Response]] = {}
        for place, one in enumerate(responses):
            users.setdefault(one.user or f"\x00{place}", []).append(one)
        for user, given in users.items():
            status = next((one.status for one in given if one.status not in (_SUBMITTED, _UNKNOWN)), None)
            if _UNEQUAL in (one.status for one in given):
                answers.account.set_aside(_UNEQUAL, [n], is_fault=True)
            elif status:
                answers.account.set_aside(f"the response is not submitted ({status})", [n])
            else:
                found = {one.question: _labels_in(one.value) for one in given}
                left_out.update(question for question, labels in found.items() if labels is None)
                if all(labels is None for labels in found.values()):
                    answers.account.set_aside(_NO_LABELS, [n])
                    continue
                labels = {question: labels for question, labels in found.items() if labels is not None}
                answers.add(n, item, "" if user.startswith("\x00") else user, data, labels)
    warnings = [
        "The export does not say which responses are submitted: drafts and discarded ones may be among the annotations."
        " An export by dataset.records.to_datasets() says it."
    ]
    spans = ", ".join(f"{number:,} of {question!r}" for question, number in left_out.items())
    return answers.table(
        item="id",
        annotator="user_id",
        notes=[f"Responses that are not labels were left out: {spans}."] if spans else [],
        warnings=[] if knows_status else warnings,
    )


def records_of(table: SourceTable) -> list[dict[str, Any]]:
    """The rows of a table whose cells hold the responses as JSON.

    Raises:
        DataError: a cell of responses is no JSON list.
    """
    frame, bad = table.frame, list[str]()
    names = [name for name in frame.columns if name.endswith((_RESPONSES, _USERS, _STATUS))]
    lists = {name: [_parsed(cell) for cell in frame.get_column(name)] for name in names}
    for name, cells in lists.items():
        wrong = [row for row, cell in enumerate(cells) if cell is not None and not isinstance(cell, list)]
        if wrong:
            bad.append(f"{table.place(wrong)}: {name} holds no JSON list")
    if bad:
        raise DataError(
            f"{table.name}: the responses cannot be read.",
            problems=bad,
            hint="Export as JSON or Parquet; CSV has no lists.",
        )
    return [row | {name: cells[n] for name, cells in lists.items()} for n, row in enumerate(frame.to_dicts())]


def _parsed(cell: str) -> Any:
    try:
        return json.loads(cell, parse_int=str, parse_float=str) if cell else None
    except ValueError:
        return cell


def _is_nested(record: Record) -> bool:
    responses = record.get("responses")
    return isinstance(record.get("fields"), Mapping) and isinstance(responses, Mapping) and "suggestions" in record


def _questions(record: Record) -> list[str]:
    return [name.removesuffix(_USERS) for name in record if name.endswith(_USERS)]


def _responses(record: Record) -> Iterator[_Response]:
    if _is_nested(record):
        for question, found in record["responses"].items():
            for one in found if isinstance(found, list) else ():
                if isinstance(one, Mapping):
                    yield _Response(question, one.get("value"), _name(one.get("user_id")), as_cell(one.get("status")))
        return
    for question in _questions(record):
        values, users, status = (
            found if isinstance(found := record.get(question + ending), list) else []
            for ending in (_RESPONSES, _USERS, _STATUS)
        )
        is_whole = len(values) == len(users) and len(status) in (0, len(values))
        for place in range(max(len(values), len(users))):
            if is_whole:
                state = as_cell(status[place]) if status else _UNKNOWN
                yield _Response(question, values[place], _name(users[place]), state)
            else:
                yield _Response(question, None, "", _UNEQUAL)


def _name(user: Any) -> str:
    return "" if user == "None" else as_cell(user)  # `None` is how Argilla writes a response of nobody


def _labels_in(value: Any) -> list[str] | None:
    """The labels of a response; None where it is no label: a span, or a rank of several."""
    if isinstance(value, list):
        if any(isinstance(one, Mapping | list) for one in value):
            return None
        return [as_cell(one) for one in value]
    if isinstance(value, Mapping):
        return None
    return [as_cell(value)] if as_cell(value).strip() else []


def _data(record: Record) -> dict[str, Any]:
    """Fields and metadata; vectors and what Argilla keeps for itself are left out."""
    if _is_nested(record):
        metadata = record.get("metadata")
        return {**(metadata if isinstance(metadata, Mapping) else {}), **record["fields"]}
    own = {"id", "_server_id", "status"}
    for question in _questions(record):
        own.update(question + ending for ending in (_RESPONSES, _USERS, _STATUS, *_SUGGESTIONS))
    return {name: value for name, value in record.items() if name not in own and not _is_vector(value)}


def _is_vector(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(one, Mapping | list) for one in value)


ARGILLA = Format(
    name="argilla",
    title=_TITLE,
    matches=is_export,
    read=read,
    matches_columns=lambda names: any(name.endswith(_USERS) for name in names),
    records_of=records_of,
)
