"""The same number of annotations spent on many items or on few: subsamples of annotation counts."""

from collections.abc import Sequence
from math import lcm
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Subsample(NamedTuple):
    """Some items with some of their annotations."""

    rows: NDArray[np.intp]
    """Which of the items, ascending, `[M]`."""
    counts: NDArray[np.int64]
    """The annotations that are left, `[M, K]`."""


class Budget(NamedTuple):
    """A number of annotations that can be spent in several ways."""

    annotations: int
    per_item: tuple[int, ...]
    """The ways: annotations per item, ascending."""
    pool: NDArray[np.intp]
    """The items that have enough annotations for every way, ascending."""


def largest_budget(counts: NDArray[Any], ways: Sequence[int]) -> Budget:
    """The most annotations that can be spent in each way on the same pool of items, without one item used twice.

    A way is given up where fewer than half of the items have so many annotations: the pool would be small and special.

    Args:
        counts: annotations per label, integers `[N, K]`.
        ways: annotations per item, ascending, 1 among them.

    Returns:
        A budget that every way left divides; 0 where the pool is too small for one item of each way.
    """
    totals = counts.sum(axis=1)
    kept = tuple(way for way in ways if (totals >= way).mean() >= 0.5)
    pool = np.flatnonzero(totals >= max(kept))
    unit = lcm(*kept)
    # One annotation per item is the way that needs the most items: all of the pool.
    return Budget(len(pool) // unit * unit, kept, pool)


def spend(counts: NDArray[Any], budget: Budget, per_item: int, *, random: np.random.Generator) -> Subsample:
    """Spend a budget: draw items from the pool, then annotations of each without replacement.

    Args:
        counts: annotations per label, integers `[N, K]`.
        budget: of `largest_budget` on these counts.
        per_item: annotations per item, one of the budget's ways.
        random: source of the draws.

    Returns:
        `budget.annotations / per_item` items with `per_item` annotations each.
    """
    rows = np.sort(random.choice(budget.pool, size=budget.annotations // per_item, replace=False))
    drawn = [random.multivariate_hypergeometric(counts[row], per_item, method="marginals") for row in rows]
    return Subsample(rows, np.array(drawn, dtype=np.int64).reshape(len(rows), counts.shape[1]))
