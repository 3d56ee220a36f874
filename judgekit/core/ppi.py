"""Prediction-powered means: what people would say on many items, from their annotations on a few and a judge's on all.

The estimate of a mean is mean(y) + lambda (mean(f on the new items) - mean(f on the annotated ones)): what people say,
moved by how the judge sees the new items against the annotated ones. Whatever the judge is, it is unbiased for a fixed
lambda; the one with the least variance is used, so a useless judge costs next to nothing. An item's y is its share of
annotations, so any number of annotators per item will do.

Sources: arXiv 2301.09633 (prediction-powered inference), 2311.01453 (the tuned lambda), 2309.16598 (cross-fitting).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from judgekit.core.distributions import FloatArray
from judgekit.core.metrics import Interval

FEWEST_ITEMS = 10
"""Annotated items below which nothing is estimated: the intervals were not found to hold there."""
CAUTION = 0.1
"""Items of the worst case that stand beside the observed ones.

Without them 95 % intervals of a label of 3 % held in 78 % of the simulated samples of 20 items with 10 annotators, with
them in 98 %; 0.5 of them are too cautious for 60 items.
"""
DRAWS = 20_000
"""Of the largest of several correlated errors; its quantile is known to about 1 % then."""


class Sample(NamedTuple):
    """What is known of a population: annotated items, and new ones that the judge alone has seen.

    Several quantities are estimated at once, such as the shares of D labels.
    """

    y: FloatArray
    """What people say of the annotated items, `[n, D]`."""
    f: FloatArray
    """What the judge says of them, by predictions in whose making they had no part, `[n, D]`."""
    new: FloatArray
    """What the judge says of the new items, none of them annotated, `[N, D]`."""
    weights: FloatArray | None = None
    """1 / the chance with which each annotated item was chosen, `[n]`; None where all had the same."""
    folds: NDArray[Any] | None = None
    """Which of several models predicted each annotated item, `[n]`; None where the one did that predicts the new ones.
    """


class Estimated(NamedTuple):
    """The mean of one quantity over the population."""

    value: float
    low: float
    high: float
    annotations_alone: Interval
    """The same without the judge."""
    judge_alone: float
    """The judge's mean over the new items, which nothing corrects."""
    power: float
    """Lambda: how much of the judge's word is used; 0 is nothing."""
    worth: float
    """Variance without the judge over variance with it: how many times as many annotations would tell as much."""


class _Part(NamedTuple):
    """An estimate of D means with what its errors are made of."""

    value: FloatArray
    """`[D]`."""
    power: FloatArray
    """Lambda, `[D]`."""
    of_annotated: FloatArray
    """What each annotated item adds to the error, `[n, D]`."""
    of_new: FloatArray
    """The same of each new item, `[N, D]`."""
    variance: FloatArray
    """`[D]`."""
    items: float
    """Annotated items; fewer with unequal weights."""


def estimate_means(
    sample: Sample, *, confidence: float = 0.95, bounds: tuple[float, float] = (0.0, 1.0)
) -> list[Estimated]:
    """Estimate the means of D quantities, with intervals that hold for all of them together.

    The intervals are Wilson's, for an effective number of items n' = m (1 - m) / variance of the estimated mean m: they
    stay within the bounds, and hold for rare labels where m ± 2 standard errors does not. The quantile is that of t
    with as many degrees of freedom as the estimate of n' has.

    Args:
        sample: of the population.
        confidence: with which all D means lie in their intervals.
        bounds: the least and the greatest value that y can have.

    Raises:
        ValueError: the shapes differ, or there are fewer than two annotated items or new ones.
    """
    if sample.y.shape != sample.f.shape or sample.y.ndim != 2 or sample.new.shape[1:] != sample.y.shape[1:]:
        raise ValueError(f"y {sample.y.shape}, f {sample.f.shape} and new {sample.new.shape} must be [n, D] and [N, D]")
    if len(sample.y) < 2 or len(sample.new) < 2:
        raise ValueError("two annotated items and two new ones are the least")
    none = np.zeros(sample.y.shape[1])
    alone, tuned = _part(sample, none), _part(sample, tuned_power(sample))
    # A lambda fitted to a few rare labels may tell less than none, as its own variance is then hardly known.
    helps = _half_width(tuned, confidence, bounds) < _half_width(alone, confidence, bounds)
    powered = _part(sample, np.where(helps, tuned.power, none))
    low, high = _score_interval(powered, confidence, bounds)
    low_alone, high_alone = _score_interval(alone, confidence, bounds)
    judge = sample.new.mean(axis=0)
    return [
        Estimated(
            float(np.clip(powered.value[d], *bounds)),
            float(low[d]),
            float(high[d]),
            Interval(float(alone.value[d]), float(low_alone[d]), float(high_alone[d])),
            float(judge[d]),
            float(powered.power[d]),
            _worth(float(alone.variance[d]), float(powered.variance[d])),
        )
        for d in range(sample.y.shape[1])
    ]


