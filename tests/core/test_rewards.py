"""A reward is the published one, and in the mean the true distribution earns the most."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.core.rewards import brier_reward, floor_reward, log_reward, reward_of


def test_brier_of_two_labels_is_the_papers() -> None:
    # arXiv 2510.00263: 1 - (p - y)^2 with p = .8: 1 - .04 where the annotator agrees, 1 - .64 where not.
    assert brier_reward([0.2, 0.8], 1) == pytest.approx(0.96)
    assert brier_reward([0.2, 0.8], 0) == pytest.approx(0.36)


def test_brier_of_three_labels_by_hand() -> None:
    # |(.5, .3, .2) - (0, 1, 0)|^2 = .25 + .49 + .04 = .78
    assert brier_reward([0.5, 0.3, 0.2], 1) == pytest.approx(0.61)
    assert brier_reward([0.0, 1.0, 0.0], 1) == 1.0
    assert brier_reward([1.0, 0.0, 0.0], 1) == 0.0


def test_log_is_clipped_on_both_sides() -> None:
    assert log_reward([0.25, 0.75], 0) == pytest.approx(math.log(0.25))
    assert log_reward([0.0, 1.0], 0) == pytest.approx(math.log(0.001))
    assert log_reward([0.0, 1.0], 1) == pytest.approx(math.log(0.999))


@pytest.mark.parametrize("kind", ["brier", "log"])
def test_what_cannot_be_read_earns_the_least(kind: str) -> None:
    assert reward_of(kind, None, 0) == floor_reward(kind)  # type: ignore[arg-type]
    assert reward_of(kind, [0.0, 1.0], 0) == pytest.approx(floor_reward(kind))  # type: ignore[arg-type]
    assert reward_of(kind, [0.1, 0.9], 0) > floor_reward(kind)  # type: ignore[arg-type]


@st.composite
def two_distributions(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    labels = draw(st.integers(2, 6))
    # Inside the clipped range, where the log reward is proper.
    weights = st.lists(st.floats(0.05, 1), min_size=labels, max_size=labels)
    true, said = (np.asarray(draw(weights)) for _ in range(2))
    return true / true.sum(), said / said.sum()


@given(two_distributions())
@pytest.mark.parametrize("kind", ["brier", "log"])
def test_the_true_distribution_earns_the_most_in_the_mean(kind: str, pair: tuple[np.ndarray, np.ndarray]) -> None:
    true, said = pair

    def mean(p: np.ndarray) -> float:
        return sum(share * reward_of(kind, p.tolist(), k) for k, share in enumerate(true))  # type: ignore[arg-type]

    assert mean(true) >= mean(said) - 1e-12
    if np.abs(true - said).max() > 0.01:
        assert mean(true) > mean(said)
