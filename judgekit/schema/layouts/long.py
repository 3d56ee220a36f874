"""The annotator of a long table: by name, else by what the cells do, as a person labels an item once, and others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import polars as pl

from judgekit.schema.inference_state import Claims
from judgekit.tables.column_names import (
    ANNOTATOR_NAMES,
    LABEL_NAMES,
    NOT_COUNTS,
    WEAK_ANNOTATOR_NAMES,
    in_preference_order,
    mentions_a_person,
    names_a_side_remark,
    normalise,
)
from judgekit.tables.evidence import ColumnEvidence, Groups

_EXPECTED_REPEATS = 2.0
"""So many repeats within items chance would have made: without them the absence of repeats says nothing."""
_REPEATS_SHARE = 0.05
"""Of the expected repeats: a person named by the header may have labelled a few items twice."""
_GROUP, _VALUE = "\x00group", "\x00value"


class _AnnotatorEvidence(NamedTuple):
    """Columns that could name the annotator."""

    fitting: list[str]
    """The equally good ones, the one to take alone where it is alone."""
    numbering: list[str]
    """Columns that may only number the annotations of each item."""


def find_annotator(claims: Claims, item: str | None) -> str | None:
    """The column that names the annotator of each row, by its name or by what its cells do."""
    if claims.roles.annotator:
        claims.reasons.append(f"{claims.roles.annotator!r} names the annotator, {claims.told('annotator')}")
        return claims.roles.annotator
    groups = Groups(claims.frame, [item]) if item else None
    for name in in_preference_order(claims.free(), ANNOTATOR_NAMES):
        figures = claims.evidence[name]
        is_author = normalise(name) in WEAK_ANNOTATOR_NAMES and (
            figures.mean_characters > 40 or (groups is not None and groups.repeat and groups.constant_share(name) == 1)
        )
        if is_author:
            claims.reasons.append(f"{name!r} belongs to the item, not to the annotation: it is not the annotator")
            continue
        claims.claim([name], f"{name!r} names the annotator, by its name")
        return name
    return _find_unnamed_annotator(claims, [item] if item else claims.texts_by_name())


def _find_unnamed_annotator(claims: Claims, keys: Sequence[str]) -> str | None:
    """The column whose cells behave like annotators, where no name says which it is."""
    labels = [*claims.roles.label, *claims.label_candidates(), *in_preference_order(claims.names, LABEL_NAMES)]
    names = [name for name in claims.free() if name not in labels and name not in keys]
    found = _weigh_annotators(claims.frame, keys, names, claims.evidence) if keys else None
    if found and len(found.fitting) == 1:
        name = found.fitting[0]
        claims.claim([name], f"{name!r} names the annotator: its values never return within an item, but in others")
        return name
    claims.reasons.append("no column names the annotator, so every row is taken for a person of its own")
    if found and (unclear := found.fitting or found.numbering):
        claims.warnings.append(
            f"Every row is taken for a person of its own, though {' and '.join(map(repr, unclear))} may name the "
            f"annotator; --annotator {unclear[0]} would say so."
        )
    return None


def _weigh_annotators(
    frame: pl.DataFrame, keys: Sequence[str], names: Sequence[str], evidence: Mapping[str, ColumnEvidence]
) -> _AnnotatorEvidence:
    """Columns whose values never return within an item, but do in other items.

    Args:
        frame: the table.
        keys: columns that identify the item.
        names: columns that may be it.
        evidence: figures of every column.
    """
    first = Groups(frame, keys).first
    fitting = [name for name in names if _may_be(name, evidence[name]) and _fits(frame, name, first)]
    numbering = [name for name in fitting if not mentions_a_person(name) and _only_numbers(frame, name, first)]
    fitting = [name for name in fitting if name not in numbering]
    fitting = [name for name in fitting if mentions_a_person(name)] or fitting
    if fitting and all(is_renaming(frame, fitting[0], name) for name in fitting[1:]):
        fitting = fitting[:1]  # a person's name and her e-mail say the same
    return _AnnotatorEvidence(fitting, numbering)


def is_renaming(frame: pl.DataFrame, one: str, other: str) -> bool:
    """Whether two columns tell the rows apart alike, as a code and its name do."""
    both = frame.select(pl.struct(one, other).n_unique()).item()
    return both == frame.get_column(one).n_unique() == frame.get_column(other).n_unique()


def _may_be(name: str, figures: ColumnEvidence) -> bool:
    is_side = normalise(name) in NOT_COUNTS or names_a_side_remark(name)
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
