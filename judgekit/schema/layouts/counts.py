"""The evidence for the counts layout: which columns count one label each, and how sure that is.

Counts of one item compete: an annotator who chose one label did not choose another, so a row's sum varies less than
its cells do. Ratings of one item agree, so theirs varies more. `_competition` measures that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import polars as pl

from judgekit.schema.scales import numeric_values
from judgekit.tables.column_names import (
    ITEM_NAMES,
    LABEL_WORDS,
    NOT_COUNTS,
    QUALITY_NAMES,
    TOTAL_NAMES,
    names_an_annotator,
    normalise,
    stem_of,
    strip_count_affix,
)
from judgekit.tables.evidence import ColumnEvidence

_SAME_TOTAL_SHARE = 0.6
_ZERO_ROWS_SHARE = 0.05
"""A row of zeros is an item without annotations: rare among counts, common among ratings from 0."""
_MOST_RATINGS = 11
_ENOUGH_ROWS = 10
_LARGEST_COUNT = 1_000_000
_MOST_COLUMNS = 40
_COMPETING = 0.5
"""Simulated, 20 rows: ratings 0 to 4 of 2 or 3 unrelated persons fall below in 1 of 70 tables (10 rows: 1 of 14), those
of persons who agree to within a step in none of 4,000; counts of 3 to 5 annotators lie at 0.07 to 0.46 (50 rows)."""


class CountReading(NamedTuple):
    """Columns that could count one label each, and how sure that is."""

    columns: list[str]
    sure: Literal["no", "maybe", "mixed", "yes"]
    """`mixed`: some of the columns are counts, others are something else."""
    why: str


def whole_numbers(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The cells as Int64; what is no number becomes 0."""
    number = pl.all().str.strip_chars().cast(pl.Float64, strict=False).fill_null(0).fill_nan(0)
    return _only(frame, columns).select(number.clip(-1e15, 1e15).cast(pl.Int64))


