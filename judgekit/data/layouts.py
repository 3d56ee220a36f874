"""Which columns count labels, and which hold one annotator each: the evidence for the counts and wide layouts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

import polars as pl

from judgekit.data.columns import NOT_COUNTS, TOTAL_NAMES, names_an_annotator, normalise, strip_count_affix
from judgekit.data.evidence import MOST_LABELS, ColumnEvidence
from judgekit.data.scales import numeric_values

_MOST_CHARACTERS = 60
_SAME_VALUES_SHARE = 0.5
_SAME_TOTAL_SHARE = 0.6


def count_columns(free: Sequence[str], evidence: Mapping[str, ColumnEvidence]) -> list[str]:
    """Columns of whole numbers that could count one label each, in file order; fewer than two are none."""
    found = [
        name
        for name in free
        if evidence[name].is_integer and normalise(name) not in NOT_COUNTS and normalise(name) not in TOTAL_NAMES
    ]
    affixed = [name for name in found if strip_count_affix([name]) != [name]]
    if len(affixed) > 1 and len(strip_count_affix(affixed)) == len(affixed) and strip_count_affix(affixed) != affixed:
        return affixed
    return found if len(found) > 1 else []


def weigh_counts(
    frame: pl.DataFrame, columns: Sequence[str], evidence: Mapping[str, ColumnEvidence], label_values: set[str]
) -> tuple[Literal["no", "maybe", "yes"], str]:
    """How sure it is that `columns` count labels, and why."""
    if len(columns) < 2:
        return "no", ""
    short = strip_count_affix(columns)
    if short != list(columns):
        return "yes", "their names share a prefix or suffix that counts"
    if label_values and label_values <= set(columns):
        return "yes", "they are named like the labels"
    if all(names_an_annotator(name) for name in columns):
        return "no", ""
    totals = frame.select(
        pl.sum_horizontal(pl.col(name).str.strip_chars().cast(pl.Int64, strict=False) for name in columns)
    )
    total = totals.to_series()
    commonest = int(total.value_counts(sort=True).get_column("count")[0])
    has_zero = any(evidence[name].has_zero for name in columns)
    if commonest == total.len() and total.len() > 1:
        return "yes", f"they are whole numbers that add up to {int(total[0])} in every row"
    if not has_zero:
        return "no", ""
    is_scale = numeric_values(columns) is not None
    many_values = max(evidence[name].distinct for name in columns) > 11
    if is_scale or many_values or commonest >= _SAME_TOTAL_SHARE * total.len():
        return "yes", "they are whole numbers, zeros among them, that count the annotators of each row"
    return "maybe", "they are small whole numbers"


def are_probabilities(frame: pl.DataFrame, columns: Sequence[str], evidence: Mapping[str, ColumnEvidence]) -> bool:
    """Whether the columns hold decimal numbers that sum to 1 in every row."""
    if not all(evidence[name].is_number for name in columns) or all(evidence[name].is_integer for name in columns):
        return False
    numbers = [pl.col(name).str.replace(",", ".", literal=True).cast(pl.Float64, strict=False) for name in columns]
    return frame.select(((pl.sum_horizontal(numbers) - 1).abs() < 0.02).all()).item()


def wide_columns(
    frame: pl.DataFrame, free: Sequence[str], evidence: Mapping[str, ColumnEvidence]
) -> tuple[list[list[str]], bool]:
    """Groups of columns that hold labels of one set, the largest first, and whether their names are persons'.

    A group whose names read like annotators wins over any other: two model columns also share their values.
    """
    pool = [name for name in free if 1 <= evidence[name].distinct <= MOST_LABELS]
    pool = [name for name in pool if evidence[name].most_characters <= _MOST_CHARACTERS]
    for is_named in (True, False):
        members = [name for name in pool if names_an_annotator(name) is is_named]
        if not is_named:  # a lone 1 in a file of ids and texts is no label set
            members = [name for name in members if evidence[name].could_be_labels]
        groups = [group for group in _linked(frame, members, by_stem=is_named) if len(group) > 1]
        if groups:
            return sorted(groups, key=len, reverse=True), is_named
    return [], False


def _linked(frame: pl.DataFrame, names: Sequence[str], *, by_stem: bool) -> list[list[str]]:
    values = {name: set(frame.get_column(name).unique().to_list()) - {""} for name in names}
    groups: list[list[str]] = []
    for name in names:
        near = [group for group in groups if any(_is_alike(name, other, values, by_stem) for other in group)]
        groups = [group for group in groups if group not in near]
        groups.append([*(member for group in near for member in group), name])
    order = {name: position for position, name in enumerate(names)}
    return [sorted(group, key=order.__getitem__) for group in groups]


def _is_alike(one: str, other: str, values: Mapping[str, set[str]], by_stem: bool) -> bool:
    if by_stem and re.sub(r"\d+", "", one) == re.sub(r"\d+", "", other):
        return True
    shared = len(values[one] & values[other])
    return shared >= _SAME_VALUES_SHARE * min(len(values[one]), len(values[other])) and shared > 0
