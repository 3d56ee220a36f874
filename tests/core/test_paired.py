"""Two judges on the same items: the p-value is about that of a t-test, and nothing depends on who is first."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import ttest_rel

from judgekit.core.metrics import kl_per_item
from judgekit.core.paired import compare_paired


def judges(seed: int, worse: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.dirichlet(np.ones(3) * 2, size=200)
    noise = rng.dirichlet(np.ones(3) * 2, size=(2, 200))
    good, bad = 0.8 * truth + 0.2 * noise[0], (0.8 - worse) * truth + (0.2 + worse) * noise[1]
    return good, bad, rng.multinomial(5, truth)


@pytest.mark.parametrize("worse", [0.0, 0.05, 0.1])
def test_the_p_value_is_about_that_of_a_paired_t_test(worse: float) -> None:
    good, bad, counts = judges(0, worse)
    p = counts / 5
    found = compare_paired(good, bad, counts, seed=0, confidence=0.95, resamples=4000)
    expected = ttest_rel(kl_per_item(bad, p), kl_per_item(good, p))
    assert found.p == pytest.approx(expected.pvalue, abs=0.02)
    assert found.kl.value == pytest.approx(kl_per_item(bad, p).mean() - kl_per_item(good, p).mean())
    assert found.kl.low < found.kl.value < found.kl.high


def test_the_other_way_round_the_signs_change_and_no_more() -> None:
    good, bad, counts = judges(1, 0.1)
    one = compare_paired(good, bad, counts, seed=0, confidence=0.9, resamples=500)
    other = compare_paired(bad, good, counts, seed=0, confidence=0.9, resamples=500)
    assert (one.kl.value, one.accuracy.value) == pytest.approx((-other.kl.value, -other.accuracy.value))
    assert one.change == pytest.approx(other.change) and one.p == pytest.approx(other.p, abs=0.02)


def test_equal_judges_differ_by_nothing() -> None:
    good, _, counts = judges(2, 0.0)
    found = compare_paired(good, good, counts, seed=0, confidence=0.9, resamples=100)
    assert (found.p, found.kl.value, found.accuracy.value, found.change.max()) == (1.0, 0.0, 0.0, 0.0)


def test_an_infinite_kl_has_no_p_value() -> None:
    q = np.array([[1.0, 0.0], [0.5, 0.5]])
    found = compare_paired(q, np.full((2, 2), 0.5), np.array([[0, 2], [1, 1]]), seed=0, confidence=0.9, resamples=50)
    assert math.isnan(found.p) and found.kl.value == -math.inf
