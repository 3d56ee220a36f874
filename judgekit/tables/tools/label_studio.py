"""Label Studio exports: JSON (whole annotations), JSON_MIN and CSV or TSV (one row per annotation).

Predictions and drafts are no annotations, and a skipped item (`was_cancelled`) has none. In JSON the type of every
result is known; the flat formats have data and answers side by side, so there the answers are known by their place
among the keys (JSON_MIN), by their shape, or because they differ within an item.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from judgekit.errors import DataError
from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.json_records.rows import UNLABELLED, as_cell, spoken
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.answers import Answers
from judgekit.tables.tools.format import Format
from judgekit.tables.tools.judgments import parsed

_ITEM, _ANNOTATOR, _ANNOTATION = "id", "annotator", "annotation_id"
_ABOUT = (_ITEM, _ANNOTATOR, _ANNOTATION, "created_at", "updated_at", "lead_time", "agreement", "history")
_FLAT = frozenset({_ANNOTATOR, _ANNOTATION, "lead_time"})
_LABEL_TYPES = frozenset({"choices", "rating", "number", "taxonomy", "pairwise"})
_LABEL_KEYS = frozenset({"choices", "rating", "number", "taxonomy", "selected"})
_OF_THE_PICTURE = frozenset({"type", "original_width", "original_height", "image_rotation"})
_SIDE = re.compile(r"(?<![^\W\d_])(a|b|left|right|first|second|one|two)(?![^\W\d_])|\d+")
_TITLE = "a Label Studio export"
_NO_LABEL = "its results are not labels of the item, but regions or free words"


def is_export(records: Sequence[Record]) -> bool:
    """Whether records look like Label Studio's JSON or JSON_MIN."""
    is_json = all(_annotations(record) is not None for record in records)
    return bool(records) and (is_json or all(map(_is_flat, records)) or all(map(_is_stored, records)))


def read(records: Records, companions: Sequence[Records] = ()) -> SourceTable:
    """One row per annotation, one label column per control.

    Raises:
        DataError: no record is Label Studio's, or no annotation holds a single label.
    """
    if any(map(_is_flat, records.records)):
        return _read_flat(records)
    if all(map(_is_stored, records.records)):
        records = _tasks_of_stored(records)
    if all(_annotations(record) is None for record in records.records):
        raise DataError(
            f"{records.path.name} is not {_TITLE}.", hint="Export the project as JSON, JSON_MIN, CSV or TSV."
        )
    return _read_tasks(records)


def _is_stored(record: Record) -> bool:
    """Whether a record is one annotation, as the storage for targets gets it, with its task within."""
    return _is_annotation(record) and "result" in record and "task" in record


def _tasks_of_stored(records: Records) -> Records:
    """The tasks with their annotations.

    Raises:
        DataError: the annotations do not hold the data of their tasks.
    """
    tasks: dict[str, dict[str, Any]] = {}
    places: list[int] = []
    for n, record in enumerate(records.records):
        task = record["task"]
        if not isinstance(task, Mapping) or not isinstance(task.get("data"), Mapping):
            raise DataError(
                f"{records.path.name} holds annotations of Label Studio without the data of their tasks.",
                hint="Export the project as JSON: it has the tasks with all their annotations.",
            )
        key = as_cell(task.get("id")) or as_cell(task["data"])
        if key not in tasks:
            tasks[key] = {"id": task.get("id"), "data": task["data"], "annotations": []}
            places.append(n)
        tasks[key]["annotations"].append(record)
    return records._replace(records=list(tasks.values()), positions=records.positions[places])


