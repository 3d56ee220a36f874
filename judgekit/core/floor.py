"""How near to annotations a judge can come, and how many people it is worth: both from all annotations of a dataset.

The model is that of `targets` and `planning`: the true distributions of items are drawn from Dirichlet(s m). What it
says depends on all items of the dataset, not on the few that a judge is tested on, and so does its uncertainty, which
comes from fitting it to resampled items.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.core.distributions import FloatArray, empirical_distribution
from judgekit.core.metrics import Interval, bootstrap_means, kl_per_item, weighted_mean
from judgekit.core.planning import perfect_judge_kl, smoothed_votes_kl
from judgekit.core.targets import fit_strength

FITS = 100
"""Fits to resampled items; each takes about a millisecond."""
MANY = 1000
"""From so many annotators on the floor is proportional to 1 / n within 1 % or so."""
PEOPLE = (0, 1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100)
"""Where the gain of n annotators is calculated: interpolated between them, constant above the last."""


class Population(NamedTuple):
    """How people judge items: the true distribution of an item is drawn from Dirichlet(strength * prior)."""

    prior: FloatArray
    """`[K]`, sums to 1."""
    strength: float
    """In annotations."""


class Populations(NamedTuple):
    """What a dataset says about its population, and the same of resampled items: as far as it can be known."""

    fitted: Population
    resampled: tuple[Population, ...]
    """Empty where no item has two annotations: nothing then tells disagreement from noise."""


class Signal(NamedTuple):
    """How much of what can be learned a judge has learned, and what that is worth in people."""

    learnable: float
    """The gain of a perfect judge, nats."""
    share: Interval
    """The judge's gain as a share of it; below 0 for a judge worse than the class prior, above 1 by luck."""
    annotators: Interval
    """Equivalent annotators: so many people's smoothed annotations predict others as well; `inf` above the last of
    `PEOPLE`, 0 for a judge no better than the class prior."""


def fit_populations(
    counts: NDArray[Any], weights: NDArray[Any] | None = None, *, seed: int, fits: int = FITS
) -> Populations:
    """Fit the population to the annotations of a dataset, and to resamples of its items.

    Args:
        counts: annotations per label, integers `[N, K]`.
        weights: of the items, positive, `[N]`; None where all count alike.
        seed: of the resampling.
        fits: number of resamples.
    """
    if weights is None:
        rows, times = np.unique(counts, axis=0, return_counts=True)
        of_row = np.ones(len(rows))
    else:
        rows, times, of_row = counts, np.ones(len(counts), dtype=np.int64), weights
    fitted = _fit(rows, times * of_row)
    if (counts.sum(axis=1) < 2).all():
        return Populations(fitted, ())
    rng = np.random.default_rng(seed)
    drawn = (rng.multinomial(len(counts), times / times.sum()) for _ in range(fits))
    return Populations(fitted, tuple(_fit(rows[n > 0], (n * of_row)[n > 0]) for n in drawn))


def floor_of(
    populations: Populations, annotators: NDArray[Any], weights: NDArray[Any] | None = None, *, confidence: float
) -> Interval:
    """The KL in nats that a perfect judge is expected to show against annotations of so many people.

    Args:
        populations: of the dataset.
        annotators: annotations per item, integers `[N]`, at least 1 each.
        weights: of the items, positive, `[N]`; None where all count alike.
        confidence: of the interval; without resamples there is none (nan).
    """
    numbers, place = np.unique(annotators, return_inverse=True)
    items = np.bincount(place, weights)

    def mean(one: Population) -> float:
        return float(items @ [_perfect_judge_kl(one, int(n)) for n in numbers] / items.sum())

    return _interval(mean(populations.fitted), [mean(one) for one in populations.resampled], confidence)


class LeftOut(NamedTuple):
    """One annotator of each item, who predicts the others of the same item: the mean over which one it is."""

    excess: float
    """KL above the floor, mean over the items with two annotations, nats."""
    gains: FloatArray
    """KL of the class prior minus that of the annotator, `[N]`; the mean of all where an item has one annotation."""


def one_left_out(counts: NDArray[Any], populations: Populations, weights: NDArray[Any] | None = None) -> LeftOut | None:
    """How well one annotator predicts the others: the annotation is smoothed, (e_k + s m) / (1 + s).

    Args:
        counts: annotations per label, integers `[N, K]`.
        populations: of the dataset.
        weights: of the items, positive, `[N]`; None where all count alike.

    Returns:
        None where no item has two annotations.
    """
    is_paired = counts.sum(axis=1) >= 2
    paired = counts[is_paired]
    if len(paired) == 0:
        return None
    prior, strength = populations.fitted
    kl, gains = np.zeros(len(paired)), np.zeros(len(paired))
    for label, seen in enumerate(np.eye(paired.shape[1], dtype=paired.dtype)):
        rows = paired[:, label] > 0
        p = empirical_distribution(paired[rows] - seen)
        share = paired[rows, label] / paired[rows].sum(axis=1)
        of_one = kl_per_item(np.tile((seen + strength * prior) / (1 + strength), (len(p), 1)), p)
        kl[rows] += share * of_one
        gains[rows] += share * (kl_per_item(np.tile(prior, (len(p), 1)), p) - of_one)
    of_paired = None if weights is None else weights[is_paired]
    everywhere = np.full(len(counts), weighted_mean(gains, of_paired))
    everywhere[is_paired] = gains
    floor = floor_of(populations, paired.sum(axis=1) - 1, of_paired, confidence=0.5).value
    return LeftOut(float(weighted_mean(kl, of_paired)) - floor, everywhere)


