"""May a judge stand in for an annotator? The alternative annotator test (alt-test).

Source: Calderon, Reichart and Dror, The Alternative Annotator Test for LLM-as-a-Judge, arXiv 2501.10970.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, ttest_1samp

from judgekit.core.distributions import FloatArray

FEWEST_ANNOTATORS = 3
FEWEST_ITEMS = 50
FEWEST_ITEMS_OF_ONE = 30
"""Items that an annotator shares with others, below which the t-test cannot be relied on."""
FALSE_DISCOVERIES = 0.05
ENOUGH_WON = 0.5
"""Share of the annotators that the judge has to be as good as."""


class AgainstOne(NamedTuple):
    """A judge and one annotator, both held against the other annotators of the same items."""

    annotator: int
    items: int
    judge_ahead: float
    """Share of the items on which the judge is at least as near to the others as the annotator is."""
    annotator_ahead: float
    """The same the other way round; ties count in both."""
    p: float
    """Of the hypothesis that the annotator is ahead by `advantage` or more, adjusted for testing several."""
    is_won: bool


class AltTest(NamedTuple):
    """The outcome of the alt-test."""

    annotators: tuple[AgainstOne, ...]
    winning_rate: float
    """Share of the annotators whom the judge may stand in for."""
    advantage_probability: float
    """Mean of `judge_ahead` over the annotators."""

    @property
    def is_passed(self) -> bool:
        """Whether the judge may stand in for an annotator."""
        return self.winning_rate >= ENOUGH_WON


def alt_test(
    choices: NDArray[Any], labels: NDArray[Any], *, advantage: float, values: NDArray[Any] | None = None
) -> AltTest | None:
    """Hold a judge against each annotator in turn, by how near they are to the remaining ones.

    Args:
        choices: the judge's label of each item, integers `[N]`.
        labels: each annotator's label of each item, integers `[N, M]`, -1 where there is none.
        advantage: how far ahead the annotator must be to be worth the effort; the paper's epsilon.
        values: the numbers of an ordinal scale, `[K]`: nearness is then minus the root mean squared difference, and
            else the share of the remaining annotators who agree.

    Returns:
        None where fewer than `FEWEST_ANNOTATORS` share `FEWEST_ITEMS_OF_ONE` items with others.
    """
    compared = [
        (annotator, *found)
        for annotator in range(labels.shape[1])
        if len((found := _ahead(choices, labels, annotator, values))[0]) >= FEWEST_ITEMS_OF_ONE
    ]
    if len(compared) < FEWEST_ANNOTATORS:
        return None
    p = np.array([_p_value(annotator - judge, advantage) for _, judge, annotator in compared])
    adjusted = false_discovery_control(p, method="by")
    rows = tuple(
        AgainstOne(
            who, len(judge), float(judge.mean()), float(annotator.mean()), float(one), bool(one <= FALSE_DISCOVERIES)
        )
        for (who, judge, annotator), one in zip(compared, adjusted, strict=True)
    )
    return AltTest(rows, float(np.mean([r.is_won for r in rows])), float(np.mean([r.judge_ahead for r in rows])))


def _p_value(differences: FloatArray, advantage: float) -> float:
    if differences.std() == 0:  # the t-test divides by it
        return 0.0 if differences[0] < advantage else 1.0
    return float(ttest_1samp(differences, advantage, alternative="less").pvalue)


def _ahead(
    choices: NDArray[Any], labels: NDArray[Any], annotator: int, values: NDArray[Any] | None
) -> tuple[FloatArray, FloatArray]:
    """Whether the judge, and whether the annotator, is at least as near to the others: per shared item, 0 or 1."""
    others = np.delete(labels, annotator, axis=1)
    shared = (labels[:, annotator] >= 0) & (others >= 0).any(axis=1)
    others, own, judge = others[shared], labels[shared, annotator], choices[shared]
    of_judge, of_annotator = (_nearness(one, others, values) for one in (judge, own))
    # The same two numbers may differ by rounding.
    return (of_judge >= of_annotator - 1e-12).astype(float), (of_annotator >= of_judge - 1e-12).astype(float)


def _nearness(one: NDArray[Any], others: NDArray[Any], values: NDArray[Any] | None) -> FloatArray:
    is_there = others >= 0
    if values is None:
        return (is_there & (others == one[:, None])).sum(axis=1) / is_there.sum(axis=1)
    squares = np.square(values[others] - values[one][:, None])
    return -np.sqrt((squares * is_there).sum(axis=1) / is_there.sum(axis=1))
