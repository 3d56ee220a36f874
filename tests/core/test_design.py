"""Designs of a round: by hand where kinds are known, and what costs, annotations and sure items change."""

from __future__ import annotations

import numpy as np
import pytest

from judgekit.core.design import (
    USUAL_STRENGTH,
    Candidates,
    best_design,
    directions,
    fit_strength_around,
    freshness,
    information,
    told_by,
    undecided,
)

EVEN = np.full(40, 1.0)


def kinds(sizes: list[int]) -> np.ndarray:
    """Items of several kinds, whose features are the kind alone."""
    return np.repeat(np.eye(len(sizes)), sizes, axis=0)


def of(features: np.ndarray, v: np.ndarray | float = 1.0, fresh: np.ndarray | float = 1.0) -> Candidates:
    n = len(features)
    return Candidates(features, np.full(n, v), np.full(n, fresh), np.ones(n, dtype=np.bool_))


def test_a_round_is_shared_among_kinds_by_the_root_of_their_number() -> None:
    # What is left is the sum over kinds of share / annotations, which is least where annotations are as its root.
    x = kinds([36, 4])
    shares = best_design(of(x), 1e-6 * np.eye(2), 10, random_share=0.0).shares
    assert shares[:36].sum() / shares[36:].sum() == pytest.approx(3.0, rel=1e-3)
    assert shares.sum() == pytest.approx(1.0)


def test_what_is_known_already_is_not_asked_again() -> None:
    x = kinds([20, 20])
    before = information(x[:20], EVEN[:20], 3 * EVEN[:20])
    design = best_design(of(x), before, 5, random_share=0.0)
    assert design.shares[:20].sum() < 0.01
    assert design.gain[0] < 0.01 * design.gain[-1]
    # Of the other kind, half of the items, an annotation takes the variance from 10 / 3 to 1 / (0.3 + 1).
    assert design.gain[-1] == pytest.approx(0.5 * 0.5 * (10 / 3 - 1 / 1.3))


def test_costs_move_the_round_to_cheaper_kinds_by_their_root() -> None:
    x = kinds([20, 20])
    costs = np.repeat([1.0, 4.0], 20)
    shares = best_design(of(x), 1e-6 * np.eye(2), 10, random_share=0.0, costs=costs).shares
    assert shares[:20].sum() / shares[20:].sum() == pytest.approx(2.0, rel=1e-3)


def test_sure_items_teach_less_and_no_item_is_certain() -> None:
    sure, even = undecided(np.array([[1.0, 0.0], [0.5, 0.5]]))
    assert 0 < sure < even == pytest.approx(0.5)
    x = np.ones((2, 1))
    gain = best_design(of(x, np.array([sure, even])), np.eye(1), 1, random_share=0.3).gain
    assert gain[0] < gain[1]


def test_one_more_annotation_of_an_item_tells_less_than_the_first_of_another() -> None:
    fresh = freshness(np.array([0, 1, 2, 5]), 3.0)
    assert fresh[0] == 1 and (np.diff(fresh) < 0).all() and (fresh > 0).all()
    # Two annotations that correlate by 1/4 tell as much as 2 / 1.25 items.
    assert told_by(np.array([2]), 3.0)[0] == pytest.approx(1.6)
    assert freshness(np.array([1]), 3.0)[0] == pytest.approx(0.6)
    assert freshness(np.array([4]), 1e9)[0] == pytest.approx(1.0)  # where items are all as the judge says


@pytest.mark.parametrize("strength", [1.0, 6.0, 15.0])
def test_how_far_items_are_from_the_judges_word_is_found_again(strength: float) -> None:
    random = np.random.default_rng(0)
    q = random.dirichlet([2, 2, 1], size=3_000)
    counts = np.stack([random.multinomial(5, random.dirichlet(strength * row)) for row in q])
    assert fit_strength_around(q, counts) == pytest.approx(strength, rel=0.2)
    assert fit_strength_around(q, np.eye(3, dtype=np.int64)[random.integers(3, size=3_000)]) == USUAL_STRENGTH


def test_directions_are_those_in_which_items_differ_and_none_more() -> None:
    random = np.random.default_rng(1)
    plane = random.standard_normal((200, 2)) @ random.standard_normal((2, 30)) + 5
    found = directions(plane)
    assert found.shape == (200, 3) and (found[:, 0] == 1).all()
    assert np.square(found[:, 1:]).sum(axis=1).mean() == pytest.approx(1.0)
    assert directions(np.ones((5, 4))).shape == (5, 1)
    assert directions(random.standard_normal((300, 100)), most=10).shape == (300, 11)
