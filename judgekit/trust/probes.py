"""What a judge follows although people do not: the probes of the evaluated items."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from judgekit.core.distributions import FloatArray, expected_score
from judgekit.core.metrics import Interval, bootstrap_interval
from judgekit.core.probing import distance_from_middle, follows
from judgekit.prompts.mirror import Mirror

MOST_LABELS = 6
"""Of more labels without an order there would be more rows than anybody reads."""


class Probe(NamedTuple):
    """Whether a judge follows something beyond what people do."""

    what: str
    """What is followed by what, in words."""
    value: Interval
    """A partial correlation in [-1, 1], or a difference; 0 where nothing is followed."""
    is_correlation: bool

    @property
    def is_found(self) -> bool:
        """Whether it is there by more than chance."""
        return self.value.low > 0 or self.value.high < 0


def probes(
    q: FloatArray,
    p: FloatArray,
    texts: pl.DataFrame,
    labels: tuple[str, ...],
    values: tuple[float, ...],
    mirror: Mirror | None,
    **bootstrap: Any,
) -> tuple[Probe, ...]:
    """Probe a judge on evaluated items.

    Args:
        q: predicted distributions, `[N, K]`; of a comparison in the order given.
        p: people's shares, `[N, K]`.
        texts: what the judge reads, `[N, F]`.
        labels: the K labels.
        values: their numbers on an ordinal scale; empty for a nominal one.
        mirror: of a pairwise comparison.
        bootstrap: seed, confidence and resamples of the intervals.
    """
    return tuple(_found(q, p, texts, labels, values, mirror, bootstrap))


def _found(
    q: FloatArray,
    p: FloatArray,
    texts: pl.DataFrame,
    labels: tuple[str, ...],
    values: tuple[float, ...],
    mirror: Mirror | None,
    bootstrap: dict[str, Any],
) -> Iterator[Probe]:
    readings = _readings(q, p, labels, values, mirror)
    cue, words = _lengths(texts, mirror)
    for name, judge, people in readings:
        if (found := follows(judge, people, cue, **bootstrap)) is not None:
            yield Probe(f"{name} follows {words}", found, is_correlation=True)
    if mirror is not None:
        favour = np.asarray(mirror.favour)
        ahead = bootstrap_interval((q - p) @ favour, **bootstrap)
        yield Probe("share given to the side shown first, judge minus people", ahead, is_correlation=False)
    if values:
        numbers = np.asarray(values)
        outward = distance_from_middle(q, numbers) - distance_from_middle(p, numbers)
        found = bootstrap_interval(outward, **bootstrap)
        yield Probe("distance from the middle of the scale, judge minus people", found, is_correlation=False)
    joined = texts.select(pl.concat_str(pl.all(), separator=" ")).to_series()
    for k, label in enumerate(labels[:MOST_LABELS]):
        if not re.search(r"[^\W\d_]{2}", label):
            continue
        named = joined.str.contains(rf"(?i)(^|\W){re.escape(label)}(\W|$)").to_numpy().astype(float)
        if (found := follows(q[:, k], p[:, k], named, **bootstrap)) is not None:
            yield Probe(f"probability of {label} follows its word in the text", found, is_correlation=True)


def _readings(
    q: FloatArray, p: FloatArray, labels: tuple[str, ...], values: tuple[float, ...], mirror: Mirror | None
) -> Iterator[tuple[str, FloatArray, FloatArray]]:
    """What is predicted, as numbers of items: of the judge and of people."""
    if mirror is not None:
        favour = np.asarray(mirror.favour)
        yield "preference for a side", q @ favour, p @ favour
    elif values:
        yield "expected score", expected_score(q, np.asarray(values)), expected_score(p, np.asarray(values))
    else:
        for k, label in enumerate(labels[:MOST_LABELS]):
            yield f"probability of {label}", q[:, k], p[:, k]


def _lengths(texts: pl.DataFrame, mirror: Mirror | None) -> tuple[FloatArray, str]:
    """The logarithm of the length of the texts, or of how much longer the side of the first column is."""

    def log_length(names: list[str]) -> FloatArray:
        letters = sum(
            (texts.get_column(name).str.len_chars().to_numpy().astype(float) for name in names), np.float64(0)
        )
        return np.log1p(letters)

    if mirror is None:
        return log_length(texts.columns), "the length of the texts"
    first = [name for name in texts.columns if name in mirror.fields][: len(mirror.fields) // 2]
    return log_length(first) - log_length([mirror.fields[name] for name in first]), "the longer text"
