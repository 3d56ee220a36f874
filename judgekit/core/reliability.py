"""Whether probabilities mean what they say: to people's shares, label by label, and to being right.

Bins hold equally many items (adaptive binning), so that none rests on a handful.

Source: Nixon et al., Measuring Calibration in Deep Learning, arXiv 1904.01685 (adaptive calibration error).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.core.distributions import FloatArray, empirical_distribution, hard_target
from judgekit.core.metrics import Interval

MOST_BINS = 15
FEWEST_IN_BIN = 10
SIMULATIONS = 50


class Reliability(NamedTuple):
    """What was predicted in each bin, and what was so."""

    name: str
    """The label; of being right, empty."""
    predicted: tuple[float, ...]
    """Mean prediction of each bin, ascending, `[B]`."""
    observed: tuple[float, ...]
    """What was so, mean of each bin, `[B]`."""
    items: tuple[int, ...]
    """Items of each bin, `[B]`."""
    error: Interval
    """Adaptive expected calibration error: the mean over items of their bin's |predicted - observed|."""
    by_chance: float
    """The error that a judge with exact shares would show on as many items and annotations. Of being right it is not
    small where people disagree: the label of most of them is the most frequent one more often than its share says
    (Baan et al., Stop Measuring Calibration When Humans Disagree, arXiv 2210.16133)."""


class Calibrations(NamedTuple):
    """Both meanings of calibration."""

    shares: tuple[Reliability, ...]
    """To people's shares: one for each label."""
    error: Interval
    """Mean of their errors over the labels."""
    by_chance: float
    right: Reliability
    """To being right: the highest probability against whether its label is the most frequent one."""


def calibrations(
    q: NDArray[Any], counts: NDArray[Any], labels: tuple[str, ...], *, seed: int, confidence: float, resamples: int
) -> Calibrations:
    """Reliability diagrams and calibration errors.

    Args:
        q: predicted distributions, `[N, K]`.
        counts: annotations per label, integers `[N, K]`.
        labels: the K labels.
        seed: of resampling and simulation.
        confidence: of the intervals.
        resamples: number of resamples of the items.
    """
    rng = np.random.default_rng(seed)
    p, n = empirical_distribution(counts), counts.sum(axis=1)
    even = np.full(len(q), 1 / len(q))
    weights = [rng.multinomial(len(q), even).astype(np.int32) for _ in range(resamples)]
    # What is so if the judge is calibrated: annotations drawn from its own distributions.
    drawn = [rng.multinomial(n, q / q.sum(axis=1, keepdims=True)) for _ in range(SIMULATIONS)]
    confidences, choice = q.max(axis=1), hard_target(q)
    columns = [(q[:, k], p[:, k], [one[:, k] / n for one in drawn]) for k in range(len(labels))]
    columns.append(
        (
            confidences,
            (choice * hard_target(counts)).sum(axis=1),
            [(choice * hard_target(one)).sum(axis=1) for one in drawn],
        )
    )
    found: list[Reliability] = []
    resampled: list[FloatArray] = []
    for name, (predicted, observed, simulated) in zip([*labels, ""], columns, strict=True):
        bins = _Bins(predicted)
        gaps = predicted - observed
        resampled.append(bins.errors(gaps, weights))
        error = _between(bins.error(gaps), resampled[-1], confidence)
        chance = float(np.mean([bins.error(predicted - one) for one in simulated]))
        means = bins.means(predicted), bins.means(observed)
        found.append(Reliability(name, *means, tuple(bins.sizes.tolist()), error, chance))
    shares, right = tuple(found[:-1]), found[-1]
    mean = float(np.mean([one.error.value for one in shares]))
    return Calibrations(
        shares,
        _between(mean, np.mean(resampled[:-1], axis=0), confidence),
        float(np.mean([one.by_chance for one in shares])),
        right,
    )


class _Bins:
    """Bins of about equally many items along a prediction; equal predictions may be parted."""

    def __init__(self, predicted: FloatArray) -> None:
        number = max(1, min(MOST_BINS, len(predicted) // FEWEST_IN_BIN))
        self.order = np.argsort(predicted, kind="stable")
        edges = np.linspace(0, len(predicted), number + 1).round().astype(np.int64)
        self.starts, self.sizes = edges[:-1], np.diff(edges)

    def means(self, values: FloatArray) -> tuple[float, ...]:
        return tuple((np.add.reduceat(values[self.order], self.starts) / self.sizes).tolist())

    def error(self, gaps: FloatArray) -> float:
        """Mean over items of their bin's absolute mean gap."""
        return float(np.abs(np.add.reduceat(gaps[self.order], self.starts)).sum() / len(gaps))

    def errors(self, gaps: FloatArray, weights: list[NDArray[np.int32]]) -> FloatArray:
        """The same of resampled items, `[R]`: each counts as often as it was drawn."""
        ordered = gaps[self.order]
        return np.array([
            np.abs(np.add.reduceat(ordered * one[self.order], self.starts)).sum() / len(gaps) for one in weights
        ])  # fmt: skip


def _between(value: float, resampled: FloatArray, confidence: float) -> Interval:
    """The percentile interval, with the value in it: resampling adds noise, and an absolute gap grows with it."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return Interval(value, min(float(low), value), max(float(high), value))
