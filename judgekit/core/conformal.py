"""Sets of labels that hold a new person's label with a given probability, whatever the judge is worth.

Split conformal prediction on held-out annotations. An item has several of them, which are not exchangeable with those
of other items; each item therefore weighs the same, and a future item weighs one more.

Source: Lee, Barber and Willett, Distribution-free inference with hierarchical data, arXiv 2306.06342 (HCP).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from judgekit.core.distributions import FloatArray, empirical_distribution


def nonconformity(q: NDArray[Any], *, is_ordinal: bool) -> FloatArray:
    """How little each label fits, `[N, K]` in `[0, 1]`; a set holds the labels up to some number.

    1 - q, and 0 for the most probable label, so that no set is empty. On an ordinal scale a label fits no better than
    those between it and the most probable one, so that every set is an interval.

    Args:
        q: predicted distributions, `[N, K]`; on an ordinal scale in the order of the scale.
        is_ordinal: whether the labels have an order.
    """
    best: NDArray[np.intp] = q.argmax(axis=1)
    if is_ordinal:
        columns: NDArray[np.int64] = np.arange(q.shape[1], dtype=np.int64)
        # Up to the mode the smallest probability from here to it is a running minimum from the right, and beyond it
        # one from the left; each side sees a 1 where the other one counts.
        left = np.where(columns <= best[:, None], q, 1.0)
        right = np.where(columns >= best[:, None], q, 1.0)
        up_to = np.minimum.accumulate(left[:, ::-1], axis=1)[:, ::-1]
        beyond = np.minimum.accumulate(right, axis=1)
        q = np.minimum(up_to, beyond)
    found = 1 - np.asarray(q, dtype=np.float64)
    found[np.arange(len(q)), best] = 0
    return found


def conformal_threshold(scores: NDArray[Any], counts: NDArray[Any], *, coverage: float) -> float:
    """The number up to which labels belong to a set.

    Args:
        scores: nonconformity of each label, `[N, K]`.
        counts: annotations of the same held-out items, integers `[N, K]`, at least one each.
        coverage: probability in (0, 1) that a new annotation of a new item lies in its set, at least.

    Returns:
        In `[0, 1]`; 1, which takes every label, where the items are too few for this coverage.
    """
    weights = (empirical_distribution(counts) / (len(counts) + 1)).ravel()
    order = np.argsort(scores, axis=None, kind="stable")
    # What one item in N + 1 weighs is rounding away from the level; 1e-12 keeps 0.9 from missing nine tenths.
    reached = np.flatnonzero(np.cumsum(weights[order]) >= coverage - 1e-12)
    return float(scores.ravel()[order[reached[0]]]) if len(reached) else 1.0


def label_sets(scores: NDArray[Any], threshold: float) -> NDArray[np.bool_]:
    """Which labels are in each item's set, `[N, K]`; no set is empty."""
    return scores <= threshold


def coverage_per_item(sets: NDArray[np.bool_], counts: NDArray[Any]) -> FloatArray:
    """The share of each item's annotations that lie in its set, `[N]`."""
    return (empirical_distribution(counts) * sets).sum(axis=1)
