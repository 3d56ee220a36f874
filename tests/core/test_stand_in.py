"""The alt-test equals the procedure of its paper, written out in loops, and hand-worked cases."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import t as student

from judgekit.core.stand_in import alt_test


def by_the_paper(
    choices: NDArray[np.int64], labels: NDArray[np.int64], advantage: float, values: NDArray[np.float64] | None
) -> tuple[list[bool], float, float]:
    """Algorithm 1 of arXiv 2501.10970 with Benjamini and Yekutieli's procedure, item by item."""
    p_values: list[float] = []
    ahead: list[float] = []
    for who in range(labels.shape[1]):
        judge: list[int] = []
        person: list[int] = []
        for item in range(len(labels)):
            own = labels[item, who]
            rest = [one for other, one in enumerate(labels[item]) if other != who and one >= 0]
            if own < 0 or not rest:
                continue
            if values is None:
                scores = [sum(one == mine for one in rest) / len(rest) for mine in (choices[item], own)]
            else:
                scores = [
                    -np.sqrt(sum((values[one] - values[mine]) ** 2 for one in rest) / len(rest))
                    for mine in (choices[item], own)
                ]
            judge.append(int(scores[0] >= scores[1]))
            person.append(int(scores[1] >= scores[0]))
        d = np.array(person) - np.array(judge)
        statistic = (d.mean() - advantage) / (d.std(ddof=1) / np.sqrt(len(d)))
        p_values.append(float(student.cdf(statistic, len(d) - 1)))
        ahead.append(float(np.mean(judge)))
    m = len(p_values)
    order = np.argsort(p_values)
    harmonic = sum(1 / k for k in range(1, m + 1))
    passed = [k for k in range(1, m + 1) if p_values[order[k - 1]] <= k * 0.05 / (m * harmonic)]
    won = set(order[: max(passed, default=0)].tolist())
    return [who in won for who in range(m)], len(won) / m, float(np.mean(ahead))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("is_ordinal", [False, True])
def test_it_equals_the_procedure_of_the_paper(seed: int, is_ordinal: bool) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.integers(4, size=90)
    # Annotators of different skill, some annotations missing; judges from poor to better than the people.
    labels = np.stack(
        [np.where(rng.random(90) < skill, truth, rng.integers(4, size=90)) for skill in (0.8, 0.5, 0.7, 0.3)]
    )
    labels = np.where(rng.random((4, 90)) < 0.85, labels, -1).T
    choices = np.where(rng.random(90) < seed / 8, truth, rng.integers(4, size=90))
    values = np.array([1.0, 2.0, 3.0, 5.0]) if is_ordinal else None
    found = alt_test(choices, labels, advantage=0.15, values=values)
    assert found is not None
    won, rate, ahead = by_the_paper(choices, labels, 0.15, values)
    assert [one.is_won for one in found.annotators] == won
    assert (found.winning_rate, found.advantage_probability) == (rate, pytest.approx(ahead))
    assert found.is_passed == (rate >= 0.5)


def test_a_judge_that_says_what_all_say_may_stand_in_and_one_that_never_does_may_not() -> None:
    labels = np.zeros((60, 3), dtype=np.int64)
    agrees = alt_test(np.zeros(60, dtype=np.int64), labels, advantage=0.1)
    differs = alt_test(np.ones(60, dtype=np.int64), labels, advantage=0.1)
    assert agrees is not None and differs is not None
    assert (agrees.winning_rate, agrees.advantage_probability, agrees.is_passed) == (1.0, 1.0, True)
    assert (differs.winning_rate, differs.advantage_probability, differs.is_passed) == (0.0, 0.0, False)


def test_fewer_than_three_annotators_with_thirty_shared_items_are_too_few() -> None:
    labels = np.zeros((60, 3), dtype=np.int64)
    labels[29:, 2] = -1
    assert alt_test(np.zeros(60, dtype=np.int64), labels, advantage=0.1) is None