def _read_tasks(records: Records) -> SourceTable:
    answers, left_out = Answers(records), Counter[str]()
    everyone = [one.get("completed_by") for record in records.records for one in _annotations(record) or ()]
    is_by_number = any(isinstance(annotator, str) for annotator in everyone)
    for n, record in enumerate(records.records):
        annotations = _annotations(record)
        if annotations is None:
            answers.account.set_aside("the record has no data, or no list of annotations", [n], is_fault=True)
            continue
        for kind in ("predictions", "drafts"):
            others = record.get(kind)
            left_out[kind] += len(others) if isinstance(others, list) else 0
        if not annotations:
            answers.account.set_aside(UNLABELLED, [n])
        for annotation in annotations:
            if annotation.get("was_cancelled") or annotation.get("skipped"):
                answers.account.set_aside("the annotator skipped the item (was_cancelled)", [n])
                continue
            if _is_rejected(annotation):
                answers.account.set_aside("a reviewer rejected the annotation", [n])
                continue
            found = _labels_by_control(annotation, record["data"], left_out)
            if annotation["result"] and not found:
                answers.account.set_aside(_NO_LABEL, [n])
                continue
            annotator = _annotator(annotation.get("completed_by"), is_by_number)
            answers.add(n, record.get("id") or record.get("inner_id"), annotator, record["data"], found)
    more = ", ".join(f"{number:,} {kind}" for kind, number in sorted(left_out.items()) if number)
    return answers.table(
        item=_ITEM,
        annotator=_ANNOTATOR,
        notes=[f"What is not a label of an item was left out: {more}."] if more else [],
    )


def _read_flat(records: Records) -> SourceTable:
    answers, rows = Answers(records), [row for row in records.records if _is_flat(row)]
    controls = _controls_by_place(rows) or _controls_by_content(rows)
    names = dict.fromkeys(name for row in rows for name in row)
    no_labels = {name for name in controls if any(_labels_in(parsed(row.get(name))) is None for row in rows)}
    hidden = {*_ABOUT, *controls}
    for n, row in enumerate(records.records):
        if not _is_flat(row):
            answers.account.set_aside("the record has no annotation_id, annotator or lead_time", [n], is_fault=True)
            continue
        if not row[_ANNOTATION] and not row[_ANNOTATOR]:
            answers.account.set_aside(UNLABELLED, [n])
            continue
        found = {
            name: _named_sides(
                _labels_in(parsed(row.get(name))) or [], {key: row[key] for key in row if key not in hidden}
            )
            for name in controls
            if name not in no_labels
        }
        data = {name: spoken(parsed(row.get(name))) or row.get(name) for name in names if name not in hidden}
        answers.add(n, row.get(_ITEM), row.get(_ANNOTATOR), data, found if controls else None)
    more = ", ".join(name for name in controls if name in no_labels)
    notes = [f"What is not a label of an item was left out: {more}."] if more else []
    return answers.table(item=_ITEM, annotator=_ANNOTATOR, notes=notes)


def _is_flat(record: Record) -> bool:
    return record.keys() >= _FLAT


def _annotations(record: Record) -> list[Record] | None:
    """The annotations of an item, `completions` in old exports; None where the record is no item."""
    found = record.get("annotations", record.get("completions"))
    is_item = isinstance(record.get("data"), Mapping) and isinstance(found, list)
    return found if is_item and all(map(_is_annotation, found)) else None


def _is_annotation(found: Any) -> bool:
    results = found.get("result", "") if isinstance(found, Mapping) else ""
    return results is None or (isinstance(results, list) and all(isinstance(one, Mapping) for one in results))


def _is_rejected(annotation: Record) -> bool:
    """Whether the newest review says so, and nobody has changed the annotation since."""
    last, reviews = annotation.get("last_action"), annotation.get("reviews")
    newest = reviews[-1] if isinstance(reviews, list) and reviews else None
    is_refused = isinstance(newest, Mapping) and newest.get("accepted") is False
    return last == "rejected" or (not last and is_refused)


def _annotator(completed_by: Any, is_by_number: bool) -> str:
    """The e-mail, as the flat exports name people, unless the file knows others by number only."""
    if not isinstance(completed_by, Mapping):
        return as_cell(completed_by)
    keys = ("id", "email") if is_by_number else ("email", "id")
    return next((as_cell(completed_by[key]) for key in keys if completed_by.get(key)), "")


