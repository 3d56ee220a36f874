"""What a round of annotation will tell, before it is paid for: from a pilot, for numbers of items and of annotations.

The model is that of `planning`: an item's true distribution pi is drawn from Dirichlet(s m), its n annotations from pi.
All figures are spreads of means over items, so each is one standard deviation per item over the square root of items.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from judgekit.core.distributions import FloatArray
from judgekit.core.metrics import kl_per_item
from judgekit.core.planning import SIMULATED_ITEMS, perfect_judge_kl, repeated_share

POWER = 0.8
"""Chance with which a detectable gain is found."""


class Spreads(NamedTuple):
    """Of n annotations per item: the floor, and standard deviations of one item's part in a mean."""

    floor: float
    """KL in nats that a perfect judge is expected to show."""
    alpha: float | None
    """None for a single annotation per item, which has nothing to be compared with."""
    share: float
    """Of the label whose share is hardest to tell."""
    gain: float
    """Of the difference in KL, nats, of two judges that are each as good as one annotator."""


class Round(NamedTuple):
    """What so many annotations of so many items will tell."""

    items: int
    annotations_per_item: int
    floor: float
    """KL in nats that a perfect judge is expected to show against them."""
    alpha: float | None
    """Half of the width of the interval of Krippendorff's alpha; None for single annotations."""
    share: float
    """Half of the width of the interval of a label's share, without a judge."""
    gain: float
    """The smallest difference in KL, nats, of two judges that is found with a chance of `POWER`."""

    @property
    def annotations(self) -> int:
        """In all."""
        return self.items * self.annotations_per_item


def spreads(prior: NDArray[Any], strength: float, annotations: int, *, distances: NDArray[Any], seed: int) -> Spreads:
    """How far single items spread, with n annotations each.

    Args:
        prior: m, `[K]`, sums to 1.
        strength: s, in annotations, positive.
        annotations: n, at least 1.
        distances: squared, of each two labels, for alpha, `[K, K]`.
        seed: of the draws.
    """
    m = np.asarray(prior, dtype=np.float64)
    rng = np.random.default_rng(seed)
    pi = rng.dirichlet(strength * np.maximum(m, 1e-12), size=SIMULATED_ITEMS)
    counts = rng.multinomial(annotations, pi)
    shares = counts / annotations
    one, other = ((rng.multinomial(1, pi) + strength * m) / (1 + strength) for _ in range(2))
    seen = m > 0
    gain = kl_per_item(one[:, seen], shares[:, seen]) - kl_per_item(other[:, seen], shares[:, seen])
    # Two annotations of one item repeat each other in part, so n of them tell less of a share than n items with one.
    repeated = (1 + (annotations - 1) * repeated_share(strength)) / annotations
    return Spreads(
        floor=perfect_judge_kl(m, strength, annotations),
        alpha=_alpha_spread(counts, m, np.asarray(distances, dtype=np.float64)) if annotations > 1 else None,
        share=float(np.sqrt((m * (1 - m)).max() * repeated)),
        gain=float(gain.std()),
    )


def plan_round(of: Spreads, items: int, annotations_per_item: int, *, confidence: float) -> Round:
    """What a round will tell.

    Args:
        of: the spreads with so many annotations per item.
        items: their number.
        annotations_per_item: on each of them.
        confidence: of the intervals, and of a found difference.
    """
    z = float(stats.norm.isf((1 - confidence) / 2))
    root = float(np.sqrt(items))
    return Round(
        items,
        annotations_per_item,
        of.floor,
        None if of.alpha is None else z * of.alpha / root,
        z * of.share / root,
        (z + float(stats.norm.isf(1 - POWER))) * of.gain / root,
    )


def squared_distances(prior: NDArray[Any], level: str, values: NDArray[Any] | None) -> FloatArray:
    """How far labels are apart for alpha, `[K, K]`: nominal by being equal, ordinal by what lies between, or by values.

    Args:
        prior: `[K]`.
        level: nominal, ordinal or interval.
        values: the number of each label, `[K]`, for the interval level.
    """
    m = np.asarray(prior, dtype=np.float64)
    if level == "nominal":
        return 1.0 - np.eye(len(m))
    places = np.asarray(values, dtype=np.float64) if level == "interval" and values is not None else m.cumsum() - m / 2
    return np.square(places[:, None] - places[None, :])


def _alpha_spread(counts: NDArray[Any], m: FloatArray, distances: FloatArray) -> float:
    """The standard deviation of an item's influence on alpha = 1 - D_o / D_e (delta method)."""
    n = int(counts[0].sum())
    disagreement = ((counts @ distances) * counts).sum(axis=1) / (n * (n - 1))
    expected = float(m @ distances @ m)
    if expected <= 0:
        return 0.0
    observed = float(disagreement.mean())
    of_shares = 2 * (counts / n - m) @ (distances @ m)
    influence = -(disagreement - observed) / expected + observed * of_shares / expected**2
    return float(influence.std())
