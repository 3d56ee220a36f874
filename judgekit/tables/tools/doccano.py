"""doccano exports: one file per member named by the member, or `all` where members share the labels of an item.

In a shared project doccano does not tell who chose a label, and of equal labels it keeps one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any

import polars as pl

from judgekit.config.roles import Roles
from judgekit.errors import DataError
from judgekit.tables.evidence import weigh_columns
from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.json_records.rows import UNLABELLED, as_cell
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.answers import Answers
from judgekit.tables.tools.format import Format
from judgekit.wording import counted

_TITLE = "a doccano export"
_TEXTS = ("text", "data", "filename")
_ITEM, _LABEL, _ANNOTATOR = "id", "label", "annotator"
_LABELS = (_LABEL, "labels", "cats", "categories")
_BESIDE_THE_TEXT = frozenset(
    {_ITEM, *_LABELS, "annotations", "entities", "relations", "Comments", "comments", "annotation_approver", "meta"}
)
_HINT = "judgekit learns from projects of text or image classification."


def is_shared(name: str) -> bool:
    """Whether a file of this name holds the labels of all members together; else it is named by the member."""
    return _stem(name) == "all"


def is_export(records: Sequence[Record]) -> bool:
    """Whether records look like doccano's; a list of labels beside a text alone is no proof."""
    return bool(records) and all(_is_item(record) and _has_marks(record) for record in records)


def read(records: Records, companions: Sequence[Records] = ()) -> SourceTable:
    """One row per label that can be one person's; who she is says the file's name, or the record of an old export.

    Raises:
        DataError: the file is not doccano's, or its labels are spans, boxes or free texts.
    """
    rows = records.records
    if not any(map(_is_item, rows)):
        raise DataError(f"{records.path.name} is not {_TITLE} of single labels.", hint=_HINT)
    parts = [n for n, record in enumerate(rows) if any(isinstance(one, list | Mapping) for one in _labels(record))]
    if parts:
        raise DataError(
            f"{records.path.name}: the labels are spans or boxes, not labels of whole items ({records.where(parts)}).",
            hint=_HINT,
        )
    # Exports of before version 1.5 have one file for all members.
    mixed = is_shared(records.path.name) or any("annotation_approver" in record for record in rows)
    answers, people = Answers(records), any(isinstance(record.get("annotations"), list) for record in rows)
    member = "" if mixed else _stem(records.path.name)
    for n, record in enumerate(rows):
        if not _is_item(record):
            answers.account.set_aside("the record has no text, or no list of labels", [n], is_fault=True)
            continue
        found, data, item = _answers(record, mixed), _data(record), record.get(_ITEM)
        if not found:
            answers.account.set_aside(UNLABELLED, [n])
        for annotator, labels in found:
            answers.add(n, item, annotator or member, data, {_LABEL: labels})
    table = answers.table(item=_ITEM, annotator=_ANNOTATOR, notes=_notes(rows, people), may_be_empty=bool(member))
    if table.frame.height == 0:  # a member who labelled nothing must not stop the others
        names = dict.fromkeys([_ITEM, *(name for record in rows for name in _data(record)), _LABEL, _ANNOTATOR])
        roles = Roles(item=_ITEM, annotator=_ANNOTATOR, label=(_LABEL,))
        return replace(table, frame=pl.DataFrame(schema=dict.fromkeys(names, pl.String)), roles=roles)
    figures = weigh_columns(table.frame.select(_LABEL))[_LABEL]
    if figures.distinct > 2 and not figures.could_be_labels:
        raise DataError(
            f"{records.path.name}: the labels are free texts: {figures.distinct:,} different ones.", hint=_HINT
        )
    if mixed and not people:
        table = replace(table, warnings=(*table.warnings, _shared(rows)))
    return table


