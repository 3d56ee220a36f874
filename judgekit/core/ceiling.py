"""How well some of the annotators predict the others: what a judge can reach on their annotations."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

from judgekit.core.distributions import FloatArray, empirical_distribution, entropy
from judgekit.core.metrics import accuracy_per_item, kl_per_item
from judgekit.core.targets import empirical_bayes_targets

NUMPYS_LIMIT = 10**9
"""Its hypergeometric distribution takes fewer annotations per item than that."""
DRAWS = 100_000
"""At least so many random halves, or posterior draws, over all items together."""


class Prediction(NamedTuple):
    """How well something predicts annotations it has not seen: means over items."""

    kl: float
    """KL(annotations || prediction), nats."""
    floor: float
    """The part of it that is noise: what a perfect judge would show against the same annotations."""
    accuracy: float
    """Most probable label against the most frequent one; ties share the credit."""


class Ceiling(NamedTuple):
    """What some of the annotators, and a perfect judge, reach on these items."""

    items: int
    """Those with two annotations or more."""
    one: Prediction
    """One left-out annotation, smoothed, against the others of the item."""
    half: Prediction
    """A random half (rounded down) of the annotations, smoothed, against the other half."""
    perfect: Prediction
    """Each item's true distribution against all of its annotations."""


def ceiling(counts: NDArray[Any], *, seed: int) -> Ceiling | None:
    """How well one annotator, half of the annotators and a perfect judge predict the annotations of an item.

    A few annotations c out of n predict by their posterior mean (c + s m) / (n + s), as a training target is made
    (`targets.empirical_bayes_targets`), m and s fitted to all counts. Fewer annotations to predict are noisier ones,
    so only kl - floor compares between the rows: the KL from the true distribution to the prediction.

    Args:
        counts: annotations per label, integers `[N, K]`.
        seed: of the random halves and of the draws for the perfect judge's accuracy.

    Returns:
        Means over the items with two annotations or more, each weighing the same; `one` is exact, over which
        annotation is left out. None where there is no such item.
    """
    paired = counts[counts.sum(axis=1) >= 2]
    if len(paired) == 0:
        return None
    _, prior, strength = empirical_bayes_targets(counts)
    rng = np.random.default_rng(seed)
    smoothed = strength * prior

    def predict(seen: NDArray[Any], unseen: NDArray[Any]) -> FloatArray:
        """kl, floor and accuracy per item, `[3, N]`."""
        q = (seen + smoothed) / (seen.sum(axis=1, keepdims=True) + strength)
        kl = kl_per_item(q, empirical_distribution(unseen))
        return np.stack([kl, floor_per_item(unseen, prior, strength), accuracy_per_item(q, unseen)])

    one = np.zeros((3, len(paired)))
    shares = empirical_distribution(paired)
    for label, left_out in enumerate(np.eye(paired.shape[1], dtype=paired.dtype)):
        rows = paired[:, label] > 0
        seen = np.tile(left_out, (int(rows.sum()), 1))
        one[:, rows] += shares[rows, label] * predict(seen, paired[rows] - seen)
    # Each item as often as draws are wanted, so that few items cost no more than many.
    repeated = np.repeat(paired, -(-DRAWS // len(paired)), axis=0)
    seen = _random_half(repeated, rng)
    # Gamma draws instead of Dirichlet ones: the most probable label is the same, and a shape of 0 is allowed.
    accuracy = accuracy_per_item(rng.standard_gamma(repeated + smoothed), repeated).mean()
    floor = float(floor_per_item(paired, prior, strength).mean())
    return Ceiling(
        len(paired), _mean(one), _mean(predict(seen, repeated - seen)), Prediction(floor, floor, float(accuracy))
    )


def floor_per_item(counts: NDArray[Any], prior: NDArray[Any], strength: float) -> FloatArray:
    """The KL in nats that a perfect judge is expected to show against each item's annotations, `[N]`.

    `metrics.noise_floor` is its mean, and says where it comes from.
    """
    p = empirical_distribution(counts)
    posterior: FloatArray = counts + strength * prior
    totals: FloatArray = posterior.sum(axis=1, keepdims=True)
    log_pi: FloatArray = digamma(np.where(p > 0, posterior, 1.0)) - digamma(totals)
    return -(entropy(p) + (p * log_pi).sum(axis=1))


def _random_half(counts: NDArray[Any], rng: np.random.Generator) -> NDArray[np.int64]:
    """Half of each item's annotations (rounded down), drawn without replacement, label after label."""
    is_huge = counts.sum(axis=1, keepdims=True) >= NUMPYS_LIMIT
    urns = np.where(is_huge, 0, counts)
    seen = np.zeros(counts.shape, dtype=np.int64)
    to_draw, others = urns.sum(axis=1) // 2, urns.sum(axis=1)
    for label, count in enumerate(urns.T):
        others = others - count
        seen[:, label] = rng.hypergeometric(count, others, to_draw)
        to_draw = to_draw - seen[:, label]
    return np.where(is_huge, counts // 2, seen)  # of so many, a random half is the half


def _mean(per_item: FloatArray) -> Prediction:
    kl, floor, accuracy = per_item.mean(axis=1).tolist()
    return Prediction(kl, floor, accuracy)
