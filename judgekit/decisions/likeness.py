"""Whether annotated items are like new ones: what an estimate rests on, and what nobody sees in a single figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

SIGNIFICANT = 0.05
"""Chance of at least one false alarm over all comparisons (Holm)."""


class Difference(NamedTuple):
    """A way in which the annotated items differ from the new ones by more than chance."""

    what: str
    """`length`, `labels` or `score`."""
    sentence: str
    p_value: float
    """Corrected for the number of comparisons."""


def differences(
    annotated: NDArray[np.float64],
    new: NDArray[np.float64],
    lengths: tuple[NDArray[np.int64], NDArray[np.int64]],
    labels: Sequence[str],
) -> tuple[Difference, ...]:
    """Compare annotated items with new ones: lengths, the labels that the judge would give, and its probabilities.

    Args:
        annotated: what the judge says of the annotated items, `[n, K]`.
        new: what it says of the new ones, `[N, K]`.
        lengths: characters of both.
        labels: the K labels.

    Returns:
        Those that differ, the clearest first; empty where nothing speaks against one population.
    """
    found = [_length(*lengths), _labels(annotated, new, labels)]
    found += [_score(annotated[:, k], new[:, k], label) for k, label in enumerate(labels)]
    ranked = sorted(found, key=lambda one: one.p_value)
    kept: list[Difference] = []
    for n, one in enumerate(ranked):
        corrected = min(1.0, one.p_value * (len(ranked) - n))
        if corrected >= SIGNIFICANT:
            break
        kept.append(one._replace(p_value=corrected))
    return tuple(kept)


def characters(texts: pl.DataFrame) -> NDArray[np.int64]:
    """The length of each item's texts together, `[N]`."""
    return texts.select(pl.sum_horizontal(pl.all().str.len_chars())).to_series().cast(pl.Int64).to_numpy()


def _length(annotated: NDArray[np.int64], new: NDArray[np.int64]) -> Difference:
    one, other = float(np.median(annotated)), float(np.median(new))
    word = "longer" if one > other else "shorter" if one < other else "of other lengths"
    return Difference(
        "length",
        f"their texts are {word} (median {one:,.0f} against {other:,.0f} characters)",
        _same_distribution(annotated, new),
    )


def _labels(annotated: NDArray[np.float64], new: NDArray[np.float64], labels: Sequence[str]) -> Difference:
    counts = np.array([np.bincount(q.argmax(axis=1), minlength=len(labels)) for q in (annotated, new)])
    used = counts[:, counts.sum(axis=0) > 0]
    p_value = float(stats.chi2_contingency(used).pvalue) if used.shape[1] > 1 else 1.0
    shares = counts / counts.sum(axis=1, keepdims=True)
    most = int(np.abs(shares[0] - shares[1]).argmax())
    return Difference(
        "labels",
        f"the judge would call {shares[0, most]:.0%} of them {labels[most]}, and {shares[1, most]:.0%} of the new ones",
        p_value,
    )


def _score(annotated: NDArray[np.float64], new: NDArray[np.float64], label: str) -> Difference:
    return Difference(
        "score",
        f"the judge gives {label} {annotated.mean():.1%} of their annotations on average, and {new.mean():.1%} of "
        "those of the new ones",
        _same_distribution(annotated, new),
    )


def _same_distribution(one: NDArray[Any], other: NDArray[Any]) -> float:
    return float(stats.ks_2samp(one, other, method="asymp").pvalue)
