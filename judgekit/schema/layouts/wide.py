"""The wide layout: a row is one item, and each annotator has a column of labels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import ClassVar

import polars as pl

from judgekit.config.roles import Layout
from judgekit.errors import DataError
from judgekit.schema.column_kinds import is_beside_labels
from judgekit.schema.derived import DOUBTFUL, agreeing_with_nobody, derived_columns, never_agree
from judgekit.schema.inference_state import InferenceState
from judgekit.schema.layouts.layout import NOBODY, Claim, Judged, LayoutReading, filled_cells, names_a_label
from judgekit.schema.question import Answer
from judgekit.schema.scales import numeric_values
from judgekit.schema.schema import Schema
from judgekit.tables.column_names import (
    LABEL_NAMES,
    QUALITY_NAMES,
    TEXT_NAMES,
    is_of_people,
    mentions_a_person,
    names_a_side_remark,
    names_an_annotator,
    normalise,
    stem_of,
    words_of,
)
from judgekit.tables.evidence import MOST_LABELS
from judgekit.tables.source import ITEM, ROW, TableAccount

_MOST_CHARACTERS, _MOST_COMPARED = 60, 50
_SAME_VALUES_SHARE = 0.5
_RATED = TEXT_NAMES | {"model", "system", "candidate", "bot", "agent", "method"}
"""`model_1_fluency` is what one person said of one model, not what person 1 said."""
_PEOPLE, _LABEL = "\x00people", "\x00label"


class Wide(LayoutReading):
    """A column is one annotator."""

    layout: ClassVar[Layout] = "wide"

    def __init__(self, state: InferenceState) -> None:
        super().__init__(state)
        self.derived: dict[str, str] = {}
        """Columns that others determine, and as what, once the groups are weighed."""

    @property
    def groups(self) -> list[list[str]]:
        """Groups of columns that hold labels of one set, the likeliest first.

        A group whose names read like annotators wins over any other: two model columns also share their values.
        """
        return self._weighed[0]

    @property
    def is_named(self) -> bool:
        """Whether the names of the columns are persons'."""
        return self._weighed[1]

    @cached_property
    def _weighed(self) -> tuple[list[list[str]], bool]:
        state, free = self.state, self.state.label_pool()
        pool = [name for name in free if not is_beside_labels(name, state.kind(name))]
        stems = {stem_of(name) for name in pool if names_an_annotator(name)}
        pool = [name for name in pool if state.evidence[name].distinct <= MOST_LABELS]
        values = {name: state.values(name) for name in pool}
        pool = [name for name in pool if state.evidence[name].most_characters <= _MOST_CHARACTERS]
        labels = state.label_candidates()
        # A column named like a label is no annotator, unless a numbered one stands beside it: `label`, `label.1`.
        named = [name for name in pool if names_an_annotator(name) or (name in labels and stem_of(name) in stems)]
        if groups := _linked(named, values, is_named=True):
            groups.sort(key=lambda group: (_speaks_of_labels(group), len(group)), reverse=True)
            lone = set(named) - {name for group in groups for name in group}
            first = _of_one_kind(_completed(groups[0], sorted(lone), values, free))
            return [self._without_derived(first), *groups[1:]], True
        # `fluency` beside `coherence` is what one person rated; `fluency_1` beside `fluency_2` are two persons
        unnamed = [name for name in pool if name not in labels and normalise(name) not in QUALITY_NAMES]
        # a lone 1 in a file of ids and texts is no label set
        groups = _linked([name for name in unnamed if state.evidence[name].could_be_labels], values, is_named=False)
        if not groups:
            return [], False
        groups.sort(key=len, reverse=True)
        lone = [name for name in unnamed if all(name not in group for group in groups)]
        lone = [name for name in lone if len(values[name]) > 1 or numeric_values(sorted(values[name])) is None]
        return [self._without_derived(_completed(groups[0], lone, values, free)), *groups[1:]], False

    def _without_derived(self, group: Sequence[str]) -> list[str]:
        """The columns of a group that are no calculation from the others."""
        self.derived = derived_columns(self.state.frame, group) if len(group) > 2 else {}
        return [name for name in group if name not in self.derived]

    def claim(self) -> Claim:
        """The columns of one annotator each, for each thing that they judge."""
        state = self.state
        if state.roles.annotator_columns:
            return Claim([self._claimed(state.roles.annotator_columns)])
        if not self.groups:
            raise DataError(
                f"{state.source.name}: no two columns share a set of labels, as columns of annotators do.",
                hint="Name them with --annotator-columns, or the layout with --layout.",
            )
        rated = [name for name in state.label_pool() if {*words_of(name)[:1], *words_of(name)[-1:]} & QUALITY_NAMES]
        together = [name for name in state.names if any(name in group for group in self.groups)]
        alike = together if self.is_named else self.groups[0]
        grid, is_sure = _dimensions_of(rated) or _dimensions_of(alike) or ({}, False)
        if is_sure:
            return Claim([self._claimed(columns, thing) for thing, columns in grid.items()])
        if grid or self._is_unclear():
            state.ask("the annotators' columns", [annotators(group) for group in list(grid.values()) or self.groups])
        self._ask_about_doubtful(self.groups[0])
        self._ask_about_others(self.groups[0])
        return Claim([self._claimed(self.groups[0])])

    def _ask_about_doubtful(self, people: Sequence[str]) -> None:
        """Ask where a column fits a calculation so well that hardly a person would."""
        if len(people) < 3:
            return
        doubtful = derived_columns(self.state.frame, people, chance=DOUBTFUL)
        if odd := _odd_one(people):
            doubtful |= {name: how for name, how in self._fitting(people).items() if name == odd}
        kept = [name for name in people if name not in doubtful]
        if doubtful and len(kept) > 1:
            why = " and ".join(f"{name!r} is {how} nearly throughout" for name, how in doubtful.items())
            answers = [annotators(kept, why=f", and {why}"), annotators(people, why=", who agree like that")]
            self.state.ask("who is an annotator", answers)

    def _ask_about_others(self, people: Sequence[str]) -> None:
        """Ask where as many columns have the labels of the annotators, but not their kind of name; or nobody agrees."""
        state = self.state
        labels = set[str]().union(*map(state.values, people))
        others = [name for name in state.label_pool() if name not in people and name not in self.derived]
        others = [name for name in others if not is_beside_labels(name, state.kind(name)) and not names_a_label(name)]
        others = [name for name in others if len(state.values(name)) > 1 and state.values(name) <= labels]
        if self.is_named and len(others) >= len(people):
            every = [name for name in state.names if name in {*people, *others}]
            state.ask("who is an annotator", [annotators(every), annotators(people, why=", and nobody else is")])
        if never_agree(state.frame, people):
            why = ", who never agree on any item"
            more = "If they are several labels of one annotator, no layout reads them: keep one label of each."
            state.ask("who is an annotator", [annotators(people, why=why)], more=more)

    def _fitting(self, people: Sequence[str]) -> dict[str, str]:
        """The columns that fit a calculation, though a person may as well."""
        return derived_columns(self.state.frame, people, chance=1.0)

    def _claimed(self, people: Sequence[str], dimension: str | None = None) -> Judged:
        why = f" for {dimension}: a dataset of its own" if dimension else ""
        shown = f"{', '.join(people[:6])}{' …' if len(people) > 6 else ''}"
        self.state.claim(people, f"{shown} are one annotator each{why}")
        return Judged(columns=tuple(people), dimension=dimension)

    def _is_unclear(self) -> bool:
        """Whether a second group could as well be the annotators'."""
        if len(self.groups) < 2:
            return False
        one, other = self.groups[:2]
        if self.is_named:
            return len(one) == len(other) and _speaks_of_labels(one) == _speaks_of_labels(other)
        return len(one) < 2 * len(other)

    def is_made_of_annotations(self, name: str) -> bool:
        """A settled label beside those of the annotators."""
        return self.state.kind(name) == "settled"

    def warn_of(self, left: Sequence[str], judged: Judged) -> list[str]:
        """Columns that may be annotators."""
        labels = set[str]().union(*map(self.state.values, judged.columns))
        strange = [] if self.is_named else agreeing_with_nobody(self.state.frame, judged.columns[:_MOST_COMPARED])
        warnings = [
            f"{name!r} agrees with nobody more often than by chance, while the others agree: if it is no annotator's, "
            "name those of the annotators with --annotator-columns, once for each."
            for name in strange
            if not self.state.roles.annotator_columns
        ]
        for name in left:
            values = self.state.values(name)
            why = ""
            if name in self.derived:
                why = f"is {self.derived[name]} and nobody's answer, and is left out"
            elif names_a_label(name) or self.state.kind(name) == "model":
                what = "the answer of a model" if self.state.kind(name) == "model" else "a settled label"
                why = f"is taken for {what}, not for an annotator, and left out" if values & labels else ""
            elif names_a_side_remark(name):
                continue
            elif names_an_annotator(name):
                why = "is named like an annotator, but has other values, and is left out"
            elif values <= labels:
                why = "has the annotators' labels, but not their kind of name, and is left out"
            if why:
                warnings.append(f"{name!r} {why}; --annotator-columns, once for each annotator, would take it.")
        return warnings

    @staticmethod
    def to_annotations(schema: Schema, rows: pl.DataFrame, account: TableAccount) -> pl.DataFrame:
        """One annotation for each cell with a label."""
        people = list(schema.annotator_columns)
        # the columns may have any name, `label` and `annotator` among them
        cells = rows.select(ROW, ITEM, *people).unpivot(
            on=people, index=[ROW, ITEM], variable_name=_PEOPLE, value_name=_LABEL
        )
        order = {name: n for n, name in enumerate(people)}
        cells = cells.sort(ROW, pl.col(_PEOPLE).replace_strict(order, return_dtype=pl.Int64))
        annotations = filled_cells(cells.rename({_PEOPLE: "annotator", _LABEL: "label"}), NOBODY, account)
        if empty := cells.height - annotations.height:
            account.notes.append(f"{empty:,} cells of annotators are empty: not everybody labelled every item.")
        return annotations