def estimate_difference(
    one: Sample,
    other: Sample,
    *,
    ids: tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]] | None = None,
    confidence: float = 0.95,
) -> list[Interval]:
    """Estimate the differences of D means between two populations, `one` minus `other`, with intervals for all of them.

    Args:
        one: the one population.
        other: the other one.
        ids: of the annotated and the new items of `one`, then of `other`: items of equal ids are pairs, whose errors
            go together. None where no item of the one has a partner in the other.
        confidence: with which all D differences lie in their intervals.
    """
    parts = [_part(sample, tuned_power(sample)) for sample in (one, other)]
    errors = np.concatenate([parts[0].of_annotated, parts[0].of_new, -parts[1].of_annotated, -parts[1].of_new])
    summed = errors
    if ids is not None:
        _, pair = np.unique(np.concatenate(ids), return_inverse=True)
        summed = np.zeros((pair.max() + 1, errors.shape[1]))
        np.add.at(summed, pair.reshape(-1), errors)
    # The shares of the folds in the variance, and the lost degrees of freedom, are those of the single estimates.
    single = sum(part.variance for part in parts)
    unpaired = np.square(errors).sum(axis=0)
    ratio = np.where(unpaired > 0, single / np.where(unpaired > 0, unpaired, 1), 1.0)
    spread = np.sqrt(np.square(summed).sum(axis=0) * ratio)
    freedom = np.full(errors.shape[1], max(1.0, min(part.items for part in parts) - 2))
    half = _quantile(_correlation(summed), freedom, confidence) * spread
    value = parts[0].value - parts[1].value
    return [Interval(float(v), float(v - h), float(v + h)) for v, h in zip(value, half, strict=True)]


def tuned_power(sample: Sample) -> FloatArray:
    """The lambda of each quantity with the least variance, `[D]`; 0 where the judge points the other way.

    Source: arXiv 2311.01453, its example of a mean; with weights the variances are those of weighted means.
    """
    share = _shares(sample)
    y, f = sample.y - share @ sample.y, sample.f - share @ sample.f
    together = np.square(share) @ (y * f)
    spread = np.concatenate([sample.f, sample.new]).var(axis=0, ddof=1)
    noise = spread * (np.square(share).sum() + 1 / len(sample.new))
    return np.maximum(0.0, np.where(noise > 1e-15, together / np.where(noise > 1e-15, noise, 1.0), 0.0))


def _shares(sample: Sample) -> FloatArray:
    """The weight of each annotated item in a mean, `[n]`; they sum to 1."""
    weights = np.ones(len(sample.y)) if sample.weights is None else np.asarray(sample.weights, dtype=np.float64)
    return weights / weights.sum()


def _part(sample: Sample, power: FloatArray) -> _Part:
    share = _shares(sample)
    rest = sample.y - power * sample.f
    mean, judge = share @ rest, power * sample.new.mean(axis=0)
    of_annotated = share[:, None] * (rest - mean)
    of_new = (power * sample.new - judge) / len(sample.new)
    n, items = len(rest), 1 / float(np.square(share).sum())
    # One degree of freedom for the mean, and one for lambda where it was fitted.
    fitted = 1 + (power > 0)
    variance = np.square(of_annotated).sum(axis=0) * n / np.maximum(1, n - fitted) + np.square(of_new).sum(axis=0)
    return _Part(mean + judge, power, of_annotated, of_new, variance + _between_models(sample, power), items)


def _between_models(sample: Sample, power: FloatArray) -> FloatArray:
    """What it adds to the variance that other models predict the new items than the annotated ones, `[D]`.

    Models of several folds differ by chance in their mean predictions, and the model of all folds from theirs.
    """
    folds, none = sample.folds, np.zeros_like(power)
    if folds is None:
        return none
    models: list[int] = np.unique(folds).tolist()
    if len(models) < 2:
        return none
    of_model = [sample.f[folds == model] for model in models]
    means = np.stack([f.mean(axis=0) for f in of_model])
    within = np.stack([f.var(axis=0) / len(f) for f in of_model]).mean(axis=0)
    between: FloatArray = np.maximum(0.0, means.var(axis=0, ddof=1) - within)
    return np.square(power) * between * (1 + 1 / len(models))


