"""Records that no known tool wrote, as a table: objects become dotted columns, lists of annotations become rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from judgekit.config.roles import Roles
from judgekit.errors import DataError
from judgekit.tables.column_names import ITEM_NAMES, LABEL_NAMES, TOTAL_NAMES, in_preference_order, normalise
from judgekit.tables.json_records.readings import Reading, names_a_tally, names_labels, reading_of
from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.json_records.rows import DEEPEST, UNLABELLED, Rows, as_cell, flat
from judgekit.tables.source import SourceTable

_MOST_COLUMNS = 2_000
_FEWEST_ADDED, _ADDED = 4, 1e-6
_NUMBER = r"-?\d+(\.\d+)?"
_ID_NAMES = frozenset(name for name in ITEM_NAMES if name.endswith(("id", "idx", "index")))
FORMS = (
    "Give each item a list of objects with an annotator and a label, an object from label to number of annotators, or "
    "one row per annotation."
)


def read_json_table(records: Records) -> SourceTable:
    """The records as a table for the ordinary inference.

    An object within a record becomes columns named like `example.premise`, a list of scalars JSON in one cell. What
    `readings` finds to be annotations becomes one row each; counts and shares of labels a column for each label.

    Raises:
        DataError: several things in a record could be its annotations, the only one that is named like labels cannot be
            read as such, or two columns would have one name.
    """
    places: dict[str, list[Any]] = {}
    for record in records.records:
        _look(record, "", places, DEEPEST)
    readings = {path: reading_of(path.rpartition(".")[2], values) for path, values in places.items()}
    of_kind = {
        kind: [path for path, reading in readings.items() if reading and reading.kind == kind]
        for kind in ("annotations", "counts", "shares")
    }
    lists = of_kind["annotations"]
    if len(lists) > 1:
        raise DataError(
            f"{records.path.name}: {len(lists)} parts of a record could be its annotations: {', '.join(lists)}.",
            hint=f"Make a file with one of them, for example: jq 'map(del(.{lists[-1]}))' for a list of records.",
        )
    aside = next((found for found in of_kind.values() if len(found) == 1), [])
    flats = [flat(record, aside) for record in records.records]
    shared = list(dict.fromkeys(name for one in flats for name in one if name not in aside))
    if not aside:
        _refuse_unread(records, places, shared)
    if len(shared) > _MOST_COLUMNS:
        within = shared[-1].rpartition(".")[0]
        raise DataError(
            f"{records.path.name}: the records have {len(shared):,} different keys, too many for the columns of a "
            f"table{f'; many stand in {within!r}' if within else ''}.",
            hint="Give records that all have the same keys.",
        )
    if records.keys and not any(normalise(name) in _ID_NAMES for name in shared):
        shared.insert(0, "item_id")
        flats = [{"item_id": key, **one} for key, one in zip(records.keys, flats, strict=True)]
    reading = readings[aside[0]] if aside else None
    if reading is None:
        rows = Rows(records, shared)
        for n, one in enumerate(flats):
            rows.add(n, *map(one.get, shared))
        return rows.table(Roles())
    if reading.kind == "annotations":
        return _one_row_per_annotation(records, flats, shared, aside[0], reading)
    return _one_column_per_label(records, flats, shared, aside[0], reading)


def _look(record: Record, prefix: str, places: dict[str, list[Any]], levels: int) -> None:
    """Collect what may be annotations: objects, and lists of objects or of lists, by their place."""
    for name, value in record.items():
        if isinstance(value, dict) and levels:
            places.setdefault(prefix + name, []).append(value)
            _look(value, f"{prefix}{name}.", places, levels - 1)
        elif isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
            places.setdefault(prefix + name, []).append(value)


def _refuse_unread(records: Records, places: dict[str, list[Any]], shared: Sequence[str]) -> None:
    """Refuse records whose labels can only be in what cannot be read: it would become one text a record."""
    if in_preference_order(shared, LABEL_NAMES):
        return
    for name in shared:
        refuse_nameless_numbers(records.path, name, [record.get(name) for record in records.records])
    for path, values in places.items():
        inner = [one for value in values for one in (value.values() if isinstance(value, dict) else value)]
        if names_labels(path.rpartition(".")[2]) and any(isinstance(one, dict | list) for one in inner):
            raise DataError(
                f"{records.path.name}: {path!r} is named like labels, and does not say for certain who gave which.",
                hint=FORMS,
            )


def refuse_nameless_numbers(path: Path, name: str, values: Sequence[Any]) -> None:
    """Refuse counts or shares of labels as lists of one length: they do not say which label each number is of.

    Raises:
        DataError: the values are such.
    """
    lists = [value for value in values if value is not None]
    is_even = all(isinstance(value, list) for value in lists) and len(set(map(len, lists))) == 1
    if names_a_tally(name) and is_even and all(re.fullmatch(_NUMBER, as_cell(one)) for one in chain(*lists)):
        raise DataError(
            f"{path.name}: {name!r} holds numbers of labels without the labels' names.",
            hint="Write an object from label to number in its place.",
        )


def _one_row_per_annotation(
    records: Records, flats: Sequence[Record], shared: Sequence[str], path: str, reading: Reading
) -> SourceTable:
    entries = [reading.rewritten(one.get(path)) for one in flats]
    own = list(dict.fromkeys(name for found in entries for entry in found for name in entry or ()))
    name_of = {name: f"{path}.{name}" if name in shared else name for name in own}
    rows = Rows(records, (*shared, *name_of.values()))
    for n, found in enumerate(entries):
        texts = [flats[n].get(name) for name in shared]
        for entry in found:
            if entry is None:
                rows.account.set_aside(f"an entry of {path} is no object", [n], is_fault=True)
            else:
                rows.add(n, *texts, *map(entry.get, own))
        if not found and isinstance(value := flats[n].get(path), str) and value.strip():
            rows.account.set_aside(f"what stands in {path} cannot be read", [n], is_fault=True)
        elif not found:
            rows.account.set_aside(UNLABELLED, [n])
    annotator, label = name_of.get(reading.annotator or ""), name_of.get(reading.label or "")
    roles = Roles(annotator=annotator, label=(label,) if label else (), layout="long")
    return rows.table(roles, notes=[f"Each entry of {path!r} is an annotation."])


def _one_column_per_label(
    records: Records, flats: Sequence[Record], shared: Sequence[str], path: str, reading: Reading
) -> SourceTable:
    numbers = [reading.rewritten(one.get(path)) for one in flats]
    labels = sorted({label for one in numbers for label in one})
    total = next((label for label in labels if _is_total(label, numbers)), None)
    labels = [label for label in labels if label != total]
    columns = tuple(f"{path}.{label}" if label in shared else label for label in labels)
    rows = Rows(records, (*shared, *columns))
    for n, (one, found) in enumerate(zip(flats, numbers, strict=True)):
        rows.add(n, *map(one.get, shared), *(as_cell(found.get(label)) or "0" for label in labels))
    is_counts = reading.kind == "counts"
    what = "counts the labels" if is_counts else "holds the shares of the labels"
    roles = Roles(counts=columns, layout="counts" if is_counts else "probabilities")
    notes = [f"{path!r} {what} of each item."]
    if total is not None:
        notes.append(f"{total!r} in {path!r} is the sum of the others, and no label.")
    return rows.table(roles, notes=notes)


def _is_total(label: str, numbers: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a number is the sum of the others in every record, and these are several."""
    filled = [{key: float(as_cell(one) or 0) for key, one in found.items()} for found in numbers if found]
    others = {key for one in filled for key in one} - {label}
    is_sum = all(label in one and abs(2 * one[label] - sum(one.values())) < _ADDED for one in filled)
    return is_sum and len(others) > 1 and (len(filled) >= _FEWEST_ADDED or normalise(label) in TOTAL_NAMES)
