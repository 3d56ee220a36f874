"""Sets of labels that hold a new person's label: fitted on held-out items of a judge, and measured on others."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.core.conformal import coverage_per_item
from judgekit.core.distributions import FloatArray
from judgekit.core.metrics import Interval, bootstrap_interval
from judgekit.judge.held_out import HeldOutPredictions
from judgekit.judge.label_sets import LabelSets
from judgekit.workspace.manifest import now

FEWEST_ITEMS = 20
"""Held-out items below which nothing is fitted; 9 in 10 needs 9 at least, or every set has all labels."""
SHOWN = 0.9
"""The level that every evaluation measures."""


class Coverage(NamedTuple):
    """How often sets of labels hold what a person said."""

    level: float
    """What was promised."""
    covered: Interval
    """Share of the annotations in their item's set, each item weighing the same."""
    labels: float
    """Mean number of labels in a set."""
    whole: float
    """Share of the sets that hold every label."""
    fitted_on: int
    """Held-out items that the sets were fitted on."""
    folds: int = 0
    """Of so many folds each was measured with what all others say; 0 where these are other items."""


def coverage_of(sets: LabelSets, q: FloatArray, counts: NDArray[np.int64], level: float, **bootstrap: Any) -> Coverage:
    """Measure the sets on items that they were not fitted on.

    Args:
        sets: of the judge.
        q: calibrated distributions, `[N, K]`.
        counts: annotations, `[N, K]`.
        level: of the sets.
        bootstrap: seed, confidence and resamples of the interval.
    """
    return _measured(sets.sets(q, level), counts, level, sets.items, bootstrap)


def coverage_across_folds(
    predicted: HeldOutPredictions, counts: NDArray[np.int64], values: tuple[float, ...], level: float, **bootstrap: Any
) -> Coverage | None:
    """Measure what sets are worth on the items that they are fitted on: each fold with the sets of all others.

    Args:
        predicted: what judges that had not seen the items say of them.
        counts: annotations of the same items, `[N, K]`.
        values: the numbers of an ordinal scale; empty for a nominal one.
        level: of the sets.
        bootstrap: seed, confidence and resamples of the interval.

    Returns:
        None where too few items are left to fit on.
    """
    q, fold = predicted.q, predicted.fold
    found = np.zeros(q.shape, dtype=np.bool_)
    folds = np.unique(fold).tolist()
    for one in folds:
        others = fold != one
        if others.sum() < FEWEST_ITEMS:
            return None
        found[~others] = LabelSets.fit(q[others], counts[others], values, created=now()).sets(q[~others], level)
    return _measured(found, counts, level, len(q), bootstrap)._replace(folds=len(folds))


def _measured(
    sets: NDArray[np.bool_], counts: NDArray[np.int64], level: float, fitted_on: int, bootstrap: dict[str, Any]
) -> Coverage:
    sizes = sets.sum(axis=1)
    covered = bootstrap_interval(coverage_per_item(sets, counts), **bootstrap)
    return Coverage(level, covered, float(sizes.mean()), float((sizes == sets.shape[1]).mean()), fitted_on)
