"""What a judge follows although people do not: length, position, words of the labels, the middle of a scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from judgekit.core.distributions import FloatArray
from judgekit.core.metrics import Interval, bootstrap_interval


def partial_correlation(x: NDArray[Any], y: NDArray[Any], given: NDArray[Any], axis: int = -1) -> FloatArray:
    """Pearson correlation of what a third variable does not explain of x and of y, along an axis.

    (r_xy - r_xz r_yz) / sqrt((1 - r_xz^2) (1 - r_yz^2)); nan where x or y is constant, or wholly explained.
    """
    a, b, c = (_standardised(one, axis) for one in (x, y, given))
    # A constant third variable explains nothing.
    xy, xz, yz = (a * b).mean(axis=axis), np.nan_to_num((a * c).mean(axis=axis)), np.nan_to_num((b * c).mean(axis=axis))
    left = (1 - xz**2) * (1 - yz**2)
    return (xy - xz * yz) / np.sqrt(np.where(left > 1e-12, left, np.nan))


def follows(
    q: NDArray[Any], p: NDArray[Any], cue: NDArray[Any], *, seed: int, confidence: float, resamples: int
) -> Interval | None:
    """How far what the judge predicts follows a cue, beside what people's annotations explain.

    Args:
        q: what it predicts, a number per item, `[N]`.
        p: the same of people.
        cue: of the items, `[N]`.
        seed: of the bootstrap.
        confidence: of the interval.
        resamples: number of bootstrap samples.

    Returns:
        A partial correlation in `[-1, 1]`; None where it is undefined, as where the cue is the same everywhere.
    """
    arrays = tuple(np.asarray(one, dtype=np.float64) for one in (q, cue, p))
    found = bootstrap_interval(
        arrays, partial_correlation, seed=seed, confidence=confidence, resamples=resamples
    )  # fmt: skip
    return None if np.isnan(found.value) else found


def distance_from_middle(p: NDArray[Any], values: NDArray[Any]) -> FloatArray:
    """Mean distance of an item's labels from the middle of the scale, as a share of half its width, `[N]`."""
    middle, half = (values.max() + values.min()) / 2, (values.max() - values.min()) / 2
    return p @ np.abs(values - middle) / half


def _standardised(values: NDArray[Any], axis: int) -> FloatArray:
    values = values - values.mean(axis=axis, keepdims=True)
    spread = np.sqrt(np.square(values).mean(axis=axis, keepdims=True))
    return values / np.where(spread > 1e-12, spread, np.nan)
