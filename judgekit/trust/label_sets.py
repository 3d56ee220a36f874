"""Sets of labels that hold a new person's label: fitted on held-out items of a judge, and measured on others."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.core.conformal import coverage_per_item
from judgekit.core.distributions import FloatArray
from judgekit.core.metrics import Interval, bootstrap_interval
from judgekit.judge.label_sets import LabelSets

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


def coverage_of(sets: LabelSets, q: FloatArray, counts: NDArray[np.int64], level: float, **bootstrap: Any) -> Coverage:
    """Measure the sets on items that they were not fitted on.

    Args:
        sets: of the judge.
        q: calibrated distributions, `[N, K]`.
        counts: annotations, `[N, K]`.
        level: of the sets.
        bootstrap: seed, confidence and resamples of the interval.
    """
    found = sets.sets(q, level)
    sizes = found.sum(axis=1)
    covered = bootstrap_interval(coverage_per_item(found, counts), **bootstrap)
    return Coverage(level, covered, float(sizes.mean()), float((sizes == q.shape[1]).mean()), sets.items)
