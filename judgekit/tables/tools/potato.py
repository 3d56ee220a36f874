"""Potato: what each user answered, as a table with a column for each option, or as JSON lines.

A file of one user is called `annotated_instances` and stands in a folder that is named by the user.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.json_records.rows import as_cell
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.format import Format
from judgekit.tables.tools.judgments import FALSE, read_judgments

_BETWEEN = ":::"
_USERS = ("user", "user_id", "annotator", "username")
_ITEMS = ("instance_id", "id")
_ANNOTATOR, _ITEM = "user", "instance_id"
_BESIDE = frozenset({"label_annotations", "span_annotations", "behavioral_data", "link_annotations", *_USERS, *_ITEMS})
_NO_ITEM = re.compile(r"_testing_|\.html$|attention|^(consent|prestudy|poststudy|end)")
"""Pages of a survey, and questions that test attention."""


def _is_output(records: Sequence[Record]) -> bool:
    return all("label_annotations" in record and any(name in record for name in _ITEMS) for record in records)


def is_table(names: Sequence[str]) -> bool:
    """Whether columns are those of a table of answers."""
    return any(_BETWEEN in name for name in names) and any(name in names for name in _ITEMS)


def _read(records: Records, _companions: Sequence[Records]) -> SourceTable:
    member = records.path.parent.name if records.path.name.startswith("annotated_instances") else ""
    rows = [
        {_ITEM: _first(row, _ITEMS), _ANNOTATOR: _first(row, _USERS) or member, "\x00": row} for row in records.records
    ]
    return read_judgments(
        records._replace(records=rows),
        item=_ITEM,
        annotator=_ANNOTATOR,
        data=lambda row: {
            "text" if name == "displayed_text" else name: value
            for name, value in row["\x00"].items()
            if name not in _BESIDE and _BETWEEN not in name
        },
        found=lambda row: _found(row["\x00"]),
        refused=lambda row: (
            "it is a page of the survey or tests attention" if _NO_ITEM.search(as_cell(row[_ITEM])) else ""
        ),
    )


def _first(row: Record, names: Sequence[str]) -> Any:
    return next((row[name] for name in names if row.get(name)), None)


def _found(row: Record) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    said = row.get("label_annotations")
    for question, options in said.items() if isinstance(said, Mapping) else ():
        pairs = options.items() if isinstance(options, Mapping) else [(as_cell(options), "1")]
        found[question] = [_label(str(option), value) for option, value in pairs if _is_set(value)]
    for name, value in row.items():
        question, between, option = name.partition(_BETWEEN)
        if between:
            found.setdefault(question, []).extend([_label(option, value)] * _is_set(value))
    return found


def _is_set(value: Any) -> bool:
    return as_cell(value).strip().casefold() not in FALSE | {"none", "nan", "null"}


def _label(option: str, value: Any) -> str:
    """The option; of a field of free words, what was written there."""
    return as_cell(value) if option in ("text_box", "free_response") else option


POTATO = Format("potato", "answers of Potato", _is_output, _read, matches_columns=is_table)