def signal_of(
    gains: NDArray[Any],
    counts: NDArray[Any],
    populations: Populations,
    weights: NDArray[Any] | None = None,
    *,
    seed: int,
    confidence: float,
    resamples: int,
) -> Signal | None:
    """What the gains of a judge over the class prior say about it.

    n annotators, smoothed, gain G(n) = E KL(pi || m) - E KL(pi || t_n) over the class prior m, where t_n is the
    posterior mean given their annotations. The equivalent annotators of a judge are the n with G(n) = its gain. Items
    and population are resampled together.

    Some items let anybody gain more than others. What one left-out annotator gains on the same items tells whether
    these are such: its expectation is G(1), so that what is above that is taken from the judge's gain in proportion
    to their covariance (a control variate). It changes no expectation, and makes the interval narrower.

    Args:
        gains: KL of the class prior minus KL of the judge, per item, `[N]`.
        counts: annotations per label of the same items, integers `[N, K]`.
        populations: of the dataset.
        weights: of the items, positive, `[N]`; None where all count alike.
        seed: of the resampling.
        confidence: of the intervals.
        resamples: number of resamples of the items.

    Returns:
        None where a gain is infinite, where no item of the dataset has two annotations, or nothing can be learned.
    """
    learnable = smoothed_votes_kl(*populations.fitted, 0)
    if not np.isfinite(gains).all() or not populations.resampled or learnable <= 0:
        return None
    left_out = one_left_out(counts, populations, weights)
    control = np.zeros(len(gains)) if left_out is None else left_out.gains
    about, over = control - weighted_mean(control, weights), gains - weighted_mean(gains, weights)
    spread = float(weighted_mean(np.square(about), weights))
    slope = float(weighted_mean(over * about, weights)) / spread if spread > 0 else 0.0
    rest = gains - slope * control
    curve = _gains_of_people(populations.fitted)
    curves = [_gains_of_people(one) for one in populations.resampled]
    paired = [
        (mean + slope * (other := curves[n % len(curves)]).gains[1], other)
        for n, mean in enumerate(bootstrap_means(rest, weights, seed=seed, resamples=resamples))
    ]
    gain = float(weighted_mean(rest, weights) + slope * curve.gains[1])
    return Signal(
        learnable,
        _interval(gain / learnable, [one / other.learnable for one, other in paired], confidence),
        _interval(curve.people(gain), [other.people(one) for one, other in paired], confidence),
    )


class _Curve(NamedTuple):
    """What n annotators gain over the class prior."""

    numbers: FloatArray
    """1 / (n + s), falling."""
    gains: FloatArray
    """Nats, rising."""
    strength: float
    learnable: float

    def people(self, gain: float) -> float:
        """The n with this gain; 0 without any, `inf` above the curve."""
        if gain >= self.gains[-1]:
            return np.inf
        # What n annotators leave unknown is nearly proportional to 1 / (n + s), and exactly so for squared distances.
        return float(max(0.0, 1 / np.interp(gain, self.gains, self.numbers) - self.strength))


def _gains_of_people(population: Population) -> _Curve:
    left = np.array([smoothed_votes_kl(*population, n) for n in PEOPLE])
    numbers = 1 / (np.array(PEOPLE) + population.strength)
    return _Curve(numbers, left[0] - left, population.strength, float(left[0]))


def _fit(rows: NDArray[Any], times: NDArray[Any]) -> Population:
    """The population of items of which each kind occurs several times, or with some weight."""
    prior = times @ empirical_distribution(rows) / times.sum()
    return Population(prior, fit_strength(rows, prior, times))


def _perfect_judge_kl(population: Population, annotators: int) -> float:
    exact = min(annotators, MANY)
    return perfect_judge_kl(*population, exact) * exact / annotators


def _interval(value: float, resampled: Sequence[float] | FloatArray, confidence: float) -> Interval:
    if len(resampled) == 0:
        return Interval(value, np.nan, np.nan)
    tail = (1 - confidence) / 2
    # An infinite number of annotators is a value like any other: nothing is interpolated.
    low, high = np.quantile(resampled, [tail, 1 - tail], method="nearest")
    return Interval(value, float(low), float(high))