def annotators(columns: Sequence[str], *, why: str = "") -> Answer:
    """The reading of some columns as those of one annotator each."""
    shown = f"{', '.join(columns[:6])}{' …' if len(columns) > 6 else ''}"
    return Answer(f"{shown} are one annotator each{why}", (("layout", "wide"), ("annotator_columns", tuple(columns))))


def _dimensions_of(columns: Sequence[str]) -> tuple[dict[str, list[str]], bool] | None:
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


def _completed(
    group: Sequence[str], lone: Sequence[str], values: Mapping[str, set[str]], order: Sequence[str]
) -> list[str]:
    """The group with the columns that have no label but its: an annotator may have used one label only."""
    labels = set[str]().union(*(values[name] for name in group))
    members = {*group, *(name for name in lone if values[name] and values[name] <= labels)}
    return [name for name in order if name in members]


def _of_one_kind(group: Sequence[str]) -> list[str]:
    """The columns of the numbered stem that most of them have, where there is one; persons of other kinds stay."""
    stems = [stem_of(name) for name in group]
    most = max(stems, key=stems.count)
    if stems.count(most) < 2 or stems.count(most) <= len(group) / 2 or not most:
        return list(group)
    return [name for name, stem in zip(group, stems, strict=True) if stem == most or is_of_people(name) or "@" in name]


def _odd_one(group: Sequence[str]) -> str | None:
    """The one column that is not numbered as all others are: `итог` beside `Асессор 1` and `Асессор 2`."""
    stems = [stem_of(name) for name in group]
    odd = [name for name, stem in zip(group, stems, strict=True) if stem != max(stems, key=stems.count)]
    return odd[0] if len(odd) == 1 and len(group) > 2 else None


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
