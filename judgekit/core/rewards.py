"""Rewards of a written distribution against one annotation: proper, so that the true distribution earns the most.

Source: sections 3 and 4 of arXiv 2510.00263 (two labels there); for K labels Brier is 1 - |p - e_y|^2 / 2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

LOG_CLIP = 1e-3
"""The log reward takes a probability as at least this and at most 1 less this."""


def brier_reward(p: Sequence[float], label: int) -> float:
    """1 - |p - e_y|^2 / 2, in `[0, 1]`.

    Args:
        p: a distribution over K labels, sums to 1.
        label: y, the label that the annotator chose.
    """
    q = np.asarray(p, dtype=np.float64)
    return float(1 - (np.square(q).sum() - 2 * q[label] + 1) / 2)


def log_reward(p: Sequence[float], label: int) -> float:
    """Log p_y in nats, with p_y clipped to `[0.001, 0.999]`; arguments as of `brier_reward`."""
    return math.log(min(max(p[label], LOG_CLIP), 1 - LOG_CLIP))


def floor_reward(kind: Literal["brier", "log"]) -> float:
    """What an answer earns that cannot be read: the least that one can earn that is read."""
    return 0.0 if kind == "brier" else math.log(LOG_CLIP)


def reward_of(kind: Literal["brier", "log"], p: Sequence[float] | None, label: int) -> float:
    """The reward of an answer.

    Args:
        kind: which reward.
        p: the distribution that was read from it; None where it cannot be read.
        label: that the annotator chose.
    """
    if p is None:
        return floor_reward(kind)
    return brier_reward(p, label) if kind == "brier" else log_reward(p, label)
