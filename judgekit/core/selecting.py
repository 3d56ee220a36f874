"""Drawing items to annotate with known chances, more often where an annotation tells more (`design`).

A draw with known chances can be undone: weighted by 1 / chance, the annotated items stand for all of them again. The
draw is systematic along an order in which like items are neighbours, so that it takes few of a kind and has the chances
exactly (Madow 1949).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from judgekit.core.distributions import FloatArray

WIDTH = 64
"""Of the vectors that say what words a text has."""
LEAF = 4
"""Items that are near enough to each other."""


def inclusion_chances(gain: NDArray[Any], wanted: int, *, random_share: float) -> FloatArray:
    """The chance with which each item is drawn, `[N]`; they sum to the number of items wanted.

    Args:
        gain: of an annotation, non-negative, `[N]`.
        wanted: n, at most N.
        random_share: share of the draw that is the same for all items, above 0, so that every item has a chance.
    """
    gain = np.asarray(gain, dtype=np.float64)
    total = gain.sum()
    weight = np.full(len(gain), 1 / len(gain)) if total <= 0 else gain / total
    weight = (1 - random_share) * weight + random_share / len(gain)
    chances = np.zeros(len(gain))
    is_sure = np.zeros(len(gain), dtype=np.bool_)
    while True:  # no chance is above 1: what that leaves over goes to the others
        rest = ~is_sure
        chances[is_sure] = 1.0
        if not rest.any():
            return chances
        chances[rest] = (wanted - is_sure.sum()) * weight[rest] / weight[rest].sum()
        if (chances[rest] <= 1).all():
            return chances
        is_sure |= chances >= 1


def draw(chances: NDArray[Any], order: NDArray[np.intp], *, seed: int) -> NDArray[np.intp]:
    """Draw items systematically: evenly along an order, each with its chance.

    Args:
        chances: of the items, `[N]`; they sum to n.
        order: the items, like ones beside each other, `[N]`.
        seed: of the start.

    Returns:
        The n items, in that order.
    """
    ends = np.cumsum(np.asarray(chances, dtype=np.float64)[order])
    wanted = round(float(ends[-1]))
    start = np.random.default_rng(seed).random()
    found = np.searchsorted(ends * (wanted / ends[-1]), start + np.arange(wanted), side="right")
    return order[np.minimum(found, len(order) - 1)]


def word_vectors(texts: Sequence[str]) -> NDArray[np.float32]:
    """What words each text has: counts of hashed words, of length 1, `[N, WIDTH]`; the same on every machine."""
    vectors = np.zeros((len(texts), WIDTH), dtype=np.float32)
    for row, text in enumerate(texts):
        places = [zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in text.lower().split()]
        # A sign for each word keeps different ones apart that meet in one place.
        np.add.at(vectors[row], [place % WIDTH for place in places], [1 - 2 * (place >> 16 & 1) for place in places])
    return vectors / np.maximum(1e-9, np.linalg.norm(vectors, axis=1, keepdims=True))


def order_by_likeness(vectors: NDArray[Any]) -> NDArray[np.intp]:
    """An order of items in which like ones are neighbours: halved again and again where they differ most, `[N]`."""
    found: list[NDArray[np.intp]] = []
    stack = [np.arange(len(vectors))]
    while stack:
        rows = stack.pop()
        if len(rows) <= LEAF:
            found.append(rows)
            continue
        inside = vectors[rows] - vectors[rows].mean(axis=0)
        along = inside @ np.linalg.eigh(inside.T @ inside)[1][:, -1]
        ranked = rows[np.argsort(along, kind="stable")]
        half = len(rows) // 2
        stack += [ranked[half:], ranked[:half]]
    return np.concatenate(found) if found else np.zeros(0, dtype=np.intp)
