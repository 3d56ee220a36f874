"""From what was read of an item to its distribution: the fine-tuned judge, the probe and the label shares, weighed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.core.distributions import FloatArray

MIN_TEMPERATURE, MAX_TEMPERATURE = 1e-2, 1e2


class Evidence(NamedTuple):
    """What is known of N items before it is weighed; K labels."""

    logits: NDArray[Any] | None
    """Label logits of the fine-tuned judge, `[N, K]`; None where there is none."""
    probe: NDArray[Any] | None
    """Log of the distributions that the probe predicts, `[N, K]`; None where there is none."""
    log_prior: NDArray[Any]
    """Log of the label shares, `[K]`, or of each item `[N, K]`."""

    def take(self, rows: NDArray[Any]) -> Evidence:
        """That of some of the items, by number or by mask."""
        logits, probe = (None if part is None else part[rows] for part in (self.logits, self.probe))
        return Evidence(logits, probe, self.log_prior if self.log_prior.ndim == 1 else self.log_prior[rows])


@dataclass(frozen=True)
class Calibration:
    """q = softmax(logits / temperature + probe * log q_probe + prior * log shares + bias); as made, plain softmax."""

    temperature: float | None = 1.0
    """Positive; above 1 flattens, below 1 sharpens; None: the fine-tuned judge is not asked at all."""
    probe: float = 0.0
    """Weight of the probe; 0: it is not asked."""
    prior: float = 0.0
    """Weight of the label shares; 1 beside no other is the label shares themselves."""
    bias: tuple[float, ...] = ()
    """Added to each label, `[K]`; empty: nothing is."""

    def __post_init__(self) -> None:
        if self.temperature is not None and not self.temperature > 0:
            raise ValueError(f"the temperature must be positive, not {self.temperature}")

    @property
    def is_shares(self) -> bool:
        """Whether it predicts the label shares for every item."""
        return self.temperature is None and self.probe == 0

    def describe(self) -> str:
        """What counts how much, in words that fit a line."""
        if self.is_shares:
            return "the label shares alone"
        parts = [] if self.temperature is None else [f"temperature {self.temperature:.3f}"]
        parts += [
            f"{name} {weight:.2f}" for name, weight in (("probe", self.probe), ("label shares", self.prior)) if weight
        ]
        return ", ".join([*parts, *(["a bias per label"] if self.bias else [])])

    @classmethod
    def fit(cls, logits: NDArray[Any], p: NDArray[Any]) -> Calibration:
        """The temperature alone that minimises the mean KL(p || q).

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
        """The distributions of a fine-tuned judge alone: softmax(logits / temperature + bias), in float64.

        Args:
            logits: label logits, `[..., K]`, finite.

        Returns:
            The same shape, rows sum to 1.

        Raises:
            ValueError: the probe or the label shares count too, and are not given here.
        """
        if self.temperature is None or self.probe or self.prior:
            raise ValueError("this calibration weighs more than the judge's logits")
        scaled = np.asarray(logits, dtype=np.float64) / self.temperature
        return _softmax(scaled + np.asarray(self.bias) if self.bias else scaled)

    def weigh(self, evidence: Evidence) -> FloatArray:
        """The distributions of items, in float64, `[N, K]`; rows sum to 1.

        Args:
            evidence: what the weights ask for.

        Raises:
            ValueError: a part has a weight and is not there.
        """
        return _softmax(self.log_scores(evidence))

    def log_scores(self, evidence: Evidence) -> FloatArray:
        """What `weigh` takes the softmax of, `[N, K]`."""
        parts: list[FloatArray] = []
        if self.temperature is not None:
            parts.append(_there(evidence.logits) / self.temperature)
        if self.probe:
            parts.append(self.probe * _there(evidence.probe))
        if self.prior or not parts:
            shown = next((part for part in (evidence.logits, evidence.probe) if part is not None), evidence.log_prior)
            parts.append(np.broadcast_to(self.prior * _there(evidence.log_prior), shown.shape))
        if self.bias:
            parts.append(np.asarray(self.bias))
        return sum(parts[1:], start=parts[0])


def _softmax(scores: FloatArray) -> FloatArray:
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def _there(part: NDArray[Any] | None) -> FloatArray:
    if part is None:
        raise ValueError("a part that has a weight is missing")
    return np.asarray(part, dtype=np.float64)
