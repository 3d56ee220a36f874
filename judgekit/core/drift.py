"""Whether new annotations come from the population of earlier ones: label shares, agreement, and the judge's KL."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from judgekit.core.distributions import FloatArray, empirical_distribution

PERMUTATIONS = 1000


class Shift(NamedTuple):
    """A figure of earlier and of new annotations."""

    before: float
    now: float
    p: float
    """Probability of so large a difference, in either direction, if both come from one population."""


class LabelShift(NamedTuple):
    """Mean label shares before and now."""

    before: tuple[float, ...]
    """`[K]`, each item weighing the same."""
    now: tuple[float, ...]
    distance: float
    """Total variation: share of the annotations that would have to be others."""
    p: float
    """As in `Shift`."""


def label_shift(before: NDArray[Any], now: NDArray[Any], *, seed: int) -> LabelShift:
    """Compare the label shares; whole items are exchanged, as the annotations of one item depend on each other.

    Args:
        before: earlier annotations per label, integers `[N, K]`.
        now: new ones, `[M, K]`.
        seed: of the permutations.
    """
    p = empirical_distribution(np.concatenate([before, now]))

    def distance(means: FloatArray) -> FloatArray:
        return np.abs(means).sum(axis=-1) / 2

    found, chance = _permuted(p, len(before), distance, seed)
    first, second = (tuple(side.mean(axis=0).tolist()) for side in (p[: len(before)], p[len(before) :]))
    return LabelShift(first, second, found, chance)


def agreement_shift(before: NDArray[Any], now: NDArray[Any], *, seed: int) -> Shift | None:
    """Compare the raw agreement of pairs of annotations of one item; None where no item of one side has a pair.

    Args:
        before: earlier annotations per label, integers `[N, K]`.
        now: new ones, `[M, K]`.
        seed: of the permutations.
    """
    first, second = (_agreement(counts) for counts in (before, now))
    if not len(first) or not len(second):
        return None
    values = np.concatenate([first, second])[:, None]
    _, chance = _permuted(values, len(first), lambda means: np.abs(means[..., 0]), seed)
    return Shift(float(first.mean()), float(second.mean()), chance)


def mean_shift(before: float, error_before: float, values: NDArray[Any]) -> Shift:
    """Compare a mean that is known with its standard error with the mean of new values (a z-test).

    Args:
        before: the mean.
        error_before: its standard error.
        values: the new ones, `[M]`.
    """
    now = float(values.mean())
    error = math.hypot(error_before, float(values.std(ddof=1)) / math.sqrt(len(values))) if len(values) > 1 else 0
    known = error > 0 and math.isfinite(error) and math.isfinite(now)
    return Shift(before, now, float(2 * norm.sf(abs(now - before) / error)) if known else math.nan)


def _agreement(counts: NDArray[Any]) -> FloatArray:
    n = counts.sum(axis=1)
    counts, n = counts[n >= 2], n[n >= 2]
    return (counts * (counts - 1)).sum(axis=1) / (n * (n - 1))


def _permuted(
    values: FloatArray, first: int, statistic: Callable[[FloatArray], FloatArray], seed: int
) -> tuple[float, float]:
    """A statistic of the difference of means of the first rows and the others, and how often chance reaches it."""
    rng = np.random.default_rng(seed)
    total, size = values.sum(axis=0), len(values)
    # The smaller side is drawn: its sum says the other one's.
    few, is_first = min(first, size - first), first <= size - first

    def of(own: FloatArray) -> FloatArray:
        return statistic(own / few - (total - own) / (size - few))

    observed = float(of((values[:first] if is_first else values[first:]).sum(axis=0)))
    drawn = np.array([values[rng.choice(size, few, replace=False)].sum(axis=0) for _ in range(PERMUTATIONS)])
    return observed, float((1 + (of(drawn) >= observed - 1e-12).sum()) / (1 + PERMUTATIONS))
