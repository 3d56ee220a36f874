"""The counts layout: a row is one item, and each label has a column with the number of annotators who chose it.

Counts of one item compete: an annotator who chose one label did not choose another, so a row's sum varies less than
its cells do. Ratings of one item agree, so theirs varies more. `_competition` measures that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar, Literal, NamedTuple

import polars as pl

from judgekit.config.roles import Layout
from judgekit.errors import DataError
from judgekit.schema.inference_state import InferenceState
from judgekit.schema.layouts.layout import Claim, Judged, counts_of
from judgekit.schema.layouts.long import Long
from judgekit.schema.layouts.tallies import (
    Tally,
    describes_the_item,
    numbers_to_annotations,
    runs_of,
    totals,
    varying,
    whole_numbers,
)
from judgekit.schema.scales import numeric_values
from judgekit.schema.schema import Schema
from judgekit.tables.column_names import (
    LABEL_NAMES,
    LABEL_WORDS,
    TOTAL_NAMES,
    in_preference_order,
    names_a_settled_label,
    names_an_annotator,
    normalise,
    stem_of,
    strip_count_affix,
)
from judgekit.tables.source import ROW, TableAccount

_SAME_TOTAL_SHARE = 0.6
_ZERO_ROWS_SHARE = 0.05
"""A row of zeros is an item without annotations: rare among counts, common among ratings from 0."""
_MOST_RATINGS = 11
_ENOUGH_ROWS = 10
_LARGEST_COUNT, _MOST_COUNT = 1_000_000, 10**9
_COMPETING = 0.5
"""Simulated, 20 rows: ratings 0 to 4 of 2 or 3 unrelated persons fall below in 1 of 70 tables (10 rows: 1 of 14), those
of persons who agree to within a step in none of 4,000; counts of 3 to 5 annotators lie at 0.07 to 0.46 (50 rows)."""
_UNRELATED = 1.0
Certainty = Literal["no", "maybe", "even", "mixed", "single", "yes"]
"""`mixed`: some of the columns are counts, others are something else. `single`: each row has one 1 among zeros, be it
the label that one person chose or what kind of item it is. `even`: their names may count, or number annotators."""


class CountEvidence(NamedTuple):
    """Columns that could count one label each, and how sure that is."""

    columns: list[str]
    sure: Certainty
    why: str


class Counts(Tally):
    """A column counts the annotators of one label."""

    layout: ClassVar[Layout] = "counts"

    @cached_property
    def found(self) -> CountEvidence:
        """The columns that could be counts."""
        state = self.state
        integers = [name for name in state.free() if state.evidence[name].is_integer]
        if state.known_labels:
            short = strip_count_affix(integers)
            known = [name for name, label in zip(integers, short, strict=True) if label in state.known_labels]
            known = known or [name for name in integers if name in state.known_labels]
            if len(known) > 1:
                return CountEvidence(known, "yes", "they are named like the judge's labels")
        candidates = state.label_candidates()
        named = in_preference_order(state.free(), LABEL_NAMES)
        labels = [name for name in candidates if name in named or names_a_settled_label(name)]
        labels = [name for name in labels if state.evidence[name].could_be_labels]
        values = state.values(labels[0]) if labels else set[str]()
        integers = [name for name in integers if name not in candidates and state.kind(name) != "settled"]
        columns = _count_columns(state.frame, integers)
        sure, why = _weigh(state, columns, values)
        if sure == "mixed":
            numbers = whole_numbers(state.frame, columns)
            columns = min(runs_of(columns), key=lambda run: _competition(numbers, run))
        return CountEvidence(columns, sure, why)

    def claim(self) -> Claim:
        """The columns that count one label each."""
        counts = self.state.roles.counts
        if not counts:
            counts = tuple(self.found.columns)
        if len(counts) < 2:
            raise DataError(
                f"{self.state.source.name}: {len(counts)} columns of whole numbers could count labels; two are needed.",
                hint="Name them with --counts, or the layout with --layout.",
            )
        self.state.claim(counts, f"{', '.join(counts)} count the annotations of one label each")
        return Claim([Judged(columns=counts)], self._annotator_of_one_hot_rows(counts))

    def _annotator_of_one_hot_rows(self, columns: Sequence[str]) -> str | None:
        """The column that names the annotator, where every row is one annotation: one 1 among zeros, for an item."""
        rows = Long(self.state)
        is_single = bool((totals(whole_numbers(self.state.frame, columns), columns) == 1).all())
        return rows.find_annotator() if is_single and rows.items is not None and rows.items.repeat else None

    def may_have_gaps(self, columns: Sequence[str]) -> bool:
        """Whether columns of whole numbers and empty cells may be counts whose zeros were left out, as a pivot does."""
        figures = [self.state.evidence[name] for name in columns]
        if any(one.integer_share < 1 or one.has_zero for one in figures):
            return False
        if all(one.filled == one.rows for one in figures) or _have_one_stem(columns):
            return False
        return _competition(whole_numbers(self.state.frame, columns), columns) < _COMPETING

    def short_names(self, columns: Sequence[str]) -> list[str]:
        """Without `n_`, `_votes` and the like."""
        return strip_count_affix(columns)

    def warn_of(self, left: Sequence[str], judged: Judged) -> list[str]:
        """Totals that the counts do not add up to, and further columns that may be counts."""
        frame, taken = self.state.frame, judged.columns
        total = whole_numbers(frame, taken).sum_horizontal()
        warnings: list[str] = []
        for name in left:
            if not self.state.evidence[name].is_integer:
                continue
            numbers = whole_numbers(frame, [name]).to_series()
            differ = int((numbers != total).sum())
            if normalise(name) in TOTAL_NAMES and differ:
                warnings.append(
                    f"{', '.join(taken)} do not add up to {name!r} in {differ:,} of {frame.height:,} rows; "
                    "--counts, once for each column, would name others."
                )
            elif differ and not describes_the_item(name) and not _is_row_number(numbers) and not _is_huge(numbers):
                warnings.append(
                    f"{name!r} holds whole numbers, but is not taken to count a label, and is left out; --counts, once "
                    "for each column, would take it."
                )
        return warnings

    @staticmethod
    def to_annotations(schema: Schema, rows: pl.DataFrame, account: TableAccount) -> pl.DataFrame:
        """As many annotations as each cell says."""
        numbers = pl.DataFrame([counts_of(rows.get_column(name)) for name in schema.count_columns])
        is_wrong = numbers.select((pl.all().is_null() | (pl.all() > _MOST_COUNT)).fill_null(True))
        any_wrong = is_wrong.select(pl.any_horizontal(pl.all())).to_series()
        if any_wrong.any():
            details: list[str] = []
            for wrong in is_wrong.get_columns():
                if (bad := rows.filter(wrong)).height:
                    found = ", ".join(
                        map(repr, bad.get_column(wrong.name).str.strip_chars().unique(maintain_order=True)[:3])
                    )
                    place = account.source.place(bad.get_column(ROW))
                    details.append(f"{place}: {wrong.name} must be a whole number of 0 or more, found {found}")
            lost = rows.filter(any_wrong).get_column(ROW)
            account.set_aside("a count is not a whole number of 0 or more", lost, is_fault=True, details=details)
            rows, numbers = rows.filter(~any_wrong), numbers.filter(~any_wrong)
        return numbers_to_annotations(schema, rows, numbers, account)


def _count_columns(frame: pl.DataFrame, integers: Sequence[str]) -> list[str]:
    """Columns of whole numbers that could count one label each, in file order; fewer than two are none."""
    found = [name for name in integers if not describes_the_item(name)]
    numbers = whole_numbers(frame, found)
    column = numbers.get_column
    found = [name for name in found if not (_is_row_number(column(name)) or _is_huge(column(name)))]
    affixed = [name for name in found if strip_count_affix([name]) != [name]]
    if len(affixed) > 1 and strip_count_affix(affixed) != affixed:
        found = affixed
    else:
        found = [name for name in found if normalise(name) in LABEL_WORDS or not _is_constant_above_zero(column(name))]
    if len(found) > 2 and frame.height >= 5:
        total = totals(numbers, found)
        found = [name for name in found if not (column(name) * 2 == total).all()]
    runs = runs_of(found) if frame.height >= _ENOUGH_ROWS and not _is_constant(numbers, found) else []
    same = [run for run in runs if _is_constant(numbers, run) and varying(numbers, run) > 1]
    found = max(same, key=len, default=found)
    return found if len(found) > 1 else []


def _is_row_number(numbers: pl.Series) -> bool:
    """Whether every number is the next one after the one above it."""
    return numbers.len() >= _ENOUGH_ROWS and bool((numbers.diff().drop_nulls() == 1).all())


def _is_huge(numbers: pl.Series) -> bool:
    """Whether a number is beyond what anybody counts: a time, an id."""
    return bool((numbers > _LARGEST_COUNT).any())


def _is_constant_above_zero(numbers: pl.Series) -> bool:
    return numbers.len() >= 2 * _ENOUGH_ROWS and numbers.n_unique() == 1 and bool((numbers > 0).any())


def _is_constant(numbers: pl.DataFrame, columns: Sequence[str]) -> bool:
    return bool(columns) and totals(numbers, columns).n_unique() == 1


def _have_one_stem(columns: Sequence[str]) -> bool:
    return len({stem_of(name) for name in columns}) == 1 and bool(stem_of(columns[0]))


def _weigh(state: InferenceState, columns: list[str], label_values: set[str]) -> tuple[Certainty, str]:
    """How sure it is that columns count labels, and why.

    Args:
        state: the state of the inference.
        columns: what `_count_columns` found.
        label_values: the values of a column named like a label; empty without one.
    """
    if len(columns) < 2:
        return "no", ""
    short = strip_count_affix(columns)
    plain = {normalise(name) for name in short}
    are_codes = numeric_values(sorted(label_values)) is not None  # for the labels in the order of the columns
    if label_values and not plain & {normalise(value) for value in label_values} and not are_codes:
        return "no", ""  # a label made of the counts would be one of theirs
    may_be_persons = all(normalise(name).startswith(("label", "vote")) for name in columns)
    if may_be_persons and sum(names_an_annotator(name) for name in short) > 1:
        return "no", ""  # label_ann1, label_ann2
    numbers = whole_numbers(state.frame, columns)
    if short != columns and (plain <= LABEL_WORDS or not may_be_persons):
        return "yes", "their names share a prefix or suffix that counts"
    if short != columns:
        return _weigh_numbered(numbers)
    if label_values and label_values <= set(columns):
        return "yes", "they are named like the labels"
    if sum(names_an_annotator(name) for name in columns) > 1:
        return "no", ""
    total = totals(numbers, columns)
    if total.len() > 1 and total.n_unique() == 1 and total[0] == 1:
        return "single", "each row has one 1 among zeros"
    if total.len() > 1 and total.n_unique() == 1:
        return "yes", f"they are whole numbers that add up to {int(total[0])} in every row"
    is_full = all(state.evidence[name].filled == numbers.height for name in columns)
    if is_full and numbers.max_horizontal().max() == 1:
        return "maybe", "they are zeros and ones"
    if plain <= LABEL_WORDS:
        return "yes", "they are whole numbers below the names of labels"
    return _weigh_numbers(state, numbers, total)


def _weigh_numbered(numbers: pl.DataFrame) -> tuple[Certainty, str]:
    """How sure it is that `label_1`, `label_2` or `votes_a`, `votes_b` count labels: they may be people's as well."""
    columns = numbers.columns
    competition, total = _competition(numbers, columns), totals(numbers, columns)
    is_same = total.len() >= _ENOUGH_ROWS and total.n_unique() == 1 and total[0] != 1
    if is_same or (competition < _COMPETING and numbers.height >= _ENOUGH_ROWS):
        return "yes", "their names share a prefix that counts, and their sum varies less than they do"
    is_agreeing = competition > _UNRELATED and numbers.height >= _ENOUGH_ROWS
    return ("no" if is_agreeing else "even"), "their names share a prefix that counts"


