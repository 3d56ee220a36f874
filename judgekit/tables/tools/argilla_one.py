"""Argilla 1: records of a FeedbackDataset, as its datasets or its API write them, and of text classification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.json_records.rows import UNLABELLED
from judgekit.tables.source import SourceTable
from judgekit.tables.structured_cells import parse_structure
from judgekit.tables.tools import argilla
from judgekit.tables.tools.answers import Answers
from judgekit.tables.tools.format import Format
from judgekit.tables.tools.judgments import chosen

_RESPONSE = {"user_id", "value", "status"}
_OWN = ("external_id", "metadata", "id", "vectors")
_CLASSIFIED = {"annotation", "annotation_agent", "prediction", "prediction_agent", "status"}


def _is_response(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() >= _RESPONSE


def _questions(records: Sequence[Record]) -> list[str]:
    """The keys that hold lists of responses."""
    keys = dict.fromkeys(key for record in records for key in record)
    lists = {
        key: [one for record in records if isinstance(found := record.get(key), list) for one in found] for key in keys
    }
    return [key for key, found in lists.items() if found and all(map(_is_response, found))]


def _is_of_api(record: Record) -> bool:
    responses = record.get("responses")
    return isinstance(record.get("fields"), Mapping) and isinstance(responses, list)


def _matches(records: Sequence[Record]) -> bool:
    is_classified = all(record.keys() >= _CLASSIFIED for record in records)
    return is_classified or all(map(_is_of_api, records)) or bool(_questions(records))


def _read(records: Records, _companions: Sequence[Records]) -> SourceTable:
    rows = records.records
    if all(row.keys() >= _CLASSIFIED for row in rows):
        return _read_classified(records)
    if all(map(_is_of_api, rows)):
        nested = [_of_api(row) for row in rows]
    else:
        asked = _questions(rows)
        nested = [_of_datasets(row, asked) for row in rows]
    return argilla.read(records._replace(records=nested))


def _of_datasets(row: Record, asked: Sequence[str]) -> dict[str, Any]:
    hidden = {*asked, *_OWN, *(f"{name}-suggestion{end}" for name in asked for end in ("", "-metadata"))}
    return {
        "id": row.get("external_id") or row.get("id"),
        "fields": {name: value for name, value in row.items() if name not in hidden},
        "responses": {name: row.get(name) or [] for name in asked},
        "metadata": _metadata(row),
        "suggestions": {},
    }


def _of_api(row: Record) -> dict[str, Any]:
    responses: dict[str, list[dict[str, Any]]] = {}
    for one in row["responses"]:
        values = one.get("values") if isinstance(one, Mapping) else None
        for name, value in values.items() if isinstance(values, Mapping) else ():
            value = value.get("value") if isinstance(value, Mapping) else value
            about = {"user_id": one.get("user_id"), "status": one.get("status"), "value": value}
            responses.setdefault(name, []).append(about)
    return {
        "id": row.get("external_id") or row.get("id"),
        "fields": row["fields"],
        "responses": responses,
        "metadata": _metadata(row),
        "suggestions": {},
    }


def _metadata(row: Record) -> Any:
    found = row.get("metadata")
    return parse_structure(found) if isinstance(found, str) else found


def _read_classified(records: Records) -> SourceTable:
    """Records with the one annotation that Argilla 1 keeps of a text."""
    answers = Answers(records)
    for n, row in enumerate(records.records):
        if row.get("status") in ("Discarded", "Default") or not row.get("annotation"):
            status = row.get("status")
            answers.account.set_aside("the record is discarded" if status == "Discarded" else UNLABELLED, [n])
            continue
        inputs = row.get("inputs")
        data = inputs if isinstance(inputs, Mapping) and inputs else {"text": row.get("text")}
        answers.add(n, row.get("id"), row.get("annotation_agent"), data, {"label": chosen(row["annotation"])})
    return answers.table(item="id", annotator="annotation_agent")


ARGILLA_ONE = Format("argilla-1", "an export of Argilla 1", _matches, _read)
