"""Learning With Disagreements, the shared tasks of 2023 and 2025: items by key, each with its annotators' labels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from judgekit.config.roles import Roles
from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.json_records.rows import UNLABELLED, Rows
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.format import Format
from judgekit.wording import counted


def _is_lewidi(records: Sequence[Record]) -> bool:
    return all({"annotation task", "annotators", "text"} <= set(record) for record in records)


def _describes_annotators(records: Sequence[Record]) -> bool:
    return all({"Age", "Gender"} <= set(record) for record in records)


def _read(records: Records, companions: Sequence[Records]) -> SourceTable:
    texts = [_texts(record.get("text")) for record in records.records]
    fields = tuple(dict.fromkeys(field for one in texts for field in one))
    rows = Rows(records, ("item_id", "annotator_id", *fields, "label", "split"))
    several = 0
    for n, record in enumerate(records.records):
        annotators, labels = _said(record)
        if not any(labels):  # those of a test part are hidden while the task runs
            rows.account.set_aside(UNLABELLED, [n])
            continue
        if len(annotators) != len(labels):
            for _ in labels:
                rows.account.set_aside("annotators and annotations are not equally many", [n], is_fault=True)
            continue
        split, key = record.get("split"), records.keys[n] if records.keys else record.get("id")
        cells = [texts[n].get(field) for field in fields]
        for annotator, given in zip(annotators, labels, strict=True):
            if not given:
                rows.account.set_aside("the label is empty", [n])
            several += len(given) > 1
            for label in given:
                # Without the name, as the same person's labels for one item would contradict each other.
                rows.add(
                    n, f"{split}-{key}" if split else key, annotator if len(given) == 1 else "", *cells, label, split
                )
    roles = Roles(item="item_id", annotator="annotator_id", label=("label",), text=fields, split="split", layout="long")
    notes = [
        "The annotators' own labels (annotations) were read; soft_label, hard_label and other_info were left out. The "
        "part of the split stands before the item's key, as the parts may use the same keys."
    ]
    notes += ["What is known of the annotators (age, gender …) was not used."] if companions else []
    if several:
        notes.append(
            f"{counted(several, 'time')} an annotator gave an item several labels: each is an annotation without an "
            "annotator."
        )
    return rows.table(roles, notes=notes)


def _texts(text: Any) -> dict[str, Any]:
    """The fields of an item: those of an object, which may be wrapped in a text, else `text` alone."""
    if isinstance(text, str) and text.startswith("{"):
        try:
            inner = json.loads(text, parse_int=str, parse_float=str)
            if isinstance(inner, dict) and all(isinstance(part, str) for part in inner.values()):
                "".join(inner.values()).encode()  # half a character, escaped once more, shows only now
                return inner
        except (ValueError, RecursionError):
            pass  # a text that only begins like an object
    return text if isinstance(text, dict) else {"text": text}


def _said(record: Record) -> tuple[list[str], list[list[str]]]:
    """The annotators, and the labels each of them gave."""
    annotations = record.get("annotations")
    if isinstance(annotations, dict):  # 2025
        return list(annotations), [_listed(given) for given in annotations.values()]
    return _listed(record.get("annotators")), [[label] for label in _listed(annotations)]


def _listed(value: Any) -> list[str]:
    """The parts of a list, or of a text with commas; none of an empty one."""
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return [str(part).strip() for part in parts if part is not None and str(part).strip()]


LEWIDI = Format("lewidi", "Learning With Disagreements", _is_lewidi, _read, _describes_annotators)
