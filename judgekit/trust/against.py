"""Two judges on the same items, or a judge and what another tool predicts for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.core.distributions import FloatArray
from judgekit.core.metrics import kl_per_item
from judgekit.core.paired import compare_paired
from judgekit.errors import DataError
from judgekit.tables.files import ReadOptions, read_files
from judgekit.trust.evaluated import Changed, Comparison, EvaluatedItems, Standing

CHANGED_SHOWN = 5
SUM_OFF = 0.01
"""How far the probabilities of an item may be from summing to 1, for rounding."""
IDS = ("item_id", "id")


class OtherPredictions(NamedTuple):
    """What somebody else predicts for items."""

    name: str
    rows: NDArray[np.intp]
    """Which of the evaluated items, ascending, `[M]`."""
    q: FloatArray
    """`[M, K]`, the labels in the order of the judge."""
    calls: int = 0
    """Made to an endpoint for them."""


def compare(
    items: EvaluatedItems,
    other: OtherPredictions,
    standing: Callable[[FloatArray, NDArray[np.intp]], tuple[float, Standing]],
    weights: FloatArray | None = None,
    *,
    seed: int,
    confidence: float,
    resamples: int,
) -> Comparison:
    """Compare a judge with other predictions on the items that both have.

    Args:
        items: as the judge was evaluated.
        other: of some of them.
        standing: the noise floor on some of them, and how good predictions of these are by themselves.
        weights: of the items, `[N]`; None where all count alike.
        seed: of the resampling.
        confidence: of the intervals.
        resamples: number of resamples.

    Raises:
        DataError: they have no item in common.
    """
    if not len(other.rows):
        raise DataError(
            f"{other.name} says nothing that can be compared of the {len(items):,} evaluated items: it has others, "
            "or was trained on all of these.",
            hint="Compare on items that are new to both: judgekit evaluate FILE --against …",
        )
    q, counts = items.probabilities[other.rows], items.counts[other.rows]
    shares = None if weights is None else weights[other.rows]
    found = compare_paired(q, other.q, counts, shares, seed=seed, confidence=confidence, resamples=resamples)
    order = np.argsort(-found.change, kind="stable")[:CHANGED_SHOWN].tolist()
    other_kl = kl_per_item(other.q, items.shares[other.rows])
    changed: list[Changed] = []
    for n in order:
        row = int(other.rows[n])
        changed.append(Changed(items.ids[row], float(found.change[n]), float(items.kl[row]), float(other_kl[n])))
    (floor, own), (_, others) = standing(q, other.rows), standing(other.q, other.rows)
    return Comparison(
        other.name, len(other.rows), len(items) - len(other.rows), found.kl, found.p, found.accuracy, tuple(changed),
        floor, own, others, other.calls,
    )  # fmt: skip


def read_predictions(path: Path, items: EvaluatedItems, options: ReadOptions) -> OtherPredictions:
    """Predictions that another tool made, from a table with an id and a column for each label.

    Args:
        path: the file; the columns are called `prob_<label>`, as `judgekit score` writes them, or as the labels.
        items: that are compared.
        options: how it is read.

    Raises:
        DataError: there is no column of ids or of a label, an item stands there twice, or a row is no distribution.
    """
    source = read_files([path], options)
    frame = source.frame
    key = next((name for name in IDS if name in frame.columns), None)
    columns = [next((n for n in (f"prob_{label}", label) if n in frame.columns), None) for label in items.labels]
    problems = [] if key else [f"no column of ids: {' or '.join(IDS)}"]
    problems += [
        f"no column for the label {label!r}: prob_{label} or {label}"
        for label, column in zip(items.labels, columns, strict=True)
        if column is None
    ]
    if problems or key is None:
        raise DataError(
            f"{source.name} holds no predictions that can be compared; it has {', '.join(frame.columns)}:",
            problems=problems,
            hint="Write a table with item_id and one column of probabilities for each label.",
        )
    ids = frame.get_column(key)
    q = frame.select(pl.col(str(name)).str.strip_chars().cast(pl.Float64, strict=False) for name in columns).to_numpy()
    wrong = np.flatnonzero(~((q >= 0).all(axis=1) & (np.abs(q.sum(axis=1) - 1) <= SUM_OFF)))
    problems = [f"{source.place([int(n)])}: item {ids[int(n)]!r} has no probabilities that sum to 1" for n in wrong]
    twice = ids.is_duplicated() & ids.is_first_distinct()
    problems += [f"item {one!r} stands there several times" for one in ids.filter(twice)]
    if problems:
        raise DataError(f"{source.name} cannot be compared:", problems=problems)
    place = {one: n for n, one in enumerate(ids)}
    rows = np.array([n for n, one in enumerate(items.ids) if one in place], dtype=np.intp)
    found = q[[place[one] for one in items.ids if one in place]].reshape(len(rows), len(items.labels))
    return OtherPredictions(source.name, rows, found / found.sum(axis=1, keepdims=True))
