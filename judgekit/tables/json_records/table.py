"""Records that no known tool wrote, as a table: objects become dotted columns, lists of annotations become rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from judgekit.config.roles import Roles
from judgekit.errors import DataError
from judgekit.tables.column_names import (
    ANNOTATOR_NAMES,
    ITEM_NAMES,
    LABEL_NAMES,
    LABEL_WORDS,
    LIST_LABEL_NAMES,
    QUALITY_NAMES,
    WEAK_LABEL_NAMES,
    in_preference_order,
    names_an_annotator,
    names_annotators,
    normalise,
    words_of,
)
from judgekit.tables.evidence import MOST_LABELS
from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.json_records.rows import UNLABELLED, Rows, as_cell
from judgekit.tables.source import SourceTable

_DEEPEST = 20
"""Levels of objects that become columns; what lies deeper is JSON in a cell."""
_INNER = (dict, list)
_ROUNDED = 0.02
"""The shares of a record may miss 1 by so much, as 0.33 three times does."""
_MOST_COLUMNS = 2_000
_ID_NAMES = frozenset(name for name in ITEM_NAMES if name.endswith(("id", "idx", "index")))
_COUNT_WORDS = frozenset({"count", "counts", "counter", "tally", "votes", "histogram"})


class _Tree:
    """What stands at one place of all records: the keys of its objects, and their values where these are scalars."""

    def __init__(self) -> None:
        self.keys: dict[str, None] = {}
        self.values: set[str] = set()
        self.fewest_keys = MOST_LABELS
        self.is_list = self.is_deep = False
        self.adds_up_to_one = True

    def add(self, value: Record) -> None:
        self.adds_up_to_one = self.adds_up_to_one and _adds_up_to_one(value)
        self.fewest_keys = min(self.fewest_keys, len(value))
        self.keys.update(dict.fromkeys(value))
        self.is_deep = self.is_deep or any(isinstance(one, _INNER) for one in value.values())
        if len(self.values) <= MOST_LABELS:
            self.values.update(as_cell(one) for one in value.values())


def read_json_table(records: Records) -> SourceTable:
    """The records as a table for the ordinary inference.

    An object within a record becomes columns named like `example.premise`, a list of scalars JSON in one cell. A list
    of annotations (objects with an annotator and a label), or an object from annotator to label, becomes one row per
    annotation; an object from label to number, a count or a share, becomes a column for each label.

    Raises:
        DataError: several things in a record could be its annotations, or two columns would have one name.
    """
    trees: dict[str, _Tree] = {}
    for record in records.records:
        _look(record, "", trees, _DEEPEST)
    lists = [path for path, tree in trees.items() if _holds_annotations(path, tree)]
    if len(lists) > 1:
        raise DataError(
            f"{records.path.name}: {len(lists)} parts of a record could be its annotations: {', '.join(lists)}.",
            hint=f"Make a file with one of them, for example: jq 'map(del(.{lists[-1]}))' for a list of records.",
        )
    counts = [path for path, tree in trees.items() if _holds_counts(path, tree)]
    shares = [path for path, tree in trees.items() if _holds_shares(tree)]
    aside = lists or next((found for found in (counts, shares) if len(found) == 1), [])
    flat = [_flat(record, aside) for record in records.records]
    shared = list(dict.fromkeys(name for one in flat for name in one if name not in aside))
    if len(shared) > _MOST_COLUMNS:
        within = shared[-1].rpartition(".")[0]
        raise DataError(
            f"{records.path.name}: the records have {len(shared):,} different keys, too many for the columns of a "
            f"table{f'; many are in {within!r}' if within else ''}.",
            hint="Give records that all have the same keys.",
        )
    if records.keys and not any(normalise(name) in _ID_NAMES for name in shared):
        shared.insert(0, "item_id")
        flat = [{"item_id": key, **one} for key, one in zip(records.keys, flat, strict=True)]
    if lists:
        return _one_row_per_annotation(records, flat, shared, lists[0])
    if aside:
        return _one_column_per_label(records, flat, shared, aside[0], [*trees[aside[0]].keys], aside == counts)
    rows = Rows(records, shared)
    for n, one in enumerate(flat):
        rows.add(n, *map(one.get, shared))
    return rows.table(Roles())


def _look(record: Record, prefix: str, trees: dict[str, _Tree], levels: int) -> None:
    for name, value in record.items():
        if isinstance(value, dict) and levels:
            trees.setdefault(prefix + name, _Tree()).add(value)
            _look(value, f"{prefix}{name}.", trees, levels - 1)
        elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
            tree = trees.setdefault(prefix + name, _Tree())
            tree.is_list = True
            for one in value:
                tree.add(one if isinstance(one, dict) else {})


def _holds_annotations(path: str, tree: _Tree) -> bool:
    name = path.rpartition(".")[2]
    is_named = normalise(name) in LIST_LABEL_NAMES or names_annotators(name)
    if tree.is_list:
        person = in_preference_order([*tree.keys], ANNOTATOR_NAMES)
        label = in_preference_order([*tree.keys], (*LABEL_NAMES, *WEAK_LABEL_NAMES))
        return bool(person and (label or is_named)) or bool(is_named and in_preference_order(label, LABEL_NAMES))
    if tree.is_deep or not is_named or len(tree.values) > MOST_LABELS:
        return False
    if len(tree.keys) > 1 and all(names_an_annotator(key) for key in tree.keys):
        return True
    # Keys that all records have may be what is asked as well as who answers: those become columns.
    has_other_people = tree.fewest_keys < len(tree.keys)
    is_counted = _are_numbers(tree.values) and len(tree.keys) <= MOST_LABELS
    plain = {normalise(key) for key in tree.keys}
    return has_other_people and not is_counted and not plain & {*LABEL_WORDS, *QUALITY_NAMES, *LABEL_NAMES}


def _holds_counts(path: str, tree: _Tree) -> bool:
    if tree.is_list or tree.is_deep or not 1 < len(tree.keys) <= MOST_LABELS or not _are_numbers(tree.values):
        return False
    is_words = all(normalise(key) in LABEL_WORDS for key in tree.keys)
    return is_words or bool(_COUNT_WORDS.intersection(words_of(path.rpartition(".")[2])))


def _holds_shares(tree: _Tree) -> bool:
    is_flat = not tree.is_list and not tree.is_deep and 1 < len(tree.keys) <= MOST_LABELS
    return is_flat and tree.adds_up_to_one and not _are_numbers(tree.values)


def _adds_up_to_one(value: Record) -> bool:
    try:
        return abs(sum(float(as_cell(one)) for one in value.values()) - 1) < _ROUNDED
    except ValueError:
        return False


def _are_numbers(values: Collection[str]) -> bool:
    return all(value.isdecimal() or not value for value in values)


def _flat(record: Record, aside: Collection[str] = ()) -> Record:
    """The cells of a record by column; what stands at a path of `aside` is left whole."""
    if not any(isinstance(value, _INNER) for value in record.values()):
        return record
    cells = list(_cells(record, "", aside, _DEEPEST))
    flat = dict(cells)
    if len(flat) < len(cells):
        names = [name for name, _ in cells]
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"A record has {twice!r} both as a key and within an object.", hint="Rename one of them.")
    return flat


def _cells(record: Record, prefix: str, aside: Collection[str], levels: int) -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        path = prefix + name
        if isinstance(value, dict) and path not in aside and levels:
            yield from _cells(value, f"{path}.", aside, levels - 1)
        else:
            yield path, value if path in aside or not isinstance(value, list) else _readable(value)


def _readable(value: list[Any]) -> str:
    """A cell; the messages of a chat as they would be read aloud."""
    if value and all(isinstance(one, dict) and {"role", "content"} <= {*one} for one in value):
        return "\n\n".join(f"{as_cell(one['role'])}: {as_cell(one['content'])}" for one in value)
    return as_cell(value)


def _one_row_per_annotation(records: Records, flat: Sequence[Record], shared: Sequence[str], path: str) -> SourceTable:
    entries = [[*_entries(one.get(path))] for one in flat]
    own = list(dict.fromkeys(name for found in entries for entry in found for name in entry or ()))
    name_of = {name: f"{path}.{name}" if name in shared else name for name in own}
    rows = Rows(records, (*shared, *name_of.values()))
    for n, found in enumerate(entries):
        texts = [flat[n].get(name) for name in shared]
        for entry in found:
            if entry is None:
                rows.account.set_aside(f"an entry of {path} is no object", [n], is_fault=True)
            else:
                rows.add(n, *texts, *map(entry.get, own))
        if not found:
            rows.account.set_aside(UNLABELLED, [n])
    people, labels = in_preference_order(own, ANNOTATOR_NAMES), in_preference_order(own, LABEL_NAMES)
    labels = labels or in_preference_order(own, WEAK_LABEL_NAMES)
    roles = Roles(
        annotator=name_of[people[0]] if people else None,
        label=(name_of[labels[0]],) if len(labels) == 1 else (),
        layout="long",
    )
    return rows.table(roles, notes=[f"Each entry of {path!r} is an annotation."])


def _entries(value: Any) -> Iterable[Record | None]:
    """The annotations of an item, flat; None for what is none."""
    if isinstance(value, dict):
        return ({"annotator": name, "label": label} for name, label in value.items())
    found = value if isinstance(value, list) else []
    return (_flat(one) if isinstance(one, dict) else None for one in found)


def _one_column_per_label(
    records: Records, flat: Sequence[Record], shared: Sequence[str], path: str, labels: list[str], is_counts: bool
) -> SourceTable:
    labels.sort()
    columns = tuple(f"{path}.{label}" if label in shared else label for label in labels)
    rows = Rows(records, (*shared, *columns))
    for n, one in enumerate(flat):
        numbers = one.get(path)
        found = numbers if isinstance(numbers, dict) else {}
        rows.add(n, *map(one.get, shared), *(as_cell(found.get(label)) or "0" for label in labels))
    what = "counts the labels" if is_counts else "holds the shares of the labels"
    roles = Roles(counts=columns, layout="counts" if is_counts else "probabilities")
    return rows.table(roles, notes=[f"{path!r} {what} of each item."])
