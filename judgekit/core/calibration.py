"""Calibration of a trained judge on held-out distributions."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from judgekit.core.distributions import FloatArray

MIN_TEMPERATURE, MAX_TEMPERATURE = 1e-2, 1e2


def apply_temperature(logits: NDArray[Any], temperature: float) -> FloatArray:
    """softmax(logits / temperature), in float64.

    Args:
        logits: label logits, `[..., K]`, finite.
        temperature: positive; above 1 flattens, below 1 sharpens.

    Returns:
        The same shape, rows sum to 1.

    Raises:
        ValueError: the temperature is not positive.
    """
    if not temperature > 0:
        raise ValueError(f"the temperature must be positive, not {temperature}")
    return softmax(np.asarray(logits, dtype=np.float64) / temperature, axis=-1)


def fit_temperature(logits: NDArray[Any], p: NDArray[Any]) -> float:
    """The temperature T that minimises the mean KL(p || softmax(logits / T)).

    Args:
        logits: label logits of held-out items, `[N, K]`, finite.
        p: their target distributions, `[N, K]`.

    Returns:
        T, in `[MIN_TEMPERATURE, MAX_TEMPERATURE]`.

    Raises:
        ValueError: there is no item, or the shapes differ.
    """
    if logits.shape != p.shape or logits.ndim != 2 or len(logits) == 0:
        raise ValueError(f"logits {logits.shape} and p {p.shape} must be one [N, K] with N > 0")
    logits = np.asarray(logits, dtype=np.float64)

    def cross_entropy(log_temperature: float) -> float:
        # Differs from the KL by the entropy of p, which does not depend on T; convex in 1 / T, so one minimum.
        return float(-(p * log_softmax(logits / np.exp(log_temperature), axis=-1)).sum(axis=-1).mean())

    bounds = (np.log(MIN_TEMPERATURE), np.log(MAX_TEMPERATURE))
    found: Any = minimize_scalar(cross_entropy, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))
