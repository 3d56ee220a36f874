"""What is said about columns that got no role: a reason each, and a warning where annotations may be lost with one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from judgekit.config.roles import Layout
from judgekit.schema.layouts.counts import describes_the_item, is_huge, is_row_number, whole_numbers
from judgekit.schema.layouts.wide import values_of
from judgekit.tables.column_names import (
    LABEL_NAMES,
    TOTAL_NAMES,
    WEAK_LABEL_NAMES,
    names_a_settled_label,
    names_a_side_remark,
    names_an_annotator,
    normalise,
)
from judgekit.tables.evidence import ColumnEvidence, Groups


def explain_leftovers(
    frame: pl.DataFrame,
    names: Sequence[str],
    evidence: Mapping[str, ColumnEvidence],
    layout: Layout,
    keys: Sequence[str],
    annotator: str | None,
) -> list[str]:
    """Why each of the columns `names` is left out, one sentence each.

    Args:
        frame: the table.
        names: columns without a role.
        evidence: figures of every column.
        layout: the settled layout.
        keys: columns that identify the item.
        annotator: column that names the annotator, in the long layout.
    """
    by_item = Groups(frame, keys)
    by_annotator = Groups(frame, [annotator]) if annotator else None
    reasons: list[str] = []
    for name in names:
        figures = evidence[name]
        differs = by_item.repeat and by_item.constant_share(name) < 1
        if figures.filled == 0:
            why = "it is empty"
        elif name.startswith("Unnamed: "):
            why = "it only counts the rows"
        elif (layout == "wide" and names_a_settled_label(name)) or (layout == "list" and _names_a_label(name)):
            why = "its name means a label that was made of the annotations"
        elif differs and by_annotator and by_annotator.repeat and by_annotator.constant_share(name) == 1:
            why = "it describes the annotator"
        elif differs and layout == "long" and figures.could_be_labels:
            why = f"it differs between annotators like a label; --label {name} would take it"
        elif differs:
            why = "it differs between the annotations of one item"
        elif figures.is_number:
            why = "it holds numbers, not texts"
        elif figures.is_category:
            why = "its few short values describe the item"
        else:
            why = "it does not read like a text"
        reasons.append(f"{name!r} is left out: {why}")
    return reasons


def warn_of_leftovers(
    frame: pl.DataFrame,
    names: Sequence[str],
    evidence: Mapping[str, ColumnEvidence],
    layout: Layout,
    taken: Sequence[str],
) -> list[str]:
    """Warnings of columns left out that may hold annotations, with the option that would take them.

    Args:
        frame: the table.
        names: columns without a role.
        evidence: figures of every column.
        layout: the settled layout.
        taken: the annotators' columns, or those that count labels.
    """
    filled = [name for name in names if evidence[name].filled]
    if layout == "wide":
        return _of_annotators(frame, filled, taken)
    if layout == "counts":
        return _of_counts(frame, filled, evidence, taken)
    if layout == "list":
        return [
            f"{name!r} is taken for a settled label, beside the lists of labels, and left out; --label {name} --layout "
            "long would take it."
            for name in filled
            if _names_a_label(name) and evidence[name].could_be_labels
        ]
    return []


def _names_a_label(name: str) -> bool:
    return names_a_settled_label(name) or normalise(name) in (*LABEL_NAMES, *WEAK_LABEL_NAMES)


def _of_annotators(frame: pl.DataFrame, names: Sequence[str], taken: Sequence[str]) -> list[str]:
    labels = set[str]().union(*(values_of(frame, name) for name in taken))
    warnings: list[str] = []
    for name in names:
        values = values_of(frame, name)
        if _names_a_label(name):
            if values & labels:
                warnings.append(f"{name!r} is taken for a settled label, not for an annotator, and left out{_WOULD}")
        elif names_a_side_remark(name):
            continue
        elif names_an_annotator(name):
            warnings.append(f"{name!r} is named like an annotator, but has other values, and is left out{_WOULD}")
        elif values <= labels:
            warnings.append(f"{name!r} has the annotators' labels, but not their kind of name, and is left out{_WOULD}")
    return warnings


_WOULD = "; --annotator-columns, once for each annotator, would take it."


def _of_counts(
    frame: pl.DataFrame, names: Sequence[str], evidence: Mapping[str, ColumnEvidence], taken: Sequence[str]
) -> list[str]:
    total = whole_numbers(frame, taken).sum_horizontal()
    warnings: list[str] = []
    for name in names:
        if not evidence[name].is_integer:
            continue
        numbers = whole_numbers(frame, [name]).to_series()
        differ = int((numbers != total).sum())
        if normalise(name) in TOTAL_NAMES and differ:
            warnings.append(
                f"{', '.join(taken)} do not add up to {name!r} in {differ:,} of {frame.height:,} rows; "
                "--counts, once for each column, would name others."
            )
        elif differ and not describes_the_item(name) and not is_row_number(numbers) and not is_huge(numbers):
            warnings.append(
                f"{name!r} holds whole numbers, but is not taken to count a label, and is left out; --counts, once for "
                "each column, would take it."
            )
    return warnings
