"""The list layout: the labels of all annotators of a row are in one cell, as `A|B|A` or as a JSON list.

Several annotators say the same now and then; one annotator who chooses several labels never chooses one twice, and the
words of a label such as `yes, but` keep their places. That tells lists of annotations from what looks like them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple, NoReturn

import polars as pl

from judgekit.config.roles import Layout
from judgekit.errors import DataError
from judgekit.schema.inference_state import InferenceState
from judgekit.schema.layouts.cells_of_labels import SEPARATORS, split_cells
from judgekit.schema.layouts.layout import (
    NOBODY,
    ONE,
    UNNAMED,
    Claim,
    Judged,
    LayoutReading,
    filled_cells,
    names_a_label,
)
from judgekit.schema.question import Answer, Option
from judgekit.schema.schema import Schema
from judgekit.tables.column_names import (
    ANNOTATOR_NAMES,
    LIST_LABEL_NAMES,
    WEAK_ANNOTATOR_NAMES,
    in_preference_order,
    names_annotators,
    normalise,
)
from judgekit.tables.evidence import MOST_LABELS
from judgekit.tables.source import ITEM, ROW, TableAccount

_RARER_SEPARATORS = ("\n", "/", " ")
"""These also stand within labels, dates and names: only where the column is named like labels and nothing else fits."""
_MOST_CHARACTERS = 60
_LISTS_SHARE = 0.5
_AGREEING_SHARE = 0.05
_MOVING_SHARE = 0.8
_ALL_SHARE = 0.9
_PARALLEL_SHARE = 0.5
"""Of the rows: fewer lists of annotators of another length than that are mistakes, and are reported."""
_DECIMAL = r"^\s*[+-]?\d+(,\d+)?\s*$"
_LABELS, _PEOPLE = "\x00labels", "\x00people"


class ListEvidence(NamedTuple):
    """How the cells of a column may be read."""

    separator: str | None
    """None: JSON lists."""
    is_sure: bool
    """Whether only several annotators explain the cells; else it may be several choices of one."""


class Lists(LayoutReading):
    """A cell holds the labels of several annotators."""

    layout: ClassVar[Layout] = "list"

    def __init__(self, state: InferenceState) -> None:
        super().__init__(state)
        self.separators: dict[str, str | None] = {}
        """The columns that hold lists of labels, once found, with what separates these; None: JSON lists."""

    def find(self, names: Sequence[str]) -> bool:
        """Whether some of the columns, all named like labels, hold lists of labels.

        Raises:
            DataError: the cells may be choices of one annotator.
        """
        self.separators = {}
        for name in names:
            found = self._weigh_cells(name)
            if found and not found.is_sure:
                self._refuse_choices(name, found.separator)
            if found:
                self.separators[name] = found.separator
        return bool(self.separators)

    def find_first(self) -> bool:
        """Whether a column named like labels holds lists; the first such is kept."""
        self.find(self.named_like_lists())
        self.separators = dict([*self.separators.items()][:1])
        return bool(self.separators)

    def find_unnamed(self) -> bool:
        """Whether columns without a telling name can be nothing but the labels of several annotators."""
        names = [name for name in self.state.free() if not names_annotators(name)]
        found = {name: _read_as_list(self.state.frame.get_column(name), is_named=False) for name in names}
        self.separators = {name: one.separator for name, one in found.items() if one and one.is_sure}
        return bool(self.separators)

    def named_like_lists(self) -> list[str]:
        """Columns named like lists of labels, then those named like labels."""
        state = self.state
        return [*in_preference_order(state.free(), LIST_LABEL_NAMES), *state.label_candidates()]

    def find_as_given(self) -> None:
        """Find the lists that the user or the format says are there."""
        names = self.state.roles.label or self.named_like_lists()[:1]
        if not names and self.find_unnamed():
            names = list(self.separators)[:1]
        self.separators = {name: self._likeliest_separator(name) for name in names}

    def _likeliest_separator(self, name: str) -> str | None:
        if self.state.roles.separator is not None:
            return self.state.roles.separator
        if found := self._weigh_cells(name):
            return found.separator
        cells = self.state.frame.get_column(name)
        return max(SEPARATORS, key=lambda mark: int(cells.str.contains(mark, literal=True).sum()))

    def claim(self) -> Claim:
        """The columns of the lists, and the one with as many annotators as labels in each row."""
        state = self.state
        if not self.separators:
            raise DataError(
                f"{state.source.name}: no column holds lists of labels; the columns are {', '.join(state.names)}.",
                hint="Name the column with --label.",
            )
        for name, separator in self.separators.items():
            how = "in JSON lists" if separator is None else f"separated by {separator!r}"
            word = f", {state.whose_word('label')}" if state.roles.label else ""
            state.claim([name], f"{name!r} holds the labels of several annotators, {how}{word}")
        is_one = len(self.separators) == 1
        judged = [
            Judged(name, dimension=None if is_one else name, separator=separator)
            for name, separator in self.separators.items()
        ]
        return Claim(judged, self._find_annotators(*next(iter(self.separators.items()))))

    def _find_annotators(self, label: str, separator: str | None) -> str | None:
        state = self.state
        labels = split_cells(state.frame.get_column(label), separator).fill_null([])
        for name in self._people(label):
            share = _annotator_separator(state.frame.get_column(name), labels, separator)[1]
            if name == state.roles.annotator:
                state.reasons.append(f"{name!r} lists the annotators, {state.whose_word('annotator')}")
                return name
            if share >= _PARALLEL_SHARE:
                state.claim([name], f"{name!r} lists the annotators, as many as labels")
                return name
            is_one = normalise(name) in set(ANNOTATOR_NAMES) - WEAK_ANNOTATOR_NAMES
            has_several = bool((labels.list.len() > 1).any())
            if is_one and has_several and not state.evidence[name].is_integer and state.roles.separator is None:
                self._refuse_choices(label, separator, f", though {name!r} names one annotator per row")
        state.reasons.append("no column lists the annotators, so each label in a list counts as another person's")
        return None

    def _refuse_choices(self, name: str, separator: str | None, why: str = "") -> NoReturn:
        """Ask what cells of several labels are: those of several annotators, or the choices of one."""
        cells = self.state.frame.get_column(name)
        first = cells.filter(split_cells(cells, separator).list.len() > 1)[0]
        of_several: tuple[Option, ...] = (("layout", "list"), ("label", (name,)))
        of_several += (("separator", separator),) if separator else ()
        answers = [
            Answer("each cell holds the labels of several annotators", of_several),
            Answer("each cell is one label of one annotator", (("layout", "long"), ("label", (name,)))),
        ]
        what = f"who gave the several labels in one cell of {name!r}, as {first!r}{why},"
        self.state.ask(what, answers, more="Several choices of one annotator are no label: a label is a single choice.")

    def _people(self, label: str) -> list[str]:
        """Columns that may list the annotators, the likeliest first."""
        if self.state.roles.annotator:
            return [self.state.roles.annotator]
        named = [name for name in self.state.free() if names_annotators(name) and name != label]
        others = [name for name in named if normalise(name) not in ANNOTATOR_NAMES]
        return [*in_preference_order(named, ANNOTATOR_NAMES), *others]

    def _weigh_cells(self, name: str) -> ListEvidence | None:
        """How the cells of a column named like labels may be lists."""
        state, few = self.state, self.state.evidence[name].values
        if few and not any(mark in cell for cell in few for mark in ("[", *SEPARATORS, *_RARER_SEPARATORS)):
            return None
        return _read_as_list(
            state.frame.get_column(name),
            known=[*state.known_labels, *state.roles.labels, *(old for old, _ in state.roles.label_map)],
            people=[state.frame.get_column(other) for other in self._people(name)],
        )

    def labels(self, judged: Judged) -> list[str]:
        """The members of all lists."""
        cells = self.state.frame.get_column(judged.label or "").unique()
        members = split_cells(cells, judged.separator).explode().drop_nulls().unique()
        if members.str.contains(r"^\[|^\{|\]$|\}$").any():
            raise DataError(
                f"{self.state.source.name}: {judged.label!r} holds lists within lists, as {cells[0]!r}: "
                "several choices of each annotator.",
                hint="A label is a single choice: give a column with one label of each annotator.",
            )
        return sorted(label for label in members.to_list() if label.strip())

    def is_made_of_annotations(self, name: str) -> bool:
        """A label beside the lists."""
        return names_a_label(name)

    def warn_of(self, left: Sequence[str], judged: Judged) -> list[str]:
        """Columns that may hold one label per row."""
        return [
            f"{name!r} is taken for a settled label, beside the lists of labels, and left out; --label {name} --layout "
            "long would take it."
            for name in left
            if names_a_label(name) and self.state.evidence[name].could_be_labels
        ]

    @staticmethod
    def to_annotations(schema: Schema, rows: pl.DataFrame, account: TableAccount) -> pl.DataFrame:
        """One annotation for each member of a list."""
        labels = rows.get_column(schema.label or "")
        members = split_cells(labels, schema.separator)
        is_list = members.is_not_null()
        wrong = rows.filter(~is_list)
        details = (
            f"{account.source.place([row])}: {schema.label} must be a list of labels, found {cell!r}"
            for row, cell in zip(wrong.get_column(ROW), labels.filter(~is_list), strict=True)
        )
        account.set_aside("the cell is not a list of labels", wrong.get_column(ROW), is_fault=True, details=details)
        cells = rows.select(ROW, ITEM).with_columns(members.alias(_LABELS))
        if schema.annotator is None:
            cells = cells.filter(is_list).with_columns(UNNAMED).explode(_LABELS)
            return filled_cells(cells.rename({_LABELS: "label"}), NOBODY, account)
        named = rows.get_column(schema.annotator)
        people = split_cells(named, _annotator_separator(named, members, schema.separator)[0])
        return _paired(schema, cells.with_columns(people.alias(_PEOPLE)).filter(is_list), account)


def _paired(schema: Schema, cells: pl.DataFrame, account: TableAccount) -> pl.DataFrame:
    """The annotations of rows with a list of labels and one of annotators; without any label the lengths may differ."""
    has_labels = pl.col(_LABELS).list.eval(pl.element() != "").list.any().fill_null(False)
    people, labels = pl.col(_PEOPLE).list.len().fill_null(0), pl.col(_LABELS).list.len()
    wrong = cells.filter(has_labels & (people != labels)).select(ROW, labels.alias("labels"), people.alias("people"))
    details = (
        f"{account.source.place([row])}: {of_labels:,} labels ({schema.label}), but {of_people:,} annotators "
        f"({schema.annotator})"
        for row, of_labels, of_people in wrong.iter_rows()
    )
    reason = "there are not as many labels as annotators"
    account.set_aside(reason, wrong.get_column(ROW), is_fault=True, details=details)
    account.set_aside(NOBODY, cells.filter(~has_labels).get_column(ROW))
    annotations = cells.filter(has_labels & (people == labels)).explode(_LABELS, _PEOPLE).filter(pl.col(_LABELS) != "")
    annotator = pl.when(pl.col(_PEOPLE).str.strip_chars() != "").then(pl.col(_PEOPLE))
    return annotations.select(ROW, ITEM, annotator.alias("annotator"), pl.col(_LABELS).alias("label"), count=ONE)


def _read_as_list(
    cells: pl.Series, *, is_named: bool = True, known: Sequence[str] = (), people: Sequence[pl.Series] = ()
) -> ListEvidence | None:
    """Whether the cells of a column are lists of labels, and what separates these.

    Args:
        cells: String without nulls.
        is_named: whether the column is named like one of labels.
        known: labels that were given: their lists are lists, whatever else they look like.
        people: columns that may list the annotators; a list as long as theirs is one of labels.
    """
    weights = cells.alias("cell").value_counts(name="n").filter(pl.col("cell").str.strip_chars() != "")
    total, unsure = int(weights.get_column("n").sum()), None
    # Only a name tells JSON lists of labels from the choices of a question, or rarer separators from parts of a label.
    for separator in (None, *SEPARATORS, *_RARER_SEPARATORS) if is_named else SEPARATORS:
        has_mark = pl.col("cell").str.contains("[" if separator is None else separator, literal=True)
        if int(weights.filter(has_mark).get_column("n").sum()) <= _LISTS_SHARE * total:
            continue
        found = _weigh_members(weights, separator, known)
        if found and found.is_sure:
            return found
        if people and separator in SEPARATORS:
            members = split_cells(cells, separator)
            if any(_annotator_separator(named, members, separator)[1] >= _ALL_SHARE for named in people):
                return ListEvidence(separator, True)
        unsure = unsure or (found if separator in SEPARATORS else None)
    return unsure


def _weigh_members(weights: pl.DataFrame, separator: str | None, known: Sequence[str]) -> ListEvidence | None:
    """The evidence of the distinct cells, weighted by how often each occurs."""
    cells = weights.get_column("cell")
    rows = weights.with_columns(members=split_cells(cells, separator))
    total = int(weights.get_column("n").sum())
    lists = rows.filter(pl.col("members").is_not_null())
    members = lists.explode("members").filter(pl.col("members") != "")
    distinct = set(members.get_column("members").unique().to_list())
    is_small = len(distinct) <= MOST_LABELS and max(map(len, distinct), default=0) <= _MOST_CHARACTERS
    if separator is None:  # brackets are no part of a label
        is_list = int(lists.get_column("n").sum()) >= _ALL_SHARE * total
        return ListEvidence(None, True) if is_list and is_small else None
    several = lists.filter(pl.col("members").list.len() > 1)
    number = int(several.get_column("n").sum())
    if number <= _LISTS_SHARE * total:
        return None
    if distinct and distinct <= set(known) and not set(cells.to_list()) <= set(known):
        return ListEvidence(separator, True)
    if separator == "," and cells.str.contains(_DECIMAL).all():
        return _weigh_decimals(several)
    if not is_small or len(distinct) < 2 or len(distinct) >= _ALL_SHARE * int(members.get_column("n").sum()):
        return None
    first, later = several.get_column("members").list.first(), several.get_column("members").list.slice(1).explode()
    moving = set(first.to_list()) & set(later.to_list()) & distinct
    if separator in _RARER_SEPARATORS and len(moving) < _MOVING_SHARE * len(distinct):
        return None
    filled = pl.col("members").list.eval(pl.element().filter(pl.element() != ""))
    agreeing = several.filter(filled.list.n_unique() < filled.list.len())
    if int(agreeing.get_column("n").sum()) >= _AGREEING_SHARE * number:
        return ListEvidence(separator, True)
    return ListEvidence(separator, False) if moving else None


def _weigh_decimals(pairs: pl.DataFrame) -> ListEvidence | None:
    """`4,5`: the labels of two annotators where both places have the values of one scale; else a decimal comma."""
    one, other = (set(pairs.get_column("members").list.get(place).to_list()) for place in (0, 1))
    return ListEvidence(",", False) if len(other) > 2 and other <= one else None


def _annotator_separator(cells: pl.Series, members: pl.Series, labels_by: str | None) -> tuple[str | None, float]:
    """What separates annotators so that there are as many as labels, and the share of rows in which that holds.

    Args:
        cells: the column that names the annotators.
        members: the labels of each row.
        labels_by: the separator of the labels.
    """
    filled = members.list.len() > 0
    tried: dict[str | None, float] = {}
    for separator in (labels_by, *SEPARATORS):
        same = split_cells(cells, separator).list.len() == members.list.len()
        tried[separator] = float(same.filter(filled).fill_null(False).mean() or 0)  # pyright: ignore[reportArgumentType]
    best = max(tried, key=lambda separator: tried[separator])  # the first of equals
    return best, tried[best]
