"""The evidence for the wide layout: which columns hold the labels of one annotator each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import polars as pl

from judgekit.schema.scales import numeric_values
from judgekit.tables.column_names import (
    LABEL_NAMES,
    NOT_COUNTS,
    QUALITY_NAMES,
    TEXT_NAMES,
    TOTAL_NAMES,
    is_of_people,
    mentions_a_person,
    names_a_settled_label,
    names_a_side_remark,
    names_an_annotator,
    normalise,
    stem_of,
    words_of,
)
from judgekit.tables.evidence import MOST_LABELS, ColumnEvidence

_MOST_CHARACTERS = 60
_SAME_VALUES_SHARE = 0.5
_RATED = TEXT_NAMES | {"model", "system", "candidate", "bot", "agent", "method"}
"""`model_1_fluency` is what one person said of one model, not what person 1 said."""


def values_of(frame: pl.DataFrame, name: str) -> set[str]:
    """The distinct non-empty cells of a column."""
    return {value for value in frame.get_column(name).unique().to_list() if value.strip()}


def wide_columns(
    frame: pl.DataFrame, free: Sequence[str], evidence: Mapping[str, ColumnEvidence], labels: Sequence[str]
) -> tuple[list[list[str]], bool]:
    """Groups of columns that hold labels of one set, the likeliest first, and whether their names are persons'.

    A group whose names read like annotators wins over any other: two model columns also share their values.

    Args:
        frame: the table.
        free: columns without a role.
        evidence: figures of every column.
        labels: columns named like a label: no annotator, unless a numbered one stands beside it (`label`, `label.1`).
    """
    pool = [name for name in free if evidence[name].filled and not is_beside_the_labels(name)]
    stems = {stem_of(name) for name in pool if names_an_annotator(name)}
    named = [
        name
        for name in pool
        if (names_an_annotator(name) or (name in labels and stem_of(name) in stems))
        and evidence[name].distinct <= MOST_LABELS
        and evidence[name].most_characters <= _MOST_CHARACTERS
    ]
    values = {name: values_of(frame, name) for name in pool if evidence[name].distinct <= MOST_LABELS}
    groups = _linked(named, values, is_named=True)
    if groups:
        groups.sort(key=lambda group: (_speaks_of_labels(group), len(group)), reverse=True)
        lone = set(named) - {name for group in groups for name in group}
        return [_completed(groups[0], sorted(lone), values, free), *groups[1:]], True
    unnamed = [name for name in pool if name not in labels and normalise(name) not in NOT_COUNTS | TOTAL_NAMES]
    # `fluency` beside `coherence` is what one person rated; `fluency_1` beside `fluency_2` are two persons
    unnamed = [name for name in unnamed if normalise(name) not in QUALITY_NAMES]
    unnamed = [name for name in unnamed if name in values and evidence[name].most_characters <= _MOST_CHARACTERS]
    # a lone 1 in a file of ids and texts is no label set
    groups = _linked([name for name in unnamed if evidence[name].could_be_labels], values, is_named=False)
    if not groups:
        return [], False
    groups.sort(key=len, reverse=True)
    lone = [name for name in unnamed if all(name not in group for group in groups)]
    lone = [name for name in lone if len(values[name]) > 1 or numeric_values(sorted(values[name])) is None]
    return [_completed(groups[0], lone, values, free), *groups[1:]], False


def is_unclear(groups: Sequence[Sequence[str]], is_named: bool) -> bool:
    """Whether a second group could as well be the annotators'."""
    if len(groups) < 2:
        return False
    if is_named:
        one, other = groups[:2]
        return len(one) == len(other) and _speaks_of_labels(one) == _speaks_of_labels(other)
    return len(groups[0]) < 2 * len(groups[1])


def dimensions_of(columns: Sequence[str]) -> tuple[dict[str, list[str]], bool] | None:
    """What is judged, and by whom, where everybody has a column for each: `rater1_fluency`, `rater2_fluency` ….

    Returns:
        For each thing that is judged its columns in file order, and whether the names leave no doubt of that; None
        where the names are no such grid.
    """
    words = {name: [word for word in re.split(r"[\W_]+", name.casefold()) if word] for name in columns}
    if not all(words.values()):
        return None
    found: list[tuple[dict[str, list[str]], bool]] = []
    for is_last in (True, False):
        grid: dict[str, dict[str, str]] = {}
        for name, parts in words.items():
            thing, person = (parts[-1], parts[:-1]) if is_last else (parts[0], parts[1:])
            grid.setdefault(thing, {})[" ".join(person)] = name
        people = set(next(iter(grid.values()), {}))
        is_grid = all(set(row) == people for row in grid.values()) and sum(map(len, grid.values())) == len(columns)
        if not is_grid or min(len(grid), len(people)) < 2 or any(re.search(r"\d", thing) for thing in grid):
            continue
        are_things = all(thing in QUALITY_NAMES for thing in grid)
        are_people = all(re.search(r"\d", person) or mentions_a_person(person) for person in people)
        are_texts = any({*words_of(person), normalise(person)} & _RATED for person in people)
        if are_things or are_people:
            is_sure = are_things and are_people and not are_texts
            found.append(({thing: list(row.values()) for thing, row in grid.items()}, is_sure))
    return max(found, key=lambda one: one[1], default=None)


def is_beside_the_labels(name: str) -> bool:
    """Whether a name means a settled label or a remark, neither of which is an annotator's label."""
    return names_a_settled_label(name) or names_a_side_remark(name)


def _completed(
    group: Sequence[str], lone: Sequence[str], values: Mapping[str, set[str]], order: Sequence[str]
) -> list[str]:
    """The group with the columns that have no label but its: an annotator may have used one label only."""
    labels = set[str]().union(*(values[name] for name in group))
    members = {*group, *(name for name in lone if values[name] and values[name] <= labels)}
    return [name for name in order if name in members]


def _speaks_of_labels(group: Sequence[str]) -> bool:
    return all(any(word in LABEL_NAMES for word in words_of(name)) for name in group) and not any(
        "id" in words_of(name) for name in group
    )


def _linked(names: Sequence[str], values: Mapping[str, set[str]], *, is_named: bool) -> list[list[str]]:
    """Groups of two columns or more; columns of one numbered stem are a group of their own."""
    stems = [stem_of(name) for name in names]
    own_stem = {name: stem for name, stem in zip(names, stems, strict=True) if is_named and stems.count(stem) > 1}
    groups: list[list[str]] = []
    for name in names:
        near = [group for group in groups if any(_is_alike(name, other, values, own_stem) for other in group)]
        groups = [group for group in groups if group not in near]
        groups.append([*(member for group in near for member in group), name])
    order = {name: position for position, name in enumerate(names)}
    return [sorted(group, key=order.__getitem__) for group in groups if len(group) > 1]


def _is_alike(one: str, other: str, values: Mapping[str, set[str]], own_stem: Mapping[str, str]) -> bool:
    if one in own_stem and other in own_stem:
        if own_stem[one] == own_stem[other]:
            return True
        if not (is_of_people(one) and is_of_people(other)):
            return False
    if "@" in one and "@" in other and re.sub(r".*@", "", one) == re.sub(r".*@", "", other):
        return True
    shared = len(values[one] & values[other])
    return shared >= _SAME_VALUES_SHARE * min(len(values[one]), len(values[other])) and shared > 0
