"""How well predicted distributions match what people chose: per item, on average, and with intervals.

Names as in the rest of core: q is predicted `[N, K]`, p the empirical distribution `[N, K]`, all float64, nats.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, rel_entr
from scipy.stats import DegenerateDataWarning, bootstrap

from judgekit.core.distributions import (
    FloatArray,
    empirical_distribution,
    entropy,
    expected_score,
    hard_target,
)
from judgekit.core.targets import empirical_bayes_targets

RESAMPLES_AT_ONCE = 100
"""Bounds the memory of the bootstrap: 8 MB per array of 10,000 items."""


class Interval(NamedTuple):
    """A value with its bootstrap interval over items; `low` and `high` are nan where there is none."""

    value: float
    low: float
    high: float


def kl_per_item(q: NDArray[Any], p: NDArray[Any]) -> FloatArray:
    """KL(p || q) in nats, `[N]`; `inf` where q is 0 and p is not. `losses.kl_divergence` is the same in torch."""
    return rel_entr(p, q).sum(axis=-1)


def js_distance(q: NDArray[Any], p: NDArray[Any]) -> FloatArray:
    """Square root of the Jensen-Shannon divergence, natural log, `[N]` in `[0, sqrt(log 2)]`; a metric."""
    middle = (np.asarray(q, dtype=np.float64) + p) / 2
    divergence = (kl_per_item(middle, p) + kl_per_item(middle, q)) / 2
    return np.sqrt(divergence.clip(min=0))  # rounding can leave -1e-17


def total_variation(q: NDArray[Any], p: NDArray[Any]) -> FloatArray:
    """Half the L1 distance, `[N]` in `[0, 1]`."""
    return np.abs(q - p).sum(axis=-1) / 2


def brier_per_item(q: NDArray[Any], p: NDArray[Any], n: NDArray[Any]) -> FloatArray:
    """Squared L2 distance between q and the distribution that p samples, without bias from the n annotations.

    Args:
        q: predicted distributions, `[N, K]`.
        p: empirical distributions, `[N, K]`.
        n: annotations per item, `[N]`.

    Returns:
        `||p - q||^2 - sum p (1 - p) / (n - 1)`, `[N]`, below 0 for some items; nan where n is 1, as one annotation
        says nothing about its own variance.

    Source: docs/metrics.md, "Distances between q and p", derives it.
    """
    variance = (p * (1 - p)).sum(axis=-1) / np.where(n >= 2, n - 1, np.nan)
    return np.square(p - q).sum(axis=-1) - variance


def accuracy_per_item(q: NDArray[Any], counts: NDArray[Any]) -> FloatArray:
    """Whether argmax q is the hard label, `[N]` in `[0, 1]`.

    Ties share the credit on both sides: 1/T if argmax q is among T tied most frequent labels, and the mean over the
    tied labels of q, so that the order of the labels never matters (uniform q scores 1/K).
    """
    return (hard_target(q) * hard_target(counts)).sum(axis=-1)


def rps_per_item(q: NDArray[Any], p: NDArray[Any]) -> FloatArray:
    """Ranked probability score: squared distance of the cumulated distributions over K - 1, `[N]` in `[0, 1]`."""
    return np.square((q - p).cumsum(axis=-1)[..., :-1]).mean(axis=-1)


def wasserstein1_per_item(q: NDArray[Any], p: NDArray[Any], values: NDArray[Any]) -> FloatArray:
    """Earth mover's distance in the unit of `values` (`[K]`, ascending), `[N]`.

    Raises:
        ValueError: `values` does not ascend.
    """
    gaps = np.diff(values)
    if (gaps < 0).any():
        raise ValueError(f"values must ascend, not {values}")
    return np.abs((q - p).cumsum(axis=-1)[..., :-1]) @ gaps


def mae_of_mean(q: NDArray[Any], p: NDArray[Any], values: NDArray[Any]) -> FloatArray:
    """Distance between the means of q and p in the unit of `values` (`[K]`), `[N]`."""
    return np.abs(expected_score(q, values) - expected_score(p, values))


def entropy_correlation(q: NDArray[Any], p: NDArray[Any]) -> float | None:
    """Pearson correlation over items of the entropies of q and p: does the judge know where people disagree?

    Returns:
        In `[-1, 1]`; None where it is undefined: one side has the same entropy on all items (or there is one item).
    """
    found = float(_pearson(entropy(q), entropy(p)))
    return None if np.isnan(found) else found


def bootstrap_interval(
    arrays: NDArray[Any] | Sequence[NDArray[Any]],
    statistic: Callable[..., Any] = np.mean,
    *,
    seed: int,
    confidence: float = 0.95,
    resamples: int = 1000,
) -> Interval:
    """A percentile bootstrap interval over items.

    Args:
        arrays: one value per item, `[N]`, or several such arrays, resampled together.
        statistic: of the arrays, taking `axis` and working along it, as `np.mean` does.
        seed: of the resampling.
        confidence: of the interval, in `(0, 1)`.
        resamples: number of bootstrap samples.

    Returns:
        The statistic and its interval; no interval (nan) for a single item or a statistic that is not finite.
    """
    data = (arrays,) if isinstance(arrays, np.ndarray) else tuple(arrays)
    value = float(statistic(*data, axis=-1))
    if len(data[0]) < 2 or not np.isfinite(value):
        return Interval(value, np.nan, np.nan)
    with warnings.catch_warnings():
        # A correlation is undefined on a resample of equal items; those few resamples are left out below.
        warnings.simplefilter("ignore", DegenerateDataWarning)
        found: Any = bootstrap(
            data,
            statistic,
            paired=len(data) > 1,
            vectorized=True,
            method="percentile",
            confidence_level=confidence,
            n_resamples=resamples,
            batch=RESAMPLES_AT_ONCE,
            rng=np.random.default_rng(seed),
        )
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(found.bootstrap_distribution, [tail, 1 - tail])
    return Interval(value, float(low), float(high))


def mean_interval(
    values: NDArray[Any],
    weights: NDArray[Any] | None = None,
    *,
    seed: int,
    confidence: float = 0.95,
    resamples: int = 1000,
) -> Interval:
    """A mean over items with its bootstrap interval.

    Args:
        values: one per item, `[N]`.
        weights: of the items, positive, `[N]`; None where all count alike.
        seed: of the resampling.
        confidence: of the interval, in `(0, 1)`.
        resamples: number of bootstrap samples.
    """
    bootstrap: dict[str, Any] = {"seed": seed, "confidence": confidence, "resamples": resamples}
    if weights is None:
        return bootstrap_interval(values, **bootstrap)
    return bootstrap_interval((values, weights), weighted_mean, **bootstrap)


def weighted_mean(values: NDArray[Any], weights: NDArray[Any] | None, axis: int = -1) -> FloatArray:
    """The mean along an axis; None weighs all alike."""
    if weights is None:
        return np.asarray(values, dtype=np.float64).mean(axis=axis)
    return (values * weights).sum(axis=axis) / weights.sum(axis=axis)


def bootstrap_means(
    values: NDArray[Any], weights: NDArray[Any] | None = None, *, seed: int, resamples: int
) -> FloatArray:
    """The means of resampled items, `[resamples]`.

    Args:
        values: one per item, `[N]`.
        weights: of the items, positive, `[N]`; None where all count alike.
        seed: of the resampling; the same seed draws the same items of another array of this length.
        resamples: how many.
    """
    rng = np.random.default_rng(seed)
    # Draws of each item instead of items of each draw: their number does not grow with the resamples.
    times = (rng.multinomial(len(values), np.full(len(values), 1 / len(values))) for _ in range(resamples))
    if weights is None:
        return np.array([one @ values for one in times]) / len(values)
    return np.array([one @ (values * weights) / (one @ weights) for one in times])


def noise_floor(counts: NDArray[Any]) -> float:
    """The mean KL(p || pi) that a perfect judge, which predicts each item's true pi, would score on these counts.

    pi is unknown, but under the Dirichlet-multinomial fitted to the counts its posterior is Dirichlet(c + s m), for
    which E log pi is digamma(c + s m) - digamma(n + s): the expectation is exact and needs no simulation. About
    (K - 1) / (2 n) for large n. With single annotations only it rests on `targets.UNIDENTIFIED_STRENGTH`.

    Args:
        counts: annotations per label, `[N, K]`.

    Returns:
        Nats, positive.

    Source: docs/metrics.md, "Noise floor".
    """
    p = empirical_distribution(counts)
    _, prior, strength = empirical_bayes_targets(counts)
    posterior: FloatArray = counts + strength * prior
    totals: FloatArray = posterior.sum(axis=1, keepdims=True)
    # Where a label was not chosen p is 0, and any finite number serves (digamma is -inf at a prior of 0).
    log_pi = digamma(np.where(p > 0, posterior, 1.0)) - digamma(totals)
    return float(-(entropy(p) + (p * log_pi).sum(axis=1)).mean())


def evaluate_distributions(
    q: NDArray[Any],
    counts: NDArray[Any],
    *,
    seed: int,
    values: NDArray[Any] | None = None,
    weights: NDArray[Any] | None = None,
    confidence: float = 0.95,
    resamples: int = 1000,
) -> dict[str, Interval | None]:
    """All metrics of predicted distributions against annotation counts, each with an interval over items.

    Args:
        q: predicted distributions, `[N, K]`, rows sum to 1.
        counts: annotations per label, `[N, K]`.
        seed: of the bootstrap.
        values: the numbers of an ordinal scale, `[K]`, in any order; None for labels without an order.
        weights: of the items, positive, `[N]`; None where all count alike.
        confidence: of the intervals.
        resamples: number of bootstrap samples.

    Returns:
        By name: kl, accuracy, js_distance, total_variation, brier, entropy_correlation, and for an ordinal scale
        rps, wasserstein1, mae_of_mean. None where undefined: the correlation of constants, brier without an item
        of two annotations (it is taken over the items that have them).

    Raises:
        ValueError: the shapes differ, a row of q does not sum to 1, or an item has no annotations.
    """
    found: dict[str, Interval | None] = {}
    bootstrap: dict[str, Any] = {"seed": seed, "confidence": confidence, "resamples": resamples}
    for name, per_item in _per_item(q, counts, values).items():
        found[name] = (
            mean_interval(per_item, _weights_of(name, weights, counts), **bootstrap) if len(per_item) else None
        )
    entropies = (entropy(q), entropy(empirical_distribution(counts)))
    correlation = bootstrap_interval(entropies if weights is None else (*entropies, weights), _pearson, **bootstrap)
    found["entropy_correlation"] = None if np.isnan(correlation.value) else correlation
    return found


def baselines(
    counts: NDArray[Any],
    prior: NDArray[Any],
    *,
    values: NDArray[Any] | None = None,
    weights: NDArray[Any] | None = None,
) -> dict[str, dict[str, float | None]]:
    """What a judge that never reads the item scores: the metrics of two constant predictions.

    Args:
        counts: annotations per label, `[N, K]`.
        prior: class prior of the training data, `[K]`; 0 for a label chosen here makes its kl infinite.
        values: as in `evaluate_distributions`.
        weights: as there.

    Returns:
        For "class_prior" and "uniform", the means of the metrics of `evaluate_distributions` by name, without the
        entropy correlation (undefined for constants).

    Raises:
        ValueError: as in `evaluate_distributions`.
    """
    constants = {"class_prior": np.asarray(prior, dtype=np.float64), "uniform": np.full(len(prior), 1 / len(prior))}
    return {
        constant: {
            name: float(weighted_mean(per_item, _weights_of(name, weights, counts))) if len(per_item) else None
            for name, per_item in _per_item(np.tile(q, (len(counts), 1)), counts, values).items()
        }
        for constant, q in constants.items()
    }


def _per_item(q: NDArray[Any], counts: NDArray[Any], values: NDArray[Any] | None) -> dict[str, FloatArray]:
    """The metrics that are means over items: `[N]` each, brier only for the items with two annotations."""
    p, n = empirical_distribution(counts), counts.sum(axis=1)
    if q.shape != p.shape or not np.allclose(q.sum(axis=1), 1, atol=1e-4):
        raise ValueError(f"q must hold distributions {p.shape}, not {q.shape} with other sums than 1")
    found = {
        "kl": kl_per_item(q, p),
        "accuracy": accuracy_per_item(q, counts),
        "js_distance": js_distance(q, p),
        "total_variation": total_variation(q, p),
        "brier": brier_per_item(q, p, n)[n >= 2],
    }
    if values is not None:
        order = np.argsort(values)
        q, p, values = q[:, order], p[:, order], np.asarray(values)[order]
        found["rps"] = rps_per_item(q, p)
        found["wasserstein1"] = wasserstein1_per_item(q, p, values)
        found["mae_of_mean"] = mae_of_mean(q, p, values)
    return found


def _weights_of(name: str, weights: NDArray[Any] | None, counts: NDArray[Any]) -> NDArray[Any] | None:
    """The weights of the items over which a metric is taken."""
    return weights[counts.sum(axis=1) >= 2] if weights is not None and name == "brier" else weights


def _pearson(a: NDArray[Any], b: NDArray[Any], weights: NDArray[Any] | None = None, axis: int = -1) -> FloatArray:
    """Pearson correlation along an axis; nan where a side is constant (to rounding)."""
    a = a - np.expand_dims(weighted_mean(a, weights, axis=axis), axis)
    b = b - np.expand_dims(weighted_mean(b, weights, axis=axis), axis)
    squares = weighted_mean(np.square(a), weights, axis=axis) * weighted_mean(np.square(b), weights, axis=axis)
    spread = np.sqrt(squares)
    return weighted_mean(a * b, weights, axis=axis) / np.where(spread > 1e-12, spread, np.nan)