def _weigh_numbers(state: InferenceState, numbers: pl.DataFrame, total: pl.Series) -> tuple[Certainty, str]:
    columns = numbers.columns
    rows, competition = numbers.height, _competition(numbers, columns)
    has_zero = any(state.evidence[name].has_zero for name in columns)
    has_zero_rows = float((total == 0).mean() or 0) >= _ZERO_ROWS_SHARE  # pyright: ignore[reportArgumentType]
    if competition < _COMPETING and (has_zero or rows >= _ENOUGH_ROWS):
        return "yes", "they are whole numbers whose sum varies less than they do, as the counts of one item's labels do"
    if rows >= _ENOUGH_ROWS and has_zero and any(_competition(numbers, run) < _COMPETING for run in runs_of(columns)):
        return "mixed", "they are whole numbers of which only some compete"
    if _have_one_stem(columns):
        return "no", ""
    has_many = max(state.evidence[name].distinct for name in columns) > _MOST_RATINGS
    if not has_zero:
        return ("maybe", "they are whole numbers of a wide range") if has_many else ("no", "")
    if has_zero_rows:
        return ("maybe" if has_many else "no"), "they are whole numbers of a wide range"
    # Where all columns are equal, people agree: 3, 3, 3 has the same sum in many rows of ratings.
    apart = total.filter(numbers.max_horizontal() > numbers.min_horizontal())
    is_common = int(apart.value_counts().get_column("count").max() or 0) >= _SAME_TOTAL_SHARE * apart.len() > 0  # pyright: ignore[reportArgumentType]
    is_scale = numeric_values(columns) is not None and competition < 1
    if has_many and competition > 1:
        return "maybe", "they are whole numbers of a wide range"
    if is_scale or has_many or is_common:
        return "yes", "they are whole numbers, zeros among them, that count the annotators of each row"
    return "maybe", "they are small whole numbers"


def _competition(numbers: pl.DataFrame, columns: Sequence[str]) -> float:
    """Variance of a row's sum over the sum of the columns' variances: 0 same sum, 1 unrelated, above 1 in agreement."""
    parts = sum(float(numbers.get_column(name).var() or 0) for name in columns)  # pyright: ignore[reportArgumentType]
    whole = totals(numbers, columns).var() or 0
    return float(whole) / parts if parts else math.inf  # pyright: ignore[reportArgumentType]
