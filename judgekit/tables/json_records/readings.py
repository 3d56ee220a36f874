"""What stands at one place of all records, as annotations, counts or shares of labels; None where it is not certain.

Annotations are lists of objects, pairs, parallel lists, an object from annotator to label or from label to annotators;
counts and shares are objects from label to number, or lists of labels with their numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import chain
from typing import Any, Literal, NamedTuple

from judgekit.tables.column_names import (
    ANNOTATOR_NAMES,
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
from judgekit.tables.json_records.records import Record
from judgekit.tables.json_records.rows import as_cell, flat

_ROUNDED = 0.02
"""The shares of a record may miss 1 by so much, as 0.33 three times does."""
_MOST_CHARACTERS = 60
_COUNT_WORDS = frozenset({"count", "counts", "counter", "tally", "votes", "histogram"})
_SHARE_WORDS = frozenset({"dist", "distribution", "probs", "probabilities", "shares", "soft"})
_NUMBER_NAMES = frozenset({"count", "n", "votes", "number", "freq", "frequency", "num", "times", "cnt", "nvotes"})
_BESIDE_COUNTS = frozenset({"percent", "percentage", "share", "fraction", "proportion"})


class Reading(NamedTuple):
    """How what stands at one place becomes rows, or columns of labels."""

    kind: Literal["annotations", "counts", "shares"]
    rewritten: Callable[[Any], Any]
    """What a record has there as a list of flat objects (annotations), or as an object from label to number."""
    annotator: str | None = None
    """The key that names who judged."""
    label: str | None = None
    """The key of the label, where there is one."""


def names_labels(name: str) -> bool:
    """Whether a name means labels of several annotators, or counts or shares of labels."""
    plain = normalise(name)
    return plain in (*LIST_LABEL_NAMES, *LABEL_NAMES) or names_annotators(name) or names_a_tally(name)


def names_a_tally(name: str) -> bool:
    """Whether a name means counts or shares of labels, and not votes one by one."""
    return not (_COUNT_WORDS - {"votes"} | _SHARE_WORDS).isdisjoint(words_of(name))


def reading_of(name: str, values: Sequence[Any]) -> Reading | None:
    """How the values of one place are read.

    Args:
        name: the last key of the place.
        values: the lists and objects that the records have there, each with an object, a list or a scalar in it.
    """
    lists = [value for value in values if isinstance(value, list)]
    if lists:
        return _of_entries(name, [_entries(value) for value in lists], _entries)
    objects = [value for value in values if isinstance(value, dict)]
    inner = [one for value in objects for one in value.values()]
    if inner and all(isinstance(one, list) for one in inner):
        return _of_lists(name, objects)
    if any(isinstance(one, dict | list) for one in inner):
        return None
    return _of_scalars(name, objects)


def _are_pairs(members: Sequence[Any]) -> bool:
    return bool(members) and all(isinstance(one, list) and len(one) == 2 for one in members)


def _entries(value: Any) -> list[Record | None]:
    """The flat objects of a list, None for what is none; a pair is an object with the keys `first` and `second`."""
    if not isinstance(value, list):
        return []
    if _are_pairs(value):
        value = [{"first": one, "second": other} for one, other in value]
    return [flat(one) if isinstance(one, dict) else None for one in value]


def _of_entries(
    name: str, lists: Sequence[Sequence[Record | None]], rewritten: Callable[[Any], list[Record | None]]
) -> Reading | None:
    entries = [[one for one in found if one is not None] for found in lists]
    keys = list(dict.fromkeys(key for one in chain.from_iterable(entries) for key in one))
    people = in_preference_order(keys, ANNOTATOR_NAMES) or [key for key in keys if names_annotators(key.split(".")[0])]
    labels = in_preference_order(keys, LABEL_NAMES) or in_preference_order(keys, WEAK_LABEL_NAMES)
    is_named = normalise(name) in LIST_LABEL_NAMES or names_annotators(name)
    numbers = [key for key in keys if _is_number_of(key, name, entries, [*people, *labels])]
    if numbers and not people:
        return _of_numbers(keys, numbers, entries, rewritten)
    if people and (labels or is_named):
        return Reading("annotations", rewritten, people[0], labels[0] if len(labels) == 1 else None)
    if is_named and not labels:
        labels = [key for key in keys if _could_be_label(key, entries)]
    if not is_named or len(labels) != 1:
        return None
    others = [key for key in keys if key != labels[0] and _could_be_person(key, entries)]
    if len(others) == 1 and (len(keys) == 2 or not in_preference_order(labels, LABEL_NAMES)):
        return Reading("annotations", rewritten, others[0], labels[0])
    return Reading("annotations", rewritten, None, labels[0]) if in_preference_order(labels, LABEL_NAMES) else None


def _is_number_of(key: str, name: str, entries: Sequence[Sequence[Record]], named: Sequence[str]) -> bool:
    """Whether a key says how many annotators chose the label beside it."""
    if not _are_numbers([as_cell(one.get(key)) for one in chain.from_iterable(entries)]):
        return False
    if key == "second" and not named:  # of a pair
        first = {normalise(as_cell(one.get("first"))) for one in chain.from_iterable(entries)}
        return first <= LABEL_WORDS or not _COUNT_WORDS.isdisjoint(words_of(name))
    return normalise(key) in _NUMBER_NAMES


def _of_numbers(
    keys: Sequence[str],
    numbers: Sequence[str],
    entries: Sequence[Sequence[Record]],
    rewritten: Callable[[Any], list[Record | None]],
) -> Reading | None:
    """Labels with their counts; None where another key might say what was counted."""
    others = [key for key in keys if key not in numbers and normalise(key) not in _BESIDE_COUNTS]
    if len(others) != 1 or len(numbers) != 1 or not _is_once_each(others[0], entries):
        return None
    label, number = others[0], numbers[0]

    def counts(value: Any) -> dict[str, Any]:
        return {as_cell(one.get(label)): one.get(number) for one in rewritten(value) if one}

    return Reading("counts", counts)


def _could_be_label(key: str, entries: Sequence[Sequence[Record]]) -> bool:
    """Whether few short values return, also within a record: annotators agree now and then."""
    cells = [as_cell(one.get(key)) for one in chain.from_iterable(entries)]
    distinct = set(cells)
    is_few = 1 < len(distinct) <= MOST_LABELS and max(map(len, distinct)) <= _MOST_CHARACTERS
    return is_few and "" not in distinct and not _is_once_each(key, entries)


def _could_be_person(key: str, entries: Sequence[Sequence[Record]]) -> bool:
    """Whether a value stands once in each record, and in several records."""
    cells = [as_cell(one.get(key)) for one in chain.from_iterable(entries)]
    is_plain = not any(isinstance(one.get(key), list | dict) for one in chain.from_iterable(entries))
    return is_plain and all(cells) and len(set(cells)) < len(cells) and _is_once_each(key, entries)


def _is_once_each(key: str, entries: Sequence[Sequence[Record]]) -> bool:
    return all(len({as_cell(one.get(key)) for one in found}) == len(found) for found in entries)


def _of_lists(name: str, objects: Sequence[Record]) -> Reading | None:
    """Of an object of lists: parallel lists, the annotators of each label, or the labels of each annotator."""
    keys = list(dict.fromkeys(key for value in objects for key in value))
    is_parallel = all(len({len(one) for one in value.values()}) == 1 and len(value) == len(keys) for value in objects)
    known = in_preference_order(keys, (*ANNOTATOR_NAMES, *LABEL_NAMES, *WEAK_LABEL_NAMES))
    if is_parallel and len(known) > 1:

        def zipped(value: Any) -> list[Record | None]:
            columns = value if isinstance(value, dict) else {}
            rows = zip(*(one if isinstance(one, list) else [] for one in columns.values()), strict=False)
            return [dict(zip(columns, row, strict=True)) for row in rows]

        return _of_entries(name, [zipped(value) for value in objects], zipped)
    members = [[list(map(as_cell, one)) for one in value.values()] for value in objects]
    if any(isinstance(one, list | dict) for value in objects for found in value.values() for one in found):
        return None
    said = [list(chain.from_iterable(value)) for value in members]
    is_once = all(len(set(found)) == len(found) for found in said)
    if is_once and len(keys) <= MOST_LABELS and any(len(one) != 1 for value in members for one in value):
        return Reading("annotations", _annotators_of_labels, "annotator", "label") if _recurs(said) else None
    if is_once or any(len(one) > 1 for value in members for one in value):
        return None
    is_of_people = all(map(names_an_annotator, keys)) or names_annotators(name) or names_labels(name)
    return Reading("annotations", _labels_of_annotators, "annotator", "label") if is_of_people else None


def _recurs(said: Sequence[Sequence[str]]) -> bool:
    """Whether those of one record are found in others."""
    return len(said) < 2 or len(set(chain.from_iterable(said))) < sum(map(len, said))


def _annotators_of_labels(value: Any) -> list[Record]:
    found = value.items() if isinstance(value, dict) else ()
    return [{"annotator": who, "label": label} for label, people in found for who in people]


def _labels_of_annotators(value: Any) -> list[Record]:
    found = value.items() if isinstance(value, dict) else ()
    return [{"annotator": who, "label": label} for who, labels in found for label in labels]


def _of_scalars(name: str, objects: Sequence[Record]) -> Reading | None:
    """Of an object of scalars: the label of each annotator, or the count or the share of each label."""
    keys = list(dict.fromkeys(key for value in objects for key in value))
    values = {as_cell(one) for value in objects for one in value.values()}
    is_named = normalise(name) in LIST_LABEL_NAMES or names_annotators(name)
    is_counted = _are_numbers(values) and len(keys) <= MOST_LABELS
    if is_named and len(values) <= MOST_LABELS:
        # Keys that all records have may be what is asked as well as who answers: those become columns.
        has_other_people = min(map(len, objects)) < len(keys) and not is_counted
        plain = {normalise(key) for key in keys}
        is_of_labels = plain & {*LABEL_WORDS, *QUALITY_NAMES, *LABEL_NAMES}
        if (len(keys) > 1 and all(map(names_an_annotator, keys))) or (has_other_people and not is_of_labels):
            return Reading("annotations", _label_of_annotator, "annotator", "label")
    if not 1 < len(keys) <= MOST_LABELS:
        return None
    is_words = all(normalise(key) in LABEL_WORDS for key in keys)
    if is_counted and (is_words or not _COUNT_WORDS.isdisjoint(words_of(name))):
        return Reading("counts", _as_it_is)
    is_shared = not _are_numbers(values) and all(map(_adds_up_to_one, objects))
    return Reading("shares", _as_it_is) if is_shared else None


def _label_of_annotator(value: Any) -> list[Record]:
    found = value.items() if isinstance(value, dict) else ()
    return [{"annotator": who, "label": label} for who, label in found]


def _as_it_is(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _adds_up_to_one(value: Record) -> bool:
    try:
        return abs(sum(float(as_cell(one)) for one in value.values()) - 1) < _ROUNDED
    except ValueError:
        return False


def _are_numbers(values: Collection[str]) -> bool:
    return all(value.isdecimal() or not value for value in values)
