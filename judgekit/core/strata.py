"""A judge's figures where people agree and where they do not."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.core.distributions import empirical_distribution
from judgekit.core.metrics import Interval, accuracy_per_item, bootstrap_interval, kl_per_item


class Stratum(NamedTuple):
    """Some of the items, and the judge on them."""

    name: str
    items: int
    kl: Interval
    """Mean KL of the judge, nats."""
    class_prior_kl: float
    gain: Interval
    """KL of the class prior minus that of the judge; below 0 where the class prior is better."""
    accuracy: float


def by_agreement(
    q: NDArray[Any], counts: NDArray[Any], prior: NDArray[Any], *, seed: int, confidence: float, resamples: int
) -> tuple[Stratum, ...]:
    """The judge on unanimous, mixed and split items; of those with a single annotation nothing can be said.

    Unanimous: all annotations have one label. Split: no label has more than half of them. Mixed: all others.

    Args:
        q: predicted distributions, `[N, K]`.
        counts: annotations per label, integers `[N, K]`.
        prior: the class prior, `[K]`.
        seed: of the bootstrap.
        confidence: of the intervals.
        resamples: number of bootstrap samples.

    Returns:
        The strata that have items.
    """
    p = empirical_distribution(counts)
    most = p.max(axis=1)
    is_known = counts.sum(axis=1) >= 2
    kl, of_prior = kl_per_item(q, p), kl_per_item(np.tile(prior, (len(p), 1)), p)
    accuracy = accuracy_per_item(q, counts)
    masks = {"unanimous": most == 1, "mixed": (most < 1) & (most > 0.5), "split": most <= 0.5}

    def interval(values: NDArray[Any]) -> Interval:
        return bootstrap_interval(values, seed=seed, confidence=confidence, resamples=resamples)

    return tuple(
        Stratum(
            name,
            int(rows.sum()),
            interval(kl[rows]),
            float(of_prior[rows].mean()),
            interval(of_prior[rows] - kl[rows]),
            float(accuracy[rows].mean()),
        )
        for name, mask in masks.items()
        if (rows := mask & is_known).any()
    )