def _half_width(part: _Part, confidence: float, bounds: tuple[float, float]) -> FloatArray:
    """How far an estimate may be off, as if its error were symmetric, `[D]`."""
    return _quantiles(part, confidence, bounds) * np.sqrt(part.variance)


def _quantiles(part: _Part, confidence: float, bounds: tuple[float, float]) -> FloatArray:
    p, width = _inside(part, bounds), bounds[1] - bounds[0]
    return _quantile(
        _correlation(np.concatenate([part.of_annotated, part.of_new])), _freedom(part, p, width), confidence
    )


def _inside(part: _Part, bounds: tuple[float, float]) -> FloatArray:
    """The means as shares of the way from the least to the greatest value, and neither 0 nor 1."""
    return np.clip((part.value - bounds[0]) / (bounds[1] - bounds[0]), 0.5 / part.items, 1 - 0.5 / part.items)


def _score_interval(part: _Part, confidence: float, bounds: tuple[float, float]) -> tuple[FloatArray, FloatArray]:
    """Wilson's interval for each quantity, of an effective number of items."""
    least, width = bounds[0], bounds[1] - bounds[0]
    p, inside = np.clip((part.value - least) / width, 0.0, 1.0), _inside(part, bounds)
    variance = part.variance / width**2
    is_known = variance > 1e-15
    # Where nobody ever said it, or everybody always did, the items are the only measure of what is unknown.
    effective = np.where(is_known, inside * (1 - inside) / np.where(is_known, variance, 1.0), part.items)
    # A few rare labels tell little of the variance, which is at most that of single annotations.
    known = part.items * inside * (1 - inside)
    effective = part.items * (known + CAUTION) / (known * part.items / effective + CAUTION)
    square = np.square(_quantiles(part, confidence, bounds)) / effective
    middle = (p + square / 2) / (1 + square)
    half = np.sqrt(p * (1 - p) * square + square**2 / 4) / (1 + square)
    return least + width * np.maximum(0.0, middle - half), least + width * np.minimum(1.0, middle + half)


def _freedom(part: _Part, p: FloatArray, width: float) -> FloatArray:
    """Degrees of freedom of the effective number of items, `[D]`: 2 / the variance of its logarithm.

    For single annotations that number is known, as the variance of a share follows from its mean; for normal values it
    is as uncertain as a variance.
    """
    n = len(part.of_annotated)
    errors = part.of_annotated * n / width
    spread = np.square(errors).mean(axis=0)
    spread = np.where(spread > 1e-15, spread, 1.0)
    influence = np.square(errors) / spread - 1 - errors * (1 - 2 * p) / (p * (1 - p))
    noise = np.square(influence).mean(axis=0)
    return np.clip(2 * n / np.maximum(noise, 1e-12), 2.0, max(2.0, part.items - 1 - (part.power > 0).max()))


def _correlation(errors: FloatArray) -> FloatArray:
    covariance: FloatArray = errors.T @ errors
    scale: FloatArray = np.sqrt(np.diag(covariance))
    scale = np.where(scale > 0, scale, 1.0)
    found: FloatArray = covariance / np.outer(scale, scale)
    np.fill_diagonal(found, 1.0)
    return found


def _quantile(correlation: FloatArray, freedom: FloatArray, confidence: float) -> FloatArray:
    """How many standard errors hold all D errors together, `[D]`; the same chance is left to each."""
    tail = (1 - confidence) / 2
    if (np.abs(correlation) < 1 - 1e-9).any():
        values, vectors = np.linalg.eigh(correlation)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        largest = np.abs(_normal_draws(len(correlation)) @ root.T).max(axis=1)
        tail = float(stats.norm.sf(float(np.quantile(largest, confidence))))
    return np.asarray(stats.t.isf(tail, freedom), dtype=np.float64)


@lru_cache(maxsize=8)
def _normal_draws(dimensions: int) -> FloatArray:
    return np.random.default_rng(0).standard_normal((DRAWS, dimensions))


def _worth(alone: float, powered: float) -> float:
    return alone / powered if powered > 1e-15 else 1.0
