"""The long layout: a row is one annotation, with a column for the label and, mostly, one that names the annotator.

Both are found by name, else by what the cells do: a person labels an item once, and others; a label has few values.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar, NamedTuple, NoReturn

import polars as pl

from judgekit.config.roles import Layout
from judgekit.errors import DataError
from judgekit.schema.column_kinds import holds_several_objects, is_beside_labels
from judgekit.schema.inference_state import InferenceState, offer_all_labels
from judgekit.schema.layouts.layout import UNNAMED, Claim, Judged, LayoutReading, counts_of, filled_cells
from judgekit.schema.question import Answer, Option
from judgekit.schema.refused_answers import in_lower_case, marks_test_items, without_refused
from judgekit.schema.scales import order_labels
from judgekit.schema.schema import Schema
from judgekit.tables.column_names import (
    ANNOTATOR_NAMES,
    LABEL_NAMES,
    LIST_LABEL_NAMES,
    QUALITY_NAMES,
    TEXT_NAMES,
    WEAK_ANNOTATOR_NAMES,
    WEAK_TEXT_NAMES,
    in_preference_order,
    mentions_a_person,
    names_a_count,
    names_a_metadata_number,
    names_a_side_remark,
    normalise,
)
from judgekit.tables.evidence import ColumnEvidence
from judgekit.tables.groups import Groups
from judgekit.tables.shapes import is_blank
from judgekit.tables.source import ITEM, ROW, TableAccount

_ROWS_PER_ITEM = 1.2
"""Fewer are repeated rows of a wide or counts table rather than several annotations."""
_MOST_RATINGS = 11
_SAME_VALUES_SHARE = 0.5
_EXPECTED_REPEATS = 2.0
"""So many repeats within items chance would have made: without them the absence of repeats says nothing."""
_REPEATS_SHARE = 0.05
"""Of the expected repeats: a person named by the header may have labelled a few items twice."""
_ENOUGH_ROWS, _UNIQUE_SHARE, _ALL_ROWS_SHARE = 10, 0.9, 0.9
_ROUNDED = 0.011
"""Shares of two digits miss their whole by so much."""
_GROUP, _VALUE = "\x00group", "\x00value"


class _AnnotatorEvidence(NamedTuple):
    """Columns that could name the annotator."""

    fitting: list[str]
    """The equally good ones, or the only one."""
    numbering: list[str]
    """Columns that may only number the annotations of each item."""


class Long(LayoutReading):
    """A row is one annotation."""

    layout: ClassVar[Layout] = "long"
    is_row_an_annotation: ClassVar[bool] = True

    @cached_property
    def keys(self) -> list[str]:
        """The columns that tell the items apart."""
        return [self.state.item] if self.state.item else self.state.texts_by_name()

    @cached_property
    def items(self) -> Groups | None:
        """The rows of each item; None where nothing tells the items apart."""
        return self.state.groups(*self.keys) if self.keys else None

    def certainty(self) -> str:
        """Why the table can be nothing else, where two of three signs agree; else an empty text."""
        labels = self.state.label_candidates()
        annotators = in_preference_order(self.state.free(), ANNOTATOR_NAMES)
        rows = self.state.frame.height
        is_repeated = rows >= _ROWS_PER_ITEM * (self.items.number if self.items else rows)
        if sum((bool(labels), bool(annotators), is_repeated)) < 2:
            return ""
        held = f"{labels[0]!r} holds one label per row and " if labels else ""
        return held + (f"{annotators[0]!r} says whose" if annotators else "items return in several rows")

    def claim(self) -> Claim:
        """The column of the label, or several of the same kind, and that of the annotator."""
        annotator = self.find_annotator()
        labels = self._find_labels(annotator)
        number = self._find_number(labels, annotator)
        if annotator is None and not self.state.roles.label and not (self.items and self.items.repeat):
            self._ask_about_structured_annotations(labels)
        return Claim([Judged(name, dimension=name if len(labels) > 1 else None) for name in labels], annotator, number)

    def _ask_about_structured_annotations(self, labels: Sequence[str]) -> None:
        """Ask where each row has one label and, in a cell, what several people said."""
        state = self.state
        for name in state.free():
            if state.kind(name) == "structure" and holds_several_objects(state.frame.get_column(name)):
                explicit: tuple[Option, ...] = (("layout", "long"), ("label", tuple(labels)))
                alone = Answer(f"{labels[0]!r} is the one annotation of each row", explicit)
                more = f"If {name!r} holds the annotations, make a row of each of them."
                state.ask("what holds the annotations", [alone], more=more)

    def _find_number(self, labels: Sequence[str], annotator: str | None) -> str | None:
        """The column that says how many annotators gave the item this label, in a table with a row for each of both."""
        state = self.state
        if state.roles.number:
            state.reasons.append(f"{state.roles.number!r} counts the annotations, {state.whose_word('number')}")
            return state.roles.number
        if annotator or len(labels) > 1:
            return None
        self._ask_about_shares(labels[0])
        whole = [name for name in state.free() if state.evidence[name].is_integer]
        if self.items is None or not self.items.repeat:  # everybody may agree on every item
            whole = [name for name in whole if names_a_count(name) and not state.evidence[name].has_zero]
            return self._ask_for_number(whole, labels)
        if state.groups(*self.keys, labels[0]).repeat:
            return None  # somebody else gave the item the same label
        first = self.items.first
        whole = [name for name in whole if not _only_numbers(state.frame, name, first)]
        named = [name for name in whole if names_a_count(name) and not _counts_rows(state.frame, name, first)]
        if named:
            state.claim(named[:1], f"{named[0]!r} counts the annotations: no row repeats the label of its item")
            return named[0]
        free = [name for name in whole if self.items.constant_share(name) < 1 and not _is_unique(state, name)]
        free = [name for name in free if not is_beside_labels(name, state.kind(name))]
        return self._ask_for_number(free, labels) if state.frame.height >= _ENOUGH_ROWS else None

    def _ask_about_shares(self, label: str) -> None:
        """Ask where a column beside the label adds up to 1 or 100 within every item: the share of the label."""
        state = self.state
        if self.items is None or not self.items.repeat or state.groups(*self.keys, label).repeat:
            return
        for name in state.free():
            if state.evidence[name].is_number and self.items.constant_share(name) < 1 and not names_a_count(name):
                numbers = state.frame.get_column(name).str.replace(",", ".", literal=True).str.strip_suffix("%")
                rows = pl.DataFrame({_GROUP: self.items.first, _VALUE: numbers.cast(pl.Float64, strict=False)})
                sums = rows.group_by(_GROUP).agg(pl.col(_VALUE).sum()).get_column(_VALUE)
                if any(((sums / whole - 1).abs() < _ROUNDED).mean() == 1 for whole in (1, 100)):
                    alone = Answer("each row is one annotation", (("layout", "long"), ("label", (label,))))
                    more = (
                        f"If {name!r} is the share of the label, make a column of each label, or write the number of "
                        "annotators in its place."
                    )
                    state.ask(f"what {name!r} says", [alone], more=more)

    def _ask_for_number(self, names: Sequence[str], labels: Sequence[str]) -> None:
        """Ask which of some columns counts the annotations, or whether each row is one."""
        state = self.state
        names = [name for name in names if state.values(name) != {"1"}]
        if names and state.roles.layout is None:
            explicit: tuple[Option, ...] = (("layout", "long"), ("label", tuple(labels)))
            counts = [Answer(f"{name!r} counts the annotations", (*explicit, ("number", name))) for name in names]
            state.ask("the number of annotations", [*counts, Answer("each row is one annotation", explicit)])

    def find_annotator(self) -> str | None:
        """The column that names the annotator, claimed; None where none does."""
        state = self.state
        if state.roles.annotator:
            state.reasons.append(f"{state.roles.annotator!r} names the annotator, {state.whose_word('annotator')}")
            return state.roles.annotator
        for name in in_preference_order(state.free(), ANNOTATOR_NAMES):
            if self._is_author(name):
                state.reasons.append(f"{name!r} belongs to the item, not to the annotation: it is not the annotator")
                continue
            state.claim([name], f"{name!r} names the annotator, by its name")
            return name
        return self._find_unnamed_annotator()

    def _is_author(self, name: str) -> bool:
        """Whether a column named like one of users names who wrote the text."""
        if normalise(name) not in WEAK_ANNOTATOR_NAMES:
            return False
        is_text = self.state.evidence[name].mean_characters > 40
        is_repeated = self.state.item is not None and self.items is not None and self.items.repeat
        return is_text or (is_repeated and self.items is not None and self.items.constant_share(name) == 1)

    def _find_unnamed_annotator(self) -> str | None:
        """The column whose cells behave like annotators, where no name says which it is."""
        state = self.state
        labels = [*state.roles.label, *state.label_candidates(), *in_preference_order(state.names, LABEL_NAMES)]
        names = [name for name in state.free() if name not in labels and name not in self.keys]
        found = _weigh_annotators(state, self.items, names) if self.items else _AnnotatorEvidence([], [])
        if len(found.fitting) == 1:
            name = found.fitting[0]
            state.claim([name], f"{name!r} names the annotator: its values never return within an item, but in others")
            return name
        state.reasons.append("no column names the annotator, so each row counts as another person's")
        state.may_be_annotators = unclear = found.fitting or found.numbering
        if unclear:
            state.warnings.append(
                f"Each row counts as another person's, though {' and '.join(map(repr, unclear))} may name the "
                f"annotator; --annotator {unclear[0]} would say so."
            )
        return None

    def _find_labels(self, annotator: str | None) -> tuple[str, ...]:
        """The columns that hold one label each: one column, unless there are several ratings of the same kind."""
        state = self.state
        if state.roles.label:
            state.reasons += [f"{name!r} holds the label, {state.whose_word('label')}" for name in state.roles.label]
            return state.roles.label
        is_repeated = self.items is not None and self.items.repeat
        candidates = state.label_candidates()
        is_named = bool(candidates)
        if is_named:
            if len(candidates) > 1 and self.items is not None and is_repeated:
                candidates = [name for name in candidates if self.items.constant_share(name) < 1] or candidates
            candidates = _without_renamed(state, candidates)
        else:
            candidates = self._labels_by_evidence(annotator, state.free())
        if not candidates:
            self._refuse_without_label()
        are_qualities = all(normalise(name) in QUALITY_NAMES for name in candidates)
        if len(candidates) > 1 and not is_named and (is_repeated or are_qualities) and _are_ratings(state, candidates):
            words = ", ".join(map(repr, candidates))
            state.claim(candidates, f"{words} are ratings on one scale: each makes a dataset of its own")
            return tuple(candidates)
        if len(candidates) > 1 and normalise(candidates[0]) != "label":
            state.ask_for_label(candidates)
        why = "by its name" if is_named else "it alone has a few short values that differ between annotators"
        state.claim(candidates[:1], f"{candidates[0]!r} holds the label, {why}")
        if is_repeated:
            self._mention_ratings_beside(candidates[0], annotator)
        return (candidates[0],)

    def _refuse_without_label(self) -> NoReturn:
        state = self.state
        listed = [name for name in state.free() if normalise(name) in LIST_LABEL_NAMES]
        raise DataError(
            f"{state.source.name}: no column holds labels; the columns are {', '.join(state.names)}.",
            hint="Name the column with --label, or the layout with --layout."
            + (f" If {listed[0]!r} holds lists of labels, say --separator." if listed else ""),
        )

    def _mention_ratings_beside(self, label: str, annotator: str | None) -> None:
        state = self.state
        near = [name for name in state.free() if state.evidence[name].could_be_labels]
        near = [name for name in near if _are_ratings(state, [label, name])]
        if others := self._labels_by_evidence(annotator, near):
            state.reasons.append(
                f"{', '.join(map(repr, others))} {'is' if len(others) == 1 else 'are'} rated on the scale of "
                f"{label!r} too;{offer_all_labels([label, *others])}"
            )

    def _labels_by_evidence(self, annotator: str | None, names: Sequence[str]) -> list[str]:
        """Those of some columns whose cells behave like labels: few values, which differ within items and people."""
        by_annotator = self.state.groups(annotator) if annotator else None

        def varies(name: str, groups: Groups | None) -> bool:
            return groups is None or not groups.repeat or groups.constant_share(name) < 1

        return [
            name
            for name in names
            if self.state.evidence[name].could_be_labels
            and not (self.state.evidence[name].is_number and names_a_metadata_number(name))
            and normalise(name) not in TEXT_NAMES - WEAK_TEXT_NAMES
            and not self.state.is_text(name)
            and varies(name, self.items)
            and varies(name, by_annotator)
        ]

    def warn_of(self, left: Sequence[str], judged: Judged) -> list[str]:
        """Columns that mark some items as test questions, whose answers mostly do not count."""
        cells = {name: in_lower_case(self.state.frame.get_column(name)).unique() for name in left}
        return [
            f"{name!r} seems to mark test questions; they count as all others do: take them out of the file if they "
            "were asked only to check the annotators."
            for name, values in cells.items()
            if marks_test_items(name, set(values.to_list()) - {""})
        ]

    @staticmethod
    def to_annotations(schema: Schema, rows: pl.DataFrame, account: TableAccount) -> pl.DataFrame:
        """One annotation for each row with a label."""
        annotator = UNNAMED
        if schema.annotator:
            named = rows.get_column(schema.annotator)
            nameless = is_blank(named)
            annotator = pl.when(~nameless).then(named) if nameless.any() else named
        cells = rows.select(ROW, ITEM, annotator=annotator, label=rows.get_column(schema.label or ""))
        annotations = without_refused(filled_cells(cells, "the label is empty", account), schema, rows, account)
        return _counted(annotations, schema, rows, account) if schema.number else annotations


def _counted(annotations: pl.DataFrame, schema: Schema, rows: pl.DataFrame, account: TableAccount) -> pl.DataFrame:
    """The annotations as many times as their rows say; a row of none is set aside."""
    number = counts_of(rows.get_column(schema.number or "")).alias("count")
    counted = annotations.drop("count").join(rows.select(ROW).with_columns(number), on=ROW, how="left")
    wrong = counted.filter(pl.col("count").is_null())
    details = (f"{account.source.place([row])}: {schema.number} must be a whole number from 0" for row in wrong[ROW])
    account.set_aside("a count is no whole number from 0", wrong.get_column(ROW), is_fault=True, details=details)
    account.set_aside("the count is zero", counted.filter(pl.col("count") == 0).get_column(ROW))
    return counted.filter(pl.col("count") > 0)


def _counts_rows(frame: pl.DataFrame, name: str, first: pl.Series) -> bool:
    """Whether a number is nearly always that of the rows of the item: of all annotations, not of those of a label."""
    number = frame.get_column(name).str.strip_chars().str.replace(r"\.0+$", "").cast(pl.Int64, strict=False)
    rows = pl.DataFrame({_GROUP: first, _VALUE: number})
    return rows.select((pl.len().over(_GROUP) == pl.col(_VALUE)).mean()).item() >= _ALL_ROWS_SHARE


def _is_unique(state: InferenceState, name: str) -> bool:
    """Whether a number is another one in nearly every row, as that of the row is."""
    return state.evidence[name].distinct > _UNIQUE_SHARE * state.evidence[name].filled


def _weigh_annotators(state: InferenceState, items: Groups, names: Sequence[str]) -> _AnnotatorEvidence:
    """Columns whose values never return within an item, but do in other items."""
    frame, first = state.frame, items.first
    fitting = [name for name in names if _may_be(name, state.evidence[name]) and _fits(frame, name, first)]
    numbering = [name for name in fitting if not mentions_a_person(name) and _only_numbers(frame, name, first)]
    fitting = [name for name in fitting if name not in numbering]
    fitting = [name for name in fitting if mentions_a_person(name)] or fitting
    if fitting and all(state.is_renaming(fitting[0], name) for name in fitting[1:]):
        fitting = fitting[:1]  # a person's name and her e-mail say the same
    return _AnnotatorEvidence(fitting, numbering)


def _may_be(name: str, figures: ColumnEvidence) -> bool:
    is_side = names_a_metadata_number(name) or names_a_side_remark(name) or names_a_count(name)
    is_code = mentions_a_person(name) or not figures.is_prose
    return is_code and not is_side and figures.filled >= 0.5 * figures.rows and figures.most_characters <= 80


def _fits(frame: pl.DataFrame, name: str, first: pl.Series) -> bool:
    rows = pl.DataFrame({_GROUP: first, _VALUE: frame.get_column(name)}).filter(pl.col(_VALUE).str.strip_chars() != "")
    pairs = _pairs(rows, [_GROUP])
    expected = pairs * 2 * _pairs(rows, [_VALUE]) / max(rows.height, 1) ** 2
    repeats = _pairs(rows, [_GROUP, _VALUE])
    if mentions_a_person(name):
        return pairs > 0 and expected > 0 and repeats <= _REPEATS_SHARE * expected
    return repeats == 0 and expected >= _EXPECTED_REPEATS


def _pairs(rows: pl.DataFrame, keys: Sequence[str]) -> float:
    """Number of pairs of rows that agree in the keys."""
    size = pl.col("len").cast(pl.Float64)
    return float(rows.group_by(keys).len().select((size * (size - 1) / 2).sum()).item())


def _only_numbers(frame: pl.DataFrame, name: str, first: pl.Series) -> bool:
    """Whether the values are 1, 2, 3 … within every item: positions or persons, nobody can tell."""
    number = frame.get_column(name).str.strip_chars().cast(pl.Int64, strict=False)
    if number.null_count():
        return False
    groups = pl.DataFrame({_GROUP: first, _VALUE: number}).group_by(_GROUP)
    sizes = groups.agg(pl.len().alias("n"), low=pl.col(_VALUE).min(), high=pl.col(_VALUE).max())
    return sizes.select(((pl.col("high") - pl.col("low") + 1 == pl.col("n")) & (pl.col("low") <= 1)).all()).item()


def _are_ratings(state: InferenceState, names: Sequence[str]) -> bool:
    """Whether columns hold values of one scale, each at least half of them."""
    values = [state.values(name) for name in names]
    union = set[str]().union(*values)
    is_scale = len(union) <= _MOST_RATINGS and order_labels(sorted(union)).kind == "ordinal"
    return is_scale and all(len(found) >= _SAME_VALUES_SHARE * len(union) for found in values)


def _without_renamed(state: InferenceState, candidates: list[str]) -> list[str]:
    """The candidates without the codes of another one: `label_id` beside `label_name`."""
    kept: list[str] = []
    for name in sorted(candidates, key=lambda name: (state.evidence[name].is_number, candidates.index(name))):
        if not any(state.is_renaming(name, other) for other in kept):
            kept.append(name)
    return sorted(kept, key=candidates.index)
