"""Reliability and adaptive calibration error: hand-worked, and equal to another way to calculate them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from judgekit.core.reliability import calibrations


def test_a_hand_worked_case_of_one_bin() -> None:
    q = np.array([[0.8, 0.2], [0.6, 0.4]])
    counts = np.array([[2, 0], [1, 3]])
    found = calibrations(q, counts, ("a", "b"), seed=0, confidence=0.9, resamples=20)
    yes, no = found.shares
    assert (yes.predicted[0], yes.observed[0]) == pytest.approx((0.7, 0.625))
    assert (yes.error.value, no.error.value, found.error.value) == pytest.approx((0.075, 0.075, 0.075))
    # The most probable label is the most frequent one in one of two items.
    assert (found.right.predicted[0], found.right.observed[0]) == pytest.approx((0.7, 0.5))
    assert found.right.error.value == pytest.approx(0.2)


def test_it_equals_equal_parts_of_the_sorted_items() -> None:
    rng = np.random.default_rng(2)
    q = rng.dirichlet(np.ones(3), size=437)
    counts = rng.multinomial(5, rng.dirichlet(np.ones(3), size=437))
    found = calibrations(q, counts, ("a", "b", "c"), seed=0, confidence=0.95, resamples=50)
    for k, one in enumerate(found.shares):
        order = np.argsort(q[:, k])
        p = counts[:, k] / 5
        edges = [round(b * 437 / 15) for b in range(16)]
        parts = [order[start:end] for start, end in pairwise(edges)]
        assert list(one.items) == [len(part) for part in parts]
        assert list(one.predicted) == pytest.approx([q[part, k].mean() for part in parts])
        assert list(one.observed) == pytest.approx([p[part].mean() for part in parts])
        error = sum(len(part) * abs(q[part, k].mean() - p[part].mean()) for part in parts) / 437
        assert one.error.value == pytest.approx(error)
        assert one.error.low <= one.error.value <= one.error.high


def test_a_calibrated_judge_shows_what_chance_alone_shows_and_an_overconfident_one_more() -> None:
    rng = np.random.default_rng(4)
    truth = rng.dirichlet(np.ones(3), size=1500)
    counts = rng.multinomial(4, truth)
    sharp = truth**3 / (truth**3).sum(axis=1, keepdims=True)
    good, bad = (
        calibrations(q, counts, ("a", "b", "c"), seed=0, confidence=0.95, resamples=50) for q in (truth, sharp)
    )
    assert good.error.value == pytest.approx(good.by_chance, abs=0.008)
    assert bad.error.low > 2 * bad.by_chance
    assert good.right.error.value == pytest.approx(good.right.by_chance, abs=0.02)