def _labels_by_control(annotation: Record, data: Record, left_out: Counter[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for result in annotation["result"] or ():
        kind = as_cell(result.get("type"))
        labels = _labels_in(result.get("value")) if kind in _LABEL_TYPES else None
        if labels is None:
            left_out[f"{kind} of regions" if kind in _LABEL_TYPES else kind] += 1
            continue
        if kind == "pairwise":
            labels = _named_sides(labels, data, result.get("to_name"))
        of_control = found.setdefault(as_cell(result.get("from_name")) or kind, [])
        of_control += [label for label in labels if label not in of_control]
    return found


def _named_sides(labels: Sequence[str], data: Record, to_name: Any = None) -> list[str]:
    """Labels in which `left` and `right` are the columns of the two texts that were compared, where these are known."""
    if not {"left", "right"}.issuperset(labels):
        return list(labels)
    shown = to_name if isinstance(to_name, list) else as_cell(to_name).split(",")
    pair = [name for name in map(as_cell, shown) if name in data]
    if len(pair) != 2:
        stems: dict[str, list[str]] = {}
        for name in data:
            stems.setdefault(_SIDE.sub("", name.casefold()), []).append(name)
        pairs = [sorted(names) for names in stems.values() if len(names) == 2]
        pair = pairs[0] if len(pairs) == 1 else []
    names: dict[str, str] = dict(zip(("left", "right"), pair, strict=False))
    return [names.get(label, label) for label in labels]


def _labels_in(value: Any) -> list[str] | None:
    """The labels a value holds, each once; None where it is no label of the item, as a region is not."""
    if value is None or isinstance(value, str):
        return [value] if value and value.strip() else []
    if isinstance(value, list):
        parts = [_labels_in(part) for part in value]
        return None if None in parts else list(dict.fromkeys(label for part in parts for label in part or ()))
    key = _label_key(value)
    if key == "taxonomy" and isinstance(value[key], list):
        paths = [path if isinstance(path, list) else [path] for path in value[key]]
        return list(dict.fromkeys(" / ".join(map(as_cell, path)) for path in paths))
    return _labels_in(value[key]) if key else None


def _label_key(value: Any) -> str | None:
    """The one key of an object that holds labels and no place in a text or picture."""
    keys = set(value) - _OF_THE_PICTURE if isinstance(value, Mapping) else set[str]()
    return keys.pop() if len(keys) == 1 and keys <= _LABEL_KEYS else None


def _controls_by_place(rows: Sequence[Record]) -> list[str]:
    """JSON_MIN writes data, `id`, the controls, `annotator`, `annotation_id`; empty where a file was rearranged."""
    controls: dict[str, None] = {}
    for row in rows:
        keys = list(row)
        at = keys.index(_ANNOTATOR)
        if _ITEM not in keys[:at] or keys[at + 1 : at + 2] != [_ANNOTATION]:
            return []
        controls.update(dict.fromkeys(keys[keys.index(_ITEM) + 1 : at]))
    return list(controls)


def _controls_by_content(rows: Sequence[Record]) -> list[str]:
    """Columns that hold labels as only Label Studio writes them, or that differ within an item as data never do."""
    first: dict[str, Record] = {}
    controls: dict[str, None] = {}
    for row in rows:
        item = as_cell(row.get(_ITEM))
        start = first.setdefault(item, row) if item else row
        for name, cell in row.items():
            if name in _ABOUT or name in controls:
                continue
            value = parsed(cell)
            parts = value if isinstance(value, list) else [value]
            if cell != start.get(name) or (parts and all(_label_key(part) for part in parts)):
                controls[name] = None
    return list(controls)


LABEL_STUDIO = Format(
    name="label-studio",
    title=_TITLE,
    matches=is_export,
    read=read,
    matches_columns=lambda names: set(names) >= _FLAT,
)