def _only(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Some columns; `select` would take a column called `*` or `^a$` for a pattern."""
    return pl.DataFrame([frame.get_column(name) for name in columns])


def _totals(numbers: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    return _only(numbers, columns).sum_horizontal()


def count_columns(frame: pl.DataFrame, free: Sequence[str], evidence: Mapping[str, ColumnEvidence]) -> list[str]:
    """Columns of whole numbers that could count one label each, in file order; fewer than two are none."""
    found = [name for name in free if evidence[name].is_integer and not describes_the_item(name)]
    numbers = whole_numbers(frame, found)
    found = [
        name for name in found if not (is_row_number(numbers.get_column(name)) or is_huge(numbers.get_column(name)))
    ]
    affixed = [name for name in found if strip_count_affix([name]) != [name]]
    if len(affixed) > 1 and strip_count_affix(affixed) != affixed:
        found = affixed
    else:
        words = [name for name in found if normalise(name) in LABEL_WORDS]
        found = [name for name in found if name in words or not _is_constant_above_zero(numbers.get_column(name))]
    if len(found) > 2 and frame.height >= 5:
        total = _totals(numbers, found)
        found = [name for name in found if not (numbers.get_column(name) * 2 == total).all()]
    runs = _runs(found) if frame.height >= _ENOUGH_ROWS and not _is_constant(numbers, found) else []
    same = [run for run in runs if _is_constant(numbers, run) and _vary(numbers, run) > 1]
    found = max(same, key=len, default=found)
    return found if len(found) > 1 else []


def describes_the_item(name: str) -> bool:
    """Whether a name means a number of the item, or of its annotations, and no label."""
    plain = {normalise(name), normalise(strip_count_affix([name])[0])}
    return bool(plain & (NOT_COUNTS | TOTAL_NAMES | QUALITY_NAMES | set(ITEM_NAMES))) or name.startswith("Unnamed: ")


def is_row_number(numbers: pl.Series) -> bool:
    """Whether every number is the next one after the one above it."""
    return numbers.len() >= _ENOUGH_ROWS and bool((numbers.diff().drop_nulls() == 1).all())


def is_huge(numbers: pl.Series) -> bool:
    """Whether a number is beyond what anybody counts: a time, an id."""
    return bool((numbers > _LARGEST_COUNT).any())


def _is_constant_above_zero(numbers: pl.Series) -> bool:
    return numbers.len() >= 2 * _ENOUGH_ROWS and numbers.n_unique() == 1 and bool((numbers > 0).any())


def _runs(columns: Sequence[str]) -> list[list[str]]:
    """Neighbouring columns, two or more and not all."""
    if len(columns) > _MOST_COLUMNS:
        return []
    ends = range(2, len(columns) + 1)
    return [list(columns[a:b]) for b in ends for a in range(b - 1) if 1 < b - a < len(columns)]


def _is_constant(numbers: pl.DataFrame, columns: Sequence[str]) -> bool:
    return bool(columns) and _totals(numbers, columns).n_unique() == 1


def _vary(numbers: pl.DataFrame, columns: Sequence[str]) -> int:
    return sum(numbers.get_column(name).n_unique() > 1 for name in columns)


def weigh_counts(
    frame: pl.DataFrame, columns: Sequence[str], evidence: Mapping[str, ColumnEvidence], label_values: set[str]
) -> CountReading:
    """How sure it is that `columns` count labels, and why.

    Args:
        frame: the table.
        columns: what `count_columns` found.
        evidence: figures of every column.
        label_values: the values of a column named like a label; empty without one.
    """
    columns = list(columns)
    sure, why = _weigh(frame, columns, evidence, label_values)
    if sure == "mixed":
        numbers = whole_numbers(frame, columns)
        columns = min(_runs(columns), key=lambda run: _competition(numbers, run))
    return CountReading(columns, sure, why)


def _weigh(
    frame: pl.DataFrame, columns: list[str], evidence: Mapping[str, ColumnEvidence], label_values: set[str]
) -> tuple[Literal["no", "maybe", "mixed", "yes"], str]:
    if len(columns) < 2:
        return "no", ""
    short = strip_count_affix(columns)
    plain = {normalise(name) for name in short}
    if label_values and not plain & {normalise(value) for value in label_values} and not _are_codes(label_values):
        return "no", ""  # a label made of the counts would be one of theirs
    is_persons = all(normalise(name).startswith(("label", "vote")) for name in columns)
    if is_persons and sum(names_an_annotator(name) for name in short) > 1:
        return "no", ""  # label_ann1, label_ann2
    if short != columns:
        return "yes", "their names share a prefix or suffix that counts"
    if label_values and label_values <= set(columns):
        return "yes", "they are named like the labels"
    if sum(names_an_annotator(name) for name in columns) > 1:
        return "no", ""
    numbers = whole_numbers(frame, columns)
    total = _totals(numbers, columns)
    if total.len() > 1 and total.n_unique() == 1:
        return "yes", f"they are whole numbers that add up to {int(total[0])} in every row"
    if all(evidence[name].filled == frame.height for name in columns) and numbers.max_horizontal().max() == 1:
        return "maybe", "they are zeros and ones"
    if plain <= LABEL_WORDS:
        return "yes", "they are whole numbers below the names of labels"
    return _weigh_numbers(numbers, total, columns, evidence)


def _weigh_numbers(
    numbers: pl.DataFrame, total: pl.Series, columns: list[str], evidence: Mapping[str, ColumnEvidence]
) -> tuple[Literal["no", "maybe", "mixed", "yes"], str]:
    rows, competition = numbers.height, _competition(numbers, columns)
    has_zero = any(evidence[name].has_zero for name in columns)
    has_zero_rows = float((total == 0).mean() or 0) >= _ZERO_ROWS_SHARE  # pyright: ignore[reportArgumentType]
    if competition < _COMPETING and (has_zero or rows >= _ENOUGH_ROWS):
        return "yes", "they are whole numbers whose sum varies less than they do, as the counts of one item's labels do"
    if rows >= _ENOUGH_ROWS and has_zero and any(_competition(numbers, run) < _COMPETING for run in _runs(columns)):
        return "mixed", "they are whole numbers of which only some compete"
    if len({stem_of(name) for name in columns}) == 1 and stem_of(columns[0]):
        return "no", ""
    has_many = max(evidence[name].distinct for name in columns) > _MOST_RATINGS
    if not has_zero:
        return ("maybe", "they are whole numbers of a wide range") if has_many else ("no", "")
    if has_zero_rows:
        return ("maybe" if has_many else "no"), "they are whole numbers of a wide range"
    counts = total.value_counts(sort=True)
    is_common = int(counts.get_column("count")[0]) >= _SAME_TOTAL_SHARE * rows
    is_scale = numeric_values(columns) is not None and competition < 1
    if has_many and competition > 1:
        return "maybe", "they are whole numbers of a wide range"
    if is_scale or has_many or is_common:
        return "yes", "they are whole numbers, zeros among them, that count the annotators of each row"
    return "maybe", "they are small whole numbers"


def _competition(numbers: pl.DataFrame, columns: Sequence[str]) -> float:
    """Variance of a row's sum over the sum of the columns' variances: 0 same sum, 1 unrelated, above 1 in agreement."""
    parts = sum(float(numbers.get_column(name).var() or 0) for name in columns)  # pyright: ignore[reportArgumentType]
    whole = _totals(numbers, columns).var() or 0
    return float(whole) / parts if parts else math.inf  # pyright: ignore[reportArgumentType]


def may_be_counts_with_gaps(
    frame: pl.DataFrame, columns: Sequence[str], evidence: Mapping[str, ColumnEvidence]
) -> bool:
    """Whether columns of whole numbers and empty cells may be counts whose zeros were left out, as a pivot does."""
    if any(evidence[name].integer_share < 1 or evidence[name].has_zero for name in columns):
        return False
    if all(evidence[name].filled == frame.height for name in columns):
        return False
    if len({stem_of(name) for name in columns}) == 1 and stem_of(columns[0]):
        return False
    return _competition(whole_numbers(frame, columns), columns) < _COMPETING


def _are_codes(values: set[str]) -> bool:
    """Whether label values are numbers, which may stand for the labels in the order of the columns."""
    return numeric_values(sorted(values)) is not None


def shares_of_labels(frame: pl.DataFrame, free: Sequence[str], evidence: Mapping[str, ColumnEvidence]) -> list[str]:
    """Columns whose numbers are shares rather than counts: decimals or percentages that add up to 1 or 100."""
    plain = pl.all().str.strip_chars(" \t%").str.replace(",", ".", literal=True)
    numbers = _only(frame, free).select(plain.cast(pl.Float64, strict=False))
    found = [name for name in free if numbers.get_column(name).null_count() == 0]
    for run in [found, *sorted(_runs(found), key=len, reverse=True)]:
        if len(run) < 2 or _vary(numbers, run) < 2:
            continue
        total = _totals(numbers, run)
        signs = any(frame.get_column(name).str.contains("%", literal=True).any() for name in run)
        is_whole = not signs and all(evidence[name].is_integer for name in run)
        if not is_whole and (((total - 1).abs() < 0.02).all() or ((total - 100).abs() < 1.5).all()):
            return run
        if is_whole and frame.height >= 5 and (total == 100).all():
            cells = _only(numbers, run).cast(pl.Int64)
            if math.gcd(*(value for column in cells.get_columns() for value in column.unique().to_list())) >= 5:
                return run
    return []
