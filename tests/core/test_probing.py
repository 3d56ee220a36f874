"""What a judge follows: partial correlations equal those of residuals, and the middle is where it is."""

from __future__ import annotations

import numpy as np
import pytest

from judgekit.core.probing import distance_from_middle, follows, partial_correlation


def test_a_partial_correlation_is_that_of_the_residuals() -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=80)
    x, y = z + rng.normal(size=80), 0.5 * z + 0.3 * rng.normal(size=80)
    design = np.stack([np.ones(80), z], axis=1)
    residuals = [one - design @ np.linalg.lstsq(design, one, rcond=None)[0] for one in (x, y)]
    assert partial_correlation(x, y, z) == pytest.approx(np.corrcoef(*residuals)[0, 1])


def test_a_judge_that_follows_length_beyond_people_is_found_and_another_is_not() -> None:
    rng = np.random.default_rng(0)
    people, length = rng.random(400), rng.random(400)
    noise = 0.1 * rng.normal(size=400)
    biased = follows(people + length + noise, people, length, seed=0, confidence=0.95, resamples=200)
    fair = follows(people + noise, people, length, seed=0, confidence=0.95, resamples=200)
    assert biased is not None and fair is not None
    assert biased.low > 0.8 and fair.low < 0 < fair.high


def test_people_who_all_say_the_same_explain_nothing_and_a_constant_cue_is_followed_by_nobody() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.random((2, 50))
    same = np.full(50, 0.3)
    assert partial_correlation(x, y, same) == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert follows(x, y, same, seed=0, confidence=0.9, resamples=20) is None


def test_the_distance_from_the_middle_is_a_share_of_half_the_scale() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    p = np.array([[1, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0.5, 0, 0.5, 0]])
    assert distance_from_middle(p, values).tolist() == [1.0, 0.0, 0.5]
