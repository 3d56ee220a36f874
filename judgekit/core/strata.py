"""A judge's figures on parts of the items: where people agree and where they do not, or by any property of items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.core.distributions import FloatArray, empirical_distribution
from judgekit.core.metrics import Interval, accuracy_per_item, kl_per_item, mean_interval, weighted_mean


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
    q: NDArray[Any],
    counts: NDArray[Any],
    prior: NDArray[Any],
    weights: NDArray[Any] | None = None,
    *,
    seed: int,
    confidence: float,
    resamples: int,
) -> tuple[Stratum, ...]:
    """The judge on unanimous, mixed and split items; of those with a single annotation nothing can be said.

    Unanimous: all annotations have one label. Split: no label has more than half of them. Mixed: all others.

    Args:
        q: predicted distributions, `[N, K]`.
        counts: annotations per label, integers `[N, K]`.
        prior: the class prior, `[K]`.
        weights: of the items, positive, `[N]`; None where all count alike.
        seed: of the bootstrap.
        confidence: of the intervals.
        resamples: number of bootstrap samples.

    Returns:
        The strata that have items.
    """
    most = empirical_distribution(counts).max(axis=1)
    is_known = counts.sum(axis=1) >= 2
    masks = {"unanimous": most == 1, "mixed": (most < 1) & (most > 0.5), "split": most <= 0.5}
    known = {name: mask & is_known for name, mask in masks.items()}
    return by_masks(q, counts, prior, known, weights, seed=seed, confidence=confidence, resamples=resamples)


def by_masks(
    q: NDArray[Any],
    counts: NDArray[Any],
    prior: NDArray[Any],
    masks: Mapping[str, NDArray[np.bool_]],
    weights: NDArray[Any] | None = None,
    *,
    seed: int,
    confidence: float,
    resamples: int,
) -> tuple[Stratum, ...]:
    """The judge on named parts of the items.

    Args:
        q: predicted distributions, `[N, K]`.
        counts: annotations per label, integers `[N, K]`.
        prior: the class prior, `[K]`.
        masks: which items each part has, `[N]`.
        weights: of the items, positive, `[N]`; None where all count alike.
        seed: of the bootstrap.
        confidence: of the intervals.
        resamples: number of bootstrap samples.

    Returns:
        The parts that have items.
    """
    p = empirical_distribution(counts)
    kl, of_prior = kl_per_item(q, p), kl_per_item(np.tile(prior, (len(p), 1)), p)
    accuracy = accuracy_per_item(q, counts)

    def of(rows: NDArray[np.bool_]) -> NDArray[Any] | None:
        return None if weights is None else weights[rows]

    def interval(values: NDArray[Any], rows: NDArray[np.bool_]) -> Interval:
        return mean_interval(values[rows], of(rows), seed=seed, confidence=confidence, resamples=resamples)

    return tuple(
        Stratum(
            name,
            int(rows.sum()),
            interval(kl, rows),
            float(weighted_mean(of_prior[rows], of(rows))),
            interval(of_prior - kl, rows),
            float(weighted_mean(accuracy[rows], of(rows))),
        )
        for name, rows in masks.items()
        if rows.any()
    )


def in_bins(values: NDArray[np.float64], most: int = 4) -> dict[str, NDArray[np.bool_]]:
    """Parts of about equally many items along a number; equal numbers stay together.

    Args:
        values: of the items, `[N]`; nan where there is none, which makes no part.
        most: number of bins at most.

    Returns:
        Named by the least and the greatest number in them, ascending.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return {}
    edges: FloatArray = np.unique(np.quantile(known, np.linspace(0, 1, most + 1)[1:-1], method="lower"))
    bins = np.searchsorted(edges, values)
    found: dict[str, NDArray[np.bool_]] = {}
    for number in range(len(edges) + 1):
        mask = (bins == number) & ~np.isnan(values)
        if mask.any():
            low, high = values[mask].min(), values[mask].max()
            found[f"{low:g}" if low == high else f"{low:g} to {high:g}"] = mask
    return found
