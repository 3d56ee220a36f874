"""How many items a judge may decide alone, so that it disagrees with a new person on few of them.

An item's loss is the share of its annotations that are not the judge's label: what a new person would say to it, on
average. The items that are decided are those on which the judge is surest; the risk is the mean loss of these. A
threshold is taken only if the hypothesis that its risk is above the budget is rejected, by a test that is valid at
any number of items. Thresholds are tested one after the other, from sure to unsure, until one fails; so however many
are tried, the promise is wrong no more often than the tests allow.

Sources: arXiv 2110.01052 (Learn then Test: fixed sequences of tests, begun at several places), 2010.09686 (means of
bounded values by betting).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from judgekit.core.distributions import FloatArray, empirical_distribution

STEPS = 100
"""Thresholds that are tried."""
STARTS = 4
"""Places at which the tests begin where there are items enough; each gets its share of the chance of an error."""
ITEMS_FOR_STARTS = 200
ROOM = 1.5
"""Items at the first threshold, as a multiple of those with which a judge without any error would pass."""


class Threshold(NamedTuple):
    """A confidence from which on a judge decides, and what it promises."""

    threshold: float
    """Probability of the judge's label, from which on it decides."""
    decided: float
    """Share of the items."""
    disagreement: float
    """Mean loss of the decided items, as it was found."""
    people: float | None
    """How often the others of an item contradict one of its annotators on these items; None where no item has two."""
    items: int
    """Decided items."""


def losses_of(q: NDArray[Any], counts: NDArray[Any]) -> FloatArray:
    """The share of each item's annotations that are not the judge's label, `[n]`.

    Args:
        q: predicted distributions, `[n, K]`.
        counts: annotations per label, `[n, K]`.
    """
    return 1 - empirical_distribution(counts)[np.arange(len(q)), q.argmax(axis=1)]


def one_against_others(counts: NDArray[Any]) -> float | None:
    """How often a left-out annotation differs from the most frequent label of the others of its item; ties share.

    What people reach among themselves: the label of the others is what a judge could at best have learned from them.

    Args:
        counts: annotations per label, integers `[n, K]`.

    Returns:
        The mean over the items with two annotations or more; None where there is none.
    """
    paired: NDArray[np.int64] = counts[counts.sum(axis=1) >= 2]
    if len(paired) == 0:
        return None
    found: FloatArray = np.zeros(len(paired))
    for label in range(paired.shape[1]):
        others = paired.copy()
        others[:, label] -= 1
        most = others == others.max(axis=1, keepdims=True)
        agrees = most[:, label] / most.sum(axis=1)
        found += paired[:, label] * (1 - agrees)
    return float((found / paired.sum(axis=1)).mean())


def choose_threshold(
    q: FloatArray, counts: NDArray[Any], *, budget: float, confidence: float, seed: int = 0
) -> Threshold | None:
    """The threshold at which most items are decided within the budget; None where no threshold can be promised.

    Args:
        q: predicted distributions of annotated items in whose making they had no part, `[n, K]`.
        counts: their annotations per label, `[n, K]`.
        budget: the most disagreement with a new person that the decided items may have, in (0, 1).
        confidence: with which the promise is kept.
        seed: of the order in which items of several annotations are tested.
    """
    losses, sure = losses_of(q, counts), _surest(q)
    order = np.random.default_rng(seed).permutation(len(q))
    losses, sure = losses[order], sure[order]
    grid = thresholds(q.shape[1])
    decided = np.array([(sure >= one).sum() for one in grid])
    # Where the tests begin may depend on the judge's confidence, but not on what people said.
    first = int(np.ceil(ROOM * items_needed(budget, confidence)))
    wanted = (
        [max(first, len(q) * n // (STARTS + 1)) for n in range(1, STARTS + 1)]
        if len(q) >= ITEMS_FOR_STARTS
        else [first]
    )
    starts = sorted({int(np.argmax(decided >= number)) for number in wanted if decided[-1] >= number})
    best = None
    for start in starts:
        for n in range(start, len(grid)):
            if p_value_above_budget(losses[sure >= grid[n]], budget) > (1 - confidence) / len(starts):
                break
            best = n if best is None else max(best, n)
    if best is None:
        return None
    is_decided = _surest(q) >= grid[best]
    return Threshold(
        float(grid[best]),
        float(is_decided.mean()),
        float(losses_of(q, counts)[is_decided].mean()),
        one_against_others(counts[is_decided]),
        int(is_decided.sum()),
    )


def _surest(q: FloatArray) -> FloatArray:
    """The probability of each item's label, `[n]`."""
    return q.max(axis=1)


def thresholds(labels: int) -> FloatArray:
    """The confidences that are tried, falling to that of a judge that knows nothing; dense where it is nearly sure."""
    least = -float(np.log(labels - 1))
    logits: FloatArray = np.linspace(float(np.log(1e4)), least - 1e-9, STEPS)
    return 1 / (1 + np.exp(-logits))


def items_needed(budget: float, confidence: float) -> int:
    """How many decided items a judge without one disagreement needs to pass."""
    return int(np.ceil(np.log(1 - confidence) / np.log(1 - budget)))


def p_value_above_budget(losses: FloatArray, budget: float) -> float:
    """How likely losses as low as these are, if their mean were the budget or more.

    Of single annotations it is binomial and exact; of shares it comes from a bet against the hypothesis, whose gain
    is at most 1 / p with a chance of p.

    Args:
        losses: in `[0, 1]`, in an order that has nothing to do with them, `[n]`.
        budget: in (0, 1).
    """
    if len(losses) == 0:
        return 1.0
    if np.isin(losses, (0, 1)).all():
        return float(stats.binom.cdf(float(losses.sum()), len(losses), budget))
    return _bet(losses, budget)


def p_value_within_budget(losses: FloatArray, budget: float) -> float:
    """How likely losses as high as these are, if their mean were the budget or less; as above."""
    if len(losses) == 0:
        return 1.0
    if np.isin(losses, (0, 1)).all():
        return float(stats.binom.sf(float(losses.sum()) - 1, len(losses), budget))
    return _bet(1 - losses, 1 - budget)


def _bet(losses: FloatArray, mean: float) -> float:
    """1 / the largest capital of who bets on losses below `mean`; the stakes depend on the losses before alone."""
    n = len(losses)
    times = np.arange(1, n + 1)
    means = (0.5 + np.cumsum(losses)) / (times + 1)
    variances = (0.25 + np.cumsum(np.square(losses - means))) / (times + 1)
    before = np.concatenate([[0.25], variances[:-1]])
    stakes = np.minimum(1.0, np.sqrt(2 * np.log(1 / 0.05) / (n * before)))
    capital = np.cumsum(np.log1p(-stakes * (losses - mean)))
    return float(min(1.0, np.exp(-capital.max())))
