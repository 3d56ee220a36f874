"""Gates: the tests behind a promise, by hand and by how often promises are broken."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from judgekit.core.gates import (
    choose_threshold,
    items_needed,
    losses_of,
    one_against_others,
    p_value_above_budget,
    p_value_within_budget,
)


def test_a_loss_is_the_share_of_annotations_that_are_not_the_judges_label() -> None:
    q = np.array([[0.7, 0.3], [0.4, 0.6]])
    assert losses_of(q, np.array([[2, 1], [4, 0]])).tolist() == pytest.approx([1 / 3, 1])


def test_one_against_the_others_by_hand() -> None:
    # Of 2:1 the others of a "yes" tie (half right), those of the "no" say yes: (2 * 1/2 + 1) / 3; of 3:0 none differs.
    assert one_against_others(np.array([[2, 1], [3, 0]])) == pytest.approx((2 / 3 + 0) / 2)
    assert one_against_others(np.array([[1, 0]])) is None


def test_single_annotations_are_tested_exactly() -> None:
    losses = np.array([1.0] * 3 + [0.0] * 57)
    assert p_value_above_budget(losses, 0.1) == pytest.approx(stats.binomtest(3, 60, 0.1, "less").pvalue)
    assert p_value_within_budget(losses, 0.02) == pytest.approx(stats.binomtest(3, 60, 0.02, "greater").pvalue)
    assert p_value_above_budget(np.zeros(items_needed(0.1, 0.95)), 0.1) <= 0.05
    assert p_value_above_budget(np.zeros(items_needed(0.1, 0.95) - 1), 0.1) > 0.05


@pytest.mark.parametrize("annotators", [3, 7])
def test_a_bet_on_shares_at_the_budget_is_seldom_won(annotators: int) -> None:
    random = np.random.default_rng(0)
    won = [
        p_value_above_budget(random.binomial(annotators, random.beta(1, 6, size=150)) / annotators, 1 / 7) <= 0.05
        for _ in range(600)
    ]
    assert np.mean(won) <= 0.065


def team(random: np.random.Generator, items: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """People's distributions, and a judge that knows them roughly."""
    true = np.clip(random.dirichlet([0.6, 0.3, 0.15], size=items), 1e-6, None)
    true /= true.sum(axis=1, keepdims=True)
    q = np.exp(0.8 * np.log(np.clip(true, 1e-3, None)) + 0.5 * random.standard_normal(true.shape))
    return true, q / q.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("annotators", [1, 3])
def test_promises_are_seldom_broken(annotators: int) -> None:
    random = np.random.default_rng(annotators)
    true, q = team(random, 20_000)
    risk = 1 - true[np.arange(len(q)), q.argmax(axis=1)]
    broken, made = 0, 0
    for _ in range(120):
        rows = random.integers(len(q), size=300)
        found = choose_threshold(q[rows], random.multinomial(annotators, true[rows]), budget=0.2, confidence=0.95)
        made += found is not None
        broken += found is not None and risk[q.max(axis=1) >= found.threshold].mean() > 0.2
    assert made > 100
    assert broken <= 0.08 * 120  # 5 % are allowed, and 1 % is what is seen


def test_more_is_decided_where_more_is_allowed_and_nothing_where_nothing_can_be_promised() -> None:
    true, q = team(np.random.default_rng(0), 1000)
    counts = np.random.default_rng(1).multinomial(3, true)
    strict, wide = (choose_threshold(q, counts, budget=budget, confidence=0.95) for budget in (0.12, 0.25))
    assert strict is not None and wide is not None
    assert strict.decided < wide.decided
    assert strict.disagreement <= 0.12
    assert choose_threshold(q[:20], counts[:20], budget=0.05, confidence=0.95) is None
