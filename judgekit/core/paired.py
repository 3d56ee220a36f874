"""Two judges on the same items: which one is better, and by more than chance?"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import permutation_test

from judgekit.core.distributions import empirical_distribution
from judgekit.core.metrics import Interval, accuracy_per_item, js_distance, kl_per_item, mean_interval


class Paired(NamedTuple):
    """A judge beside another one."""

    kl: Interval
    """KL of the other minus KL of the judge, nats: above 0 where the judge is better."""
    p: float
    """Probability of such a difference in KL, in either direction, if it were a matter of chance which is which."""
    accuracy: Interval
    """Accuracy of the judge minus that of the other."""
    change: NDArray[np.float64]
    """JS distance of the two predictions of each item, `[N]`."""


def compare_paired(
    q: NDArray[Any],
    other: NDArray[Any],
    counts: NDArray[Any],
    weights: NDArray[Any] | None = None,
    *,
    seed: int,
    confidence: float,
    resamples: int,
) -> Paired:
    """Compare two judges item by item.

    Args:
        q: predicted distributions of the judge, `[N, K]`.
        other: those of the other one for the same items.
        counts: annotations per label, integers `[N, K]`.
        weights: of the items, positive, `[N]`; None where all count alike.
        seed: of the resampling.
        confidence: of the intervals.
        resamples: number of resamples, and of random exchanges for the p-value.

    Returns:
        The p-value is nan where a KL is infinite, or there is one item.
    """
    p = empirical_distribution(counts)
    kl, other_kl = kl_per_item(q, p), kl_per_item(other, p)
    with np.errstate(invalid="ignore"):  # infinite minus infinite
        difference = other_kl - kl
    bootstrap: dict[str, Any] = {"seed": seed, "confidence": confidence, "resamples": resamples}
    accuracy = accuracy_per_item(q, counts) - accuracy_per_item(other, counts)
    return Paired(
        mean_interval(difference, weights, **bootstrap),
        _p_value(difference if weights is None else difference * weights, seed=seed, resamples=resamples),
        mean_interval(accuracy, weights, **bootstrap),
        js_distance(q, other),
    )


def _p_value(difference: NDArray[Any], *, seed: int, resamples: int) -> float:
    if len(difference) < 2 or not np.isfinite(difference).all():
        return float("nan")
    if not difference.any():
        return 1.0
    # With one sample scipy flips signs: which of the two judges is which is exchanged, item by item.
    found: Any = permutation_test(
        (difference,),
        np.mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=max(resamples, 1000),
        batch=100,
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)
