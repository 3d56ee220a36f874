"""From annotation counts to distributions over labels, and the plain quantities read off them.

numpy alone: this module is on the path of `ingest` and `check`, which must start without torch or scipy.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def empirical_distribution(counts: NDArray[Any]) -> FloatArray:
    """The share of annotations that each label received, per item.

    Args:
        counts: annotations per label, `[N, K]`, non-negative.

    Returns:
        `[N, K]`, rows sum to 1.

    Raises:
        ValueError: `counts` is not two-dimensional, holds a negative number, or has an item without annotations.
    """
    if counts.ndim != 2 or (counts < 0).any():
        raise ValueError(f"counts must be a non-negative [N, K] array, not one of shape {counts.shape}")
    totals = counts.sum(axis=1, keepdims=True)
    if (totals == 0).any():
        raise ValueError(f"item {int(np.argmin(totals))} has no annotations")
    return counts / totals


def entropy(p: NDArray[Any]) -> FloatArray:
    """Shannon entropy in nats, with 0 log 0 = 0.

    Args:
        p: distributions, `[..., K]`.

    Returns:
        `[...]`, in `[0, log K]`.
    """
    return -(p * np.log(np.where(p > 0, p, 1.0))).sum(axis=-1)


def most_voted(counts: NDArray[Any]) -> NDArray[np.bool_]:
    """Marks the labels that share the highest value; several per item in a tie.

    Args:
        counts: annotations per label, or any distribution, `[..., K]`.

    Returns:
        Mask of the same shape, with at least one True per item.
    """
    return counts == counts.max(axis=-1, keepdims=True)


def hard_target(counts: NDArray[Any]) -> FloatArray:
    """The hard label as a distribution: one-hot, or shared evenly among tied labels.

    Sharing keeps the label order out of the target, which picking the first of the tied labels would not.

    Args:
        counts: annotations per label, or any distribution, `[..., K]`.

    Returns:
        The same shape, rows sum to 1.
    """
    mask = most_voted(counts)
    return mask / mask.sum(axis=-1, keepdims=True)


def class_prior(counts: NDArray[Any]) -> FloatArray:
    """The mean of the empirical distributions: the constant q that minimises the mean KL(p || q).

    Every item weighs the same, however many annotations it has.

    Args:
        counts: annotations per label, `[N, K]`, N > 0.

    Returns:
        `[K]`, sums to 1; 0 for a label that was never chosen.

    Raises:
        ValueError: there is no item, or as in `empirical_distribution`.
    """
    if len(counts) == 0:
        raise ValueError("a class prior needs at least one item")
    return empirical_distribution(counts).mean(axis=0)


def expected_score(p: NDArray[Any], values: NDArray[Any]) -> FloatArray:
    """The mean of an ordinal scale under each distribution.

    Args:
        p: distributions, `[..., K]`.
        values: the number that each label stands for, `[K]`.

    Returns:
        `[...]`, in the unit of `values`.
    """
    return p @ np.asarray(values, dtype=np.float64)


def raw_agreement(counts: NDArray[Any]) -> float | None:
    """The share of pairs of annotations on the same item that agree, averaged over items.

    Args:
        counts: annotations per label, integers `[N, K]`.

    Returns:
        In `[0, 1]`, over the items with at least two annotations; None where there is no such item.
    """
    totals = counts.sum(axis=1)
    paired, n = counts[totals >= 2], totals[totals >= 2]
    if len(paired) == 0:
        return None
    return float(((paired * (paired - 1)).sum(axis=1) / (n * (n - 1))).mean())


def order_gap(q: NDArray[Any], mirrored: NDArray[Any], favour: NDArray[Any]) -> FloatArray:
    """How much the order of the two sides of a comparison decides, `[N]` in `[0, 1]`; 0 for a judge it does not sway.

    |p_orig + p_swap - 1|, where p is the probability that the side shown first is preferred, half of the ties included.

    Args:
        q: predicted distributions of the comparisons as they are, `[N, K]`.
        mirrored: those of the same comparisons in the other order, with the labels mirrored back, `[N, K]`.
        favour: what each label says for the first side: 1 for it, 0 against it, 0.5 for a tie, `[K]`.

    Source: the position deviation of arXiv 2510.00263.
    """
    return np.abs((q - mirrored) @ favour)  # mirrored back, the other order's p_swap is 1 - mirrored @ favour
