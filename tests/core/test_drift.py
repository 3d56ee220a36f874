"""Drift: what comes from one population is rarely called new, what does not is found, and z is the textbook's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2_contingency, norm

from judgekit.core.drift import agreement_shift, label_shift, mean_shift


def votes(rng: np.random.Generator, items: int, alpha: list[float], people: int = 4) -> np.ndarray:
    return rng.multinomial(people, rng.dirichlet(alpha, size=items))


def test_rounds_of_one_population_are_rarely_told_apart() -> None:
    rng = np.random.default_rng(0)
    pairs = [(votes(rng, 120, [0.4, 0.3, 0.3]), votes(rng, 60, [0.4, 0.3, 0.3])) for _ in range(40)]
    shares = [label_shift(one, two, seed=1).p for one, two in pairs]
    agreement = [found.p for one, two in pairs if (found := agreement_shift(one, two, seed=1))]
    for p in (shares, agreement):
        assert np.mean(np.array(p) < 0.05) <= 0.15 and 0.3 < np.mean(p) < 0.7


def test_other_labels_and_other_agreement_are_found() -> None:
    rng = np.random.default_rng(0)
    before = votes(rng, 200, [0.4, 0.3, 0.3])
    found = label_shift(before, votes(rng, 80, [0.1, 0.6, 0.3]), seed=1)
    assert found.p < 0.01 and found.distance == pytest.approx(np.abs(np.subtract(found.before, found.now)).sum() / 2)
    split = agreement_shift(before, votes(rng, 80, [4, 3, 3]), seed=1)
    assert split is not None and split.p < 0.01 and split.now < split.before


def test_with_single_annotations_the_p_value_is_about_that_of_chi_squared() -> None:
    rng = np.random.default_rng(5)
    before, now = rng.multinomial(1, [0.5, 0.5], size=300), rng.multinomial(1, [0.42, 0.58], size=200)
    expected = chi2_contingency(np.stack([before.sum(axis=0), now.sum(axis=0)])).pvalue
    assert label_shift(before, now, seed=0).p == pytest.approx(expected, abs=0.04)
    assert agreement_shift(before, now, seed=0) is None


def test_a_mean_is_compared_by_a_z_test() -> None:
    values = np.array([0.2, 0.4, 0.9, 0.5])
    error = np.hypot(0.1, values.std(ddof=1) / 2)
    found = mean_shift(0.3, 0.1, values)
    assert (found.now, found.p) == pytest.approx((0.5, 2 * norm.sf(0.2 / error)))
    assert np.isnan(mean_shift(0.3, np.nan, values).p)
