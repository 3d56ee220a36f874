"""How far people agree beyond chance: Krippendorff's alpha, Fleiss' kappa, and which labels meet where they do not.

Everything is computed from label counts `[N, K]`; who gave which label does not matter here. A coefficient that is
undefined comes with a sentence that says why, never as nan. Items with one annotation have nothing to compare.
"""

import math
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.core.distributions import FloatArray
from judgekit.core.metrics import bootstrap_interval

Level = Literal["nominal", "ordinal", "interval"]

NOTHING_TO_COMPARE = "No item has two annotations, so there is nothing to compare."
ONE_LABEL = "Everybody gave the same label, and chance would give no other: there is nothing to measure."
UNEQUAL_NUMBERS = "The items do not all have the same number of annotations, two or more."


class Alpha(NamedTuple):
    """Krippendorff's alpha with its bootstrap interval; None where undefined."""

    value: float | None
    low: float | None
    high: float | None
    level: Level
    reason: str
    """Why there is no value; empty where there is one."""


class Kappa(NamedTuple):
    """Fleiss' kappa; None where undefined."""

    value: float | None
    reason: str
    """Why there is no value; empty where there is one."""


def pairs_of_annotations(counts: NDArray[Any]) -> int:
    """The number of pairs of annotations on the same item."""
    n = counts.sum(axis=1)
    return int((n * (n - 1) // 2).sum())


def prevalence(counts: NDArray[Any]) -> FloatArray | None:
    """The share of each label among the annotations that can be compared, `[K]`; None where there are none."""
    totals = _paired(counts).sum(axis=0)
    return totals / totals.sum() if totals.any() else None


def krippendorff_alpha(
    counts: NDArray[Any],
    *,
    level: Level = "nominal",
    values: NDArray[Any] | None = None,
    seed: int,
    confidence: float = 0.95,
    resamples: int = 1000,
) -> Alpha:
    """Krippendorff's alpha, 1 - D_o / D_e, with a bootstrap interval over items.

    Args:
        counts: annotations per label, integers `[N, K]`; for the ordinal level the labels are in their order.
        level: how far apart two labels are: nominal (equal or not), ordinal (by how many annotations lie between
            them) or interval (by their values).
        values: the number of each label, `[K]`; for the interval level alone.
        seed: of the bootstrap.
        confidence: of the interval, in `(0, 1)`.
        resamples: number of bootstrap samples.

    Returns:
        1 for complete agreement, 0 for what chance would give, below 0 for less; without a value where no item has
        two annotations or all annotations fall on one label, and without an interval for a single item.

    Raises:
        ValueError: the interval level without values.

    Source: Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability".
    """
    if level == "interval" and values is None:
        raise ValueError("the interval level needs the values of the labels")
    paired = _paired(counts)
    if len(paired) == 0:
        return Alpha(None, None, None, level, NOTHING_TO_COMPARE)
    # Items with equal counts add the same to every sum, and there are few different ones: a resample is described
    # by how often each kind of item is in it, and its sums are one matrix product.
    kinds, kind = np.unique(paired, axis=0, return_inverse=True)
    shares = kinds / (kinds.sum(axis=1, keepdims=True) - 1)
    fixed = None if level == "ordinal" else _squared_distances(values if level == "interval" else None, kinds.shape[1])
    # What each kind adds to the observed disagreement; at the ordinal level that depends on the whole resample, and
    # the coincidences themselves, `[U, K * K]`, are kept.
    if fixed is not None:
        observed_of_kind = ((shares @ fixed) * kinds).sum(axis=1)
    else:
        observed_of_kind = (shares[:, :, None] * kinds[:, None, :]).reshape(len(kinds), -1)

    def statistic(kind: NDArray[Any], axis: int = -1) -> FloatArray:
        times = _occurrences(kind, len(kinds))  # [..., U]
        totals = times @ kinds  # [..., K]
        observed = times @ observed_of_kind
        if fixed is None:
            ranks = totals.cumsum(axis=-1) - totals / 2
            distances = np.square(ranks[..., :, None] - ranks[..., None, :])
            observed = (observed.reshape(distances.shape) * distances).sum(axis=(-2, -1))
        else:
            distances = fixed
        expected = ((totals[..., None, :] @ distances)[..., 0, :] * totals).sum(axis=-1)
        # All of one label: 0 / 0, which the percentiles of the bootstrap leave out.
        return 1 - (totals.sum(axis=-1) - 1) * observed / np.where(expected > 0, expected, np.nan)

    found = bootstrap_interval(kind, statistic, seed=seed, confidence=confidence, resamples=resamples)
    if math.isnan(found.value):
        return Alpha(None, None, None, level, ONE_LABEL)
    low, high = (None if math.isnan(end) else end for end in found[1:])
    return Alpha(found.value, low, high, level, "")


def fleiss_kappa(counts: NDArray[Any]) -> Kappa:
    """Fleiss' kappa of items that all have the same number of annotations.

    Args:
        counts: annotations per label, integers `[N, K]`.

    Returns:
        1 for complete agreement, 0 for what chance would give; without a value where the numbers of annotations
        differ or are 1, or all annotations fall on one label.

    Source: Fleiss (1971), "Measuring nominal scale agreement among many raters".
    """
    n = counts.sum(axis=1)
    if len(n) == 0 or n.min() < 2 or n.min() != n.max():
        return Kappa(None, UNEQUAL_NUMBERS)
    by_chance = float(np.square(counts.sum(axis=0) / counts.sum()).sum())
    if np.count_nonzero(counts.sum(axis=0)) == 1:
        return Kappa(None, ONE_LABEL)
    agreeing = float(((counts * (counts - 1)).sum(axis=1) / (n * (n - 1))).mean())
    return Kappa((agreeing - by_chance) / (1 - by_chance), "")


def confused_labels(counts: NDArray[Any]) -> list[tuple[int, int, float]]:
    """Which labels stand against each other where two annotations of an item differ.

    Args:
        counts: annotations per label, integers `[N, K]`.

    Returns:
        `(label, label, share)`, positions in label order and the share of all disagreement, most frequent first;
        pairs that never meet are left out. Every annotation weighs the same, as in Krippendorff's alpha.
    """
    paired = _paired(counts)
    coincidences = (paired / (paired.sum(axis=1, keepdims=True) - 1)).T @ paired  # [K, K]
    first, second = np.triu_indices(counts.shape[1], k=1)
    found = coincidences[first, second]
    ranked = np.argsort(-found, kind="stable")[: np.count_nonzero(found)]
    return [(int(first[k]), int(second[k]), float(found[k] / found.sum())) for k in ranked]


def _paired(counts: NDArray[Any]) -> NDArray[Any]:
    return counts[counts.sum(axis=1) >= 2]


def _squared_distances(values: NDArray[Any] | None, labels: int) -> FloatArray:
    """`[K, K]`: of the values, or 1 between any two labels where there are none."""
    if values is None:
        return 1.0 - np.eye(labels)
    values = np.asarray(values, dtype=np.float64)
    return np.square(values[:, None] - values[None, :])


def _occurrences(kind: NDArray[Any], kinds: int) -> FloatArray:
    """How often each of the `kinds` numbers occurs in each row, `[..., U]` from `[..., N]`."""
    rows = kind.reshape(-1, kind.shape[-1])
    apart = rows + np.arange(len(rows))[:, None] * kinds
    return np.bincount(apart.ravel(), minlength=len(rows) * kinds).reshape(*kind.shape[:-1], kinds).astype(np.float64)
