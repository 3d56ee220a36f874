"""Which annotations teach a judge most: the design of a round that leaves its predictions least uncertain.

A judge that reads features x of items linearly, as a probe does, knows its weights up to a covariance S, the inverse of
the information that annotations gave: the sum of v x x' over them, v how undecided the label is. For not knowing better
its mean KL is larger by half of the mean of v x' S x (Laplace; the trace over labels is taken as one number). An
annotation lowers that the more, the more undecided its item is, the less is known of the direction of its features, and
the more other items lie in that direction: one formula for uncertainty, diversity and density.

The chances of a round follow from it as an optimal design: the distribution over items that leaves least
(Fedorov 1972; the multiplicative update of Silvey, Titterington & Torsney 1978). Items of one kind share theirs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.core.distributions import FloatArray
from judgekit.core.targets import fit_strength

STEPS = 60
"""Updates of the design; what is left changes by less than 1 % after about 30."""
DIRECTIONS = 64
"""Of features that are kept: the cost of an update grows with their square."""
ROWS_AT_ONCE = 8192
USUAL_STRENGTH = 10.0
"""Where no item has two annotations, which would tell it."""
STRENGTHS = (0.1, 1000.0)
LEAST_EXPECTED = 1e-4
"""Least probability that is believed of a label."""
PRIOR_VARIANCE = 10 / 3
"""Of the weights of features of mean square 1: logits of items differ by about 2.

In the simulation of benchmarks/selecting.py the draw then needed 62 % of the annotations that the random choice needs,
with a variance of 1 it needed 70 %.
"""
DOUBT = 2.0
"""Annotations that a judge's word is worth where it says how undecided people are: it is too sure of what it has not
seen."""


class Candidates(NamedTuple):
    """N items that may be annotated, as a judge sees them."""

    features: FloatArray
    """`[N, D]`, as of `directions`."""
    undecided: FloatArray
    """v: the chance that two people disagree, `[N]`."""
    freshness: FloatArray
    """What one more annotation tells, as a share of what the first one of an item does, `[N]`."""
    is_target: NDArray[np.bool_]
    """On which items the judge is to be good, `[N]`."""


class Design(NamedTuple):
    """The best distribution of a round over items, and what annotations are worth."""

    shares: FloatArray
    """Of the round, `[N]`; they sum to 1."""
    gain: FloatArray
    """By how much one annotation, given those that are there, lowers the judge's mean KL, nats, `[N]`."""


def undecided(q: NDArray[Any]) -> FloatArray:
    """The chance that two people disagree on each item, `[N]`, of predicted distributions `[N, K]`."""
    careful = (DOUBT * np.asarray(q, dtype=np.float64) + 1 / q.shape[1]) / (DOUBT + 1)
    return 1 - np.square(careful).sum(axis=1)


def fit_strength_around(q: NDArray[Any], counts: NDArray[Any]) -> float:
    """The strength s of Dirichlet(s q) that makes the annotations most likely: how far items are from the judge's word.

    Args:
        q: what a judge says that had not seen the items, `[N, K]`.
        counts: annotations per label, `[N, K]`.

    Returns:
        In annotations, 0.1 to 1000; `USUAL_STRENGTH` where no item has two.
    """
    is_told = counts.sum(axis=1) >= 2
    if not is_told.any():
        return USUAL_STRENGTH
    around = np.maximum(np.asarray(q, dtype=np.float64)[is_told], LEAST_EXPECTED)
    return float(np.clip(fit_strength(np.asarray(counts)[is_told], around), *STRENGTHS))


def told_by(annotations: NDArray[Any], strength: float) -> FloatArray:
    """How many items with one annotation tell as much of their kind as one item with n, `[N]`.

    The annotations of an item share what is its own: they correlate by r = 1 / (strength + 1), and n of them tell as
    much as n / (1 + (n - 1) r).

    Args:
        annotations: n of each item, `[N]`.
        strength: of the items around the judge's word, as of `fit_strength_around`.
    """
    n = np.asarray(annotations, dtype=np.float64)
    return n / (1 + np.maximum(n - 1, 0) / (strength + 1))


def freshness(annotations: NDArray[Any], strength: float) -> FloatArray:
    """What one more annotation of each item tells of its kind, as a share of the first one's, `[N]`.

    Arguments as of `told_by`.
    """
    return told_by(np.asarray(annotations) + 1, strength) - told_by(annotations, strength)


def directions(vectors: NDArray[Any], most: int = DIRECTIONS) -> FloatArray:
    """Features along the directions in which vectors differ most, and a constant, `[N, D]`; mean square norm 2."""
    mean: FloatArray = vectors.mean(axis=0, dtype=np.float64)
    parts = [slice(n, n + ROWS_AT_ONCE) for n in range(0, len(vectors), ROWS_AT_ONCE)]
    spread = np.zeros((vectors.shape[1], vectors.shape[1]))
    for rows in parts:
        centred = vectors[rows] - mean
        spread += centred.T @ centred
    values, basis = np.linalg.eigh(spread)
    basis = basis[:, values > 1e-9 * max(float(values[-1]), 1e-30)][:, -most:]
    found = np.concatenate([(vectors[rows] - mean) @ basis for rows in parts])
    scale = float(np.sqrt(np.square(found).sum() / len(found))) or 1.0
    return np.concatenate([np.ones((len(found), 1)), found / scale], axis=1)


def information(features: FloatArray, undecided: FloatArray, told: FloatArray) -> FloatArray:
    """What annotations told of the weights, whose prior has the variance `PRIOR_VARIANCE`, `[D, D]`.

    Args:
        features: of the annotated items, `[n, D]`.
        undecided: v of each, `[n]`.
        told: of each, as of `told_by`, `[n]`.
    """
    return nothing_known(features.shape[1]) + (features * (undecided * told)[:, None]).T @ features


def nothing_known(directions: int) -> FloatArray:
    """The information before any annotation, `[D, D]`."""
    return np.eye(directions) / PRIOR_VARIANCE


def best_design(
    candidates: Candidates, before: FloatArray, wanted: int, *, random_share: float, costs: FloatArray | None = None
) -> Design:
    """The design of a round.

    Args:
        candidates: the items.
        before: information that is there, as of `information`.
        wanted: annotations in the round.
        random_share: share of the round that is drawn evenly besides.
        costs: of one annotation of each item, positive, `[N]`; None where all cost alike.
    """
    x, value = candidates.features, candidates.undecided * candidates.freshness
    target, weight = x[candidates.is_target], candidates.undecided[candidates.is_target]
    moment = (target * weight[:, None]).T @ target / max(1, len(target))
    even = np.full(len(x), 1 / len(x))
    price = np.ones(len(x)) if costs is None else costs / costs.mean()
    shares = even
    for _ in range(STEPS):
        drawn = (1 - random_share) * shares + random_share * even
        after = before + wanted * (x * (drawn * value)[:, None]).T @ x
        shares = shares * np.sqrt(_slope(x, value, after, moment) / price)
        total = float(shares.sum())
        shares = shares / total if total > 0 else even
    known = value * ((x @ np.linalg.inv(before)) * x).sum(axis=1)
    return Design(shares, _slope(x, value, before, moment) / (2 * (1 + known)))


def _slope(x: FloatArray, value: FloatArray, known: FloatArray, moment: FloatArray) -> FloatArray:
    """By how much a little more of each item lowers what is left, `[N]`."""
    inverse = np.linalg.inv(known)
    found: FloatArray = value * ((x @ (inverse @ moment @ inverse)) * x).sum(axis=1)
    return np.maximum(found, 0.0)
