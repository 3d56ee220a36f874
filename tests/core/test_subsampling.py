"""A budget of annotations is spent exactly, on items that have them, and without replacement."""

from __future__ import annotations

import numpy as np
import pytest

from judgekit.core.subsampling import largest_budget, spend

COUNTS = np.array([[5, 0, 0], [3, 2, 0], [2, 2, 1]] * 12 + [[2, 1, 0], [1, 0, 0]])


def test_the_largest_budget_is_one_annotation_of_each_item_that_serves_all_ways() -> None:
    budget = largest_budget(COUNTS, (1, 3, 5))
    assert budget.per_item == (1, 3, 5)
    assert budget.pool.tolist() == list(range(36))
    assert budget.annotations == 30  # the largest multiple of 15 up to 36


@pytest.mark.parametrize(("most", "ways"), [(4, (1, 3)), (2, (1,))])
def test_a_way_that_few_items_can_serve_is_given_up(most: int, ways: tuple[int, ...]) -> None:
    counts = np.array([[most, 0]] * 20 + [[5, 0]] * 10)
    assert largest_budget(counts, (1, 3, 5)).per_item == ways


@pytest.mark.parametrize("per_item", [1, 3, 5])
def test_exactly_the_budget_is_spent_on_different_items_and_no_label_is_invented(per_item: int) -> None:
    budget = largest_budget(COUNTS, (1, 3, 5))
    rows, counts = spend(COUNTS, budget, per_item, random=np.random.default_rng(0))
    assert counts.sum() == budget.annotations
    assert (counts.sum(axis=1) == per_item).all()
    assert len(set(rows.tolist())) == len(rows) == budget.annotations // per_item
    assert (counts <= COUNTS[rows]).all()


def test_annotations_are_drawn_as_from_an_urn() -> None:
    """Mean and variance of the hypergeometric distribution; draws with replacement would have twice the variance."""
    urn = np.tile([3, 2, 0], (30_000, 1))
    budget = largest_budget(urn, (1, 3))
    drawn = spend(urn, budget, 3, random=np.random.default_rng(0)).counts[:, 0]
    assert len(drawn) == 10_000
    assert drawn.mean() == pytest.approx(3 * 3 / 5, abs=0.025)  # 4 standard errors
    assert drawn.var() == pytest.approx(3 * (3 / 5) * (2 / 5) * (5 - 3) / (5 - 1), abs=0.03)


def test_a_pool_too_small_for_one_item_of_each_way_has_no_budget() -> None:
    assert largest_budget(np.array([[5, 0]] * 14), (1, 3, 5)).annotations == 0
