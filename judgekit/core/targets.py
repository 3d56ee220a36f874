"""Empirical-Bayes training targets: the empirical distribution drawn towards the class prior.

An item with three annotations says less about its distribution than one with three hundred. Under a
Dirichlet-multinomial model the posterior mean says how much less, with one number, the strength, fitted to the
training counts (docs/metrics.md, "The model behind floor and plan").
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from judgekit.core.distributions import FloatArray, class_prior

MIN_STRENGTH, MAX_STRENGTH = 1e-2, 1e4
UNIDENTIFIED_STRENGTH = 1.0
"""Strength where the counts cannot tell it: the class prior weighs as much as one annotation."""


class EmpiricalBayes(NamedTuple):
    """Targets `[N, K]` with the class prior `[K]` and the strength (in annotations) that made them."""

    targets: FloatArray
    prior: FloatArray
    strength: float


def fit_strength(counts: NDArray[Any], prior: NDArray[Any], weights: NDArray[Any] | None = None) -> float:
    """The concentration s of a Dirichlet(s * prior) that makes the counts most likely.

    An item with a single annotation has the likelihood prior[label] whatever s is. Where no item has two
    annotations there is nothing to fit, and the answer is `UNIDENTIFIED_STRENGTH`.

    Args:
        counts: annotations per label, `[N, K]`.
        prior: mean of the Dirichlet, `[K]`, or of that of each item, `[N, K]`; sums to 1.
        weights: of the items, `[N]`; None where all count alike.

    Returns:
        s, in annotations, in `[MIN_STRENGTH, MAX_STRENGTH]`; small where annotators always agree, large where
        items do not differ.

    Raises:
        ValueError: the shapes do not match, or `prior` is 0 for a label that was chosen.
    """
    if counts.ndim != 2 or prior.shape not in (counts.shape, counts.shape[1:]):
        raise ValueError(f"counts {counts.shape} and prior {prior.shape} do not match as [N, K] and [K] or [N, K]")
    if ((counts > 0) & (prior == 0)).any():
        raise ValueError("the prior gives probability 0 to a label that was chosen")
    totals, items = _occurring(counts.sum(axis=1), weights)
    if totals.max(initial=0) < 2:
        return UNIDENTIFIED_STRENGTH
    if prior.ndim == 1:
        # The likelihood depends on the counts only through how often each (label, count) occurs: a handful of terms
        # instead of N * K, so that the fit costs the same for a thousand items and for a million.
        terms = [(m, *_occurring(column, weights)) for m, column in zip(prior, counts.T, strict=True) if m > 0]
        m = np.concatenate([np.full(len(c), m) for m, c, _ in terms])
        c = np.concatenate([c for _, c, _ in terms])
        times = np.concatenate([times for _, _, times in terms])
    else:
        row, label = np.nonzero(counts)  # the others add nothing
        m, c = prior[row, label], counts[row, label]
        times = np.ones(len(row)) if weights is None else np.asarray(weights)[row]

    def negative_log_likelihood(log_s: float) -> float:
        s = math.exp(log_s)
        labels = gammaln(c + s * m) - gammaln(s * m)
        return float(items @ (gammaln(totals + s) - gammaln(s)) - times @ labels)

    bounds = (np.log(MIN_STRENGTH), np.log(MAX_STRENGTH))
    found: Any = minimize_scalar(negative_log_likelihood, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def _occurring(numbers: NDArray[Any], weights: NDArray[Any] | None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Different numbers, and how often, or with what weight, each occurs."""
    if weights is None:
        return np.unique(numbers, return_counts=True)
    found, place = np.unique(numbers, return_inverse=True)
    return found, np.bincount(place, weights)


def empirical_bayes_targets(
    counts: NDArray[Any], *, prior: NDArray[Any] | None = None, strength: float | None = None
) -> EmpiricalBayes:
    """The posterior mean t_i = (c_i + s m) / (n_i + s) of every item's distribution.

    Args:
        counts: annotations per label, `[N, K]`.
        prior: m, `[K]`; the class prior of `counts` if None.
        strength: s, in annotations, positive; fitted to `counts` if None.

    Returns:
        The targets, with the prior and the strength used.

    Raises:
        ValueError: a strength that is not positive, or as in `class_prior` and `fit_strength`.
    """
    prior = class_prior(counts) if prior is None else np.asarray(prior, dtype=np.float64)
    strength = fit_strength(counts, prior) if strength is None else strength
    if strength <= 0:
        raise ValueError(f"the strength must be positive, not {strength}")
    targets = (counts + strength * prior) / (counts.sum(axis=1, keepdims=True) + strength)
    return EmpiricalBayes(targets, prior, strength)


def posterior_spread(found: EmpiricalBayes, counts: NDArray[Any]) -> FloatArray:
    """How far an item's distribution is expected to lie from its target: sqrt of the mean square L2 distance, `[N]`.

    Of the Dirichlet posterior with concentration n_i + s around t_i: sqrt((1 - |t_i|^2) / (n_i + s + 1)).

    Args:
        found: of `empirical_bayes_targets`.
        counts: the annotations per label that made it, `[N, K]`.
    """
    return np.sqrt((1 - np.square(found.targets).sum(axis=1)) / (counts.sum(axis=1) + found.strength + 1))