def records_of(table: SourceTable) -> list[dict[str, Any]]:
    """The rows of a CSV export, whose labels are joined with `#`.

    Raises:
        DataError: it has no column of labels, or a label holds a `#` of its own.
    """
    name = next((name for name in _LABELS if name in table.frame.columns), None)
    if name is None:
        raise DataError(f"{table.name} has no column of labels and is not {_TITLE}.", hint=_HINT)
    cells = table.frame.get_column(name)
    torn = cells.str.contains(r"^#|##|#$").arg_true().to_list()
    if torn:
        raise DataError(
            f"{table.place(torn)}: a label in {name!r} holds a #, which also separates labels.",
            hint="Export the project as JSONL.",
        )
    return [row | {name: row[name].split("#") if row[name] else []} for row in table.frame.to_dicts()]


def is_table(names: Sequence[str]) -> bool:
    """Whether columns are those of a doccano CSV; `id, text, label` alone could be anybody's."""
    is_new = {_ITEM, _LABEL, "Comments"} <= set(names) and any(name in names for name in _TEXTS)
    return is_new or set(names) == {"id", "data", "label"}


def _stem(name: str) -> str:
    name = PurePath(name).name.removesuffix(".gz")
    return re.sub(r"\.(jsonl?|csv|txt)$", "", name)


def _is_item(record: Record) -> bool:
    is_labelled = any(isinstance(record.get(name), list) for name in (*_LABELS, "annotations"))
    return is_labelled and any(isinstance(record.get(name), str) for name in _TEXTS)


def _has_marks(record: Record) -> bool:
    by_number = record.get("annotations")
    if isinstance(by_number, list) and by_number:
        return all(isinstance(one, Mapping) and {"label", "user"} <= one.keys() for one in by_number)
    is_old = "annotation_approver" in record
    return is_old or isinstance(record.get("Comments"), list) or record.keys() == {"id", "data", "label"}


def _labels(record: Record) -> list[Any]:
    found = next((record[name] for name in _LABELS if isinstance(record.get(name), list)), None)
    if found is None:
        annotations = record.get("annotations")
        whole = [one for one in annotations if isinstance(one, Mapping)] if isinstance(annotations, list) else []
        return [[] if "start_offset" in one else one.get("label", []) for one in whole]
    return found


def _answers(record: Record, mixed: bool) -> list[tuple[str, list[str]]]:
    """Who chose what: by number in old exports, one label each where nobody knows, else the file's member all."""
    annotations = record.get("annotations")
    if isinstance(annotations, list) and not any(isinstance(record.get(name), list) for name in _LABELS):
        chosen: dict[str, list[str]] = {}
        for one in annotations:
            if isinstance(one, Mapping):
                chosen.setdefault(as_cell(one.get("user")), []).append(as_cell(one.get("label")))
        return list(chosen.items())
    labels = [as_cell(label) for label in _labels(record)]
    if mixed:
        return [("", [label]) for label in labels]
    return [("", labels)] if labels else []


def _data(record: Record) -> dict[str, Any]:
    meta = record.get("meta")
    own = {name: value for name, value in record.items() if name not in _BESIDE_THE_TEXT}
    return {**(meta if isinstance(meta, Mapping) else {}), **own}


def _notes(rows: Sequence[Record], people: bool) -> list[str]:
    notes: list[str] = []
    if any(record.get("entities") or record.get("relations") for record in rows):
        notes.append("Spans and relations are not labels of the item; they were left out.")
    labels = {label for record in rows for label in _labels(record) if isinstance(label, str)}
    if people and all(re.fullmatch(r"\d+", label) for label in labels):
        notes.append("Labels are the numbers doccano gave them; --label-map renames them.")
    return notes


def _shared(rows: Sequence[Record]) -> str:
    several = sum(len(_labels(record)) > 1 for record in rows)
    return (
        "doccano does not say who labelled the items of a shared project, and keeps one of equal labels: how many "
        f"annotators agree is lost. Each label is taken for one annotation "
        f"({counted(several, 'item has', 'items have')} several)."
    )


DOCCANO = Format(
    name="doccano", title=_TITLE, matches=is_export, read=read, matches_columns=is_table, records_of=records_of
)
