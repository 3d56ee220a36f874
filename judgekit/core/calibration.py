"""Calibration of a trained judge on held-out distributions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from judgekit.core.distributions import FloatArray

MIN_TEMPERATURE, MAX_TEMPERATURE = 1e-2, 1e2


@dataclass(frozen=True)
class Calibration:
    """From the label logits of a judge to the distributions it predicts; as made without arguments, plain softmax."""

    temperature: float = 1.0
    """Positive; above 1 flattens, below 1 sharpens."""

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise ValueError(f"the temperature must be positive, not {self.temperature}")

    @classmethod
    def fit(cls, logits: NDArray[Any], p: NDArray[Any]) -> Calibration:
        """The calibration that minimises the mean KL(p || q).

        Args:
            logits: label logits of held-out items, `[N, K]`, finite.
            p: their target distributions, `[N, K]`.

        Returns:
            One with a temperature in `[MIN_TEMPERATURE, MAX_TEMPERATURE]`.

        Raises:
            ValueError: there is no item, or the shapes differ.
        """
        if logits.shape != p.shape or logits.ndim != 2 or len(logits) == 0:
            raise ValueError(f"logits {logits.shape} and p {p.shape} must be one [N, K] with N > 0")
        logits = np.asarray(logits, dtype=np.float64)
        # A third of a second to import, and a judge that scores fits nothing.
        from scipy.optimize import minimize_scalar
        from scipy.special import log_softmax

        def cross_entropy(log_temperature: float) -> float:
            # Differs from the KL by the entropy of p, which does not depend on T; convex in 1 / T, so one minimum.
            return float(-(p * log_softmax(logits / np.exp(log_temperature), axis=-1)).sum(axis=-1).mean())

        bounds = (np.log(MIN_TEMPERATURE), np.log(MAX_TEMPERATURE))
        found: Any = minimize_scalar(cross_entropy, bounds=bounds, method="bounded", options={"xatol": 1e-6})
        return cls(float(np.exp(found.x)))

    def apply(self, logits: NDArray[Any]) -> FloatArray:
        """softmax(logits / temperature), in float64.

        Args:
            logits: label logits, `[..., K]`, finite.

        Returns:
            The same shape, rows sum to 1.
        """
        scaled = np.asarray(logits, dtype=np.float64) / self.temperature
        weights = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
        return weights / weights.sum(axis=-1, keepdims=True)
