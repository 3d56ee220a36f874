"""Prediction-powered means: against the paper's formulas, by hand, and by how often the intervals hold."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from judgekit.core.ppi import Sample, estimate_difference, estimate_means, tuned_power


def drawn(n: int, new: int, *, seed: int = 0, skill: float = 1.0, annotators: int = 3) -> Sample:
    random = np.random.default_rng(seed)
    true = random.beta(2, 5, size=n + new)
    said = random.binomial(annotators, true[:n]) / annotators
    judge = np.clip(skill * true + (1 - skill) * random.beta(2, 5, size=n + new) + 0.1, 0, 1)
    return Sample(said[:, None], judge[:n, None], judge[n:, None])


def papers(sample: Sample) -> tuple[float, float, float]:
    """Lambda, estimate and variance as arXiv 2311.01453 has them, written out for one mean."""
    y, f, new = sample.y[:, 0], sample.f[:, 0], sample.new[:, 0]
    n, many = len(y), len(new)
    covariance = ((y - y.mean()) * (f - f.mean())).mean()
    power = covariance / ((1 + n / many) * np.concatenate([f, new]).var(ddof=1))
    value = y.mean() + power * (new.mean() - f.mean())
    return power, value, (y - power * f).var() / n + power**2 * new.var() / many


def test_power_and_value_are_the_papers() -> None:
    sample = drawn(400, 5000)
    power, value, variance = papers(sample)
    found = estimate_means(sample)[0]
    assert found.power == pytest.approx(power)
    assert found.value == pytest.approx(value)
    # Far from 0 and 1 and with many items, Wilson's interval is nearly the paper's.
    half = stats.norm.isf(0.025) * np.sqrt(variance)
    assert (found.low, found.high) == (pytest.approx(value - half, abs=0.003), pytest.approx(value + half, abs=0.003))


def test_single_annotations_without_help_of_the_judge_get_wilsons_interval() -> None:
    y = np.array([1.0] * 7 + [0.0] * 93)[:, None]
    found = estimate_means(Sample(y, np.full((100, 1), 0.5), np.full((50, 1), 0.5)))[0]
    wilson = stats.binomtest(7, 100).proportion_ci(method="wilson")
    assert (found.low, found.high) == (pytest.approx(wilson.low, abs=0.003), pytest.approx(wilson.high, abs=0.006))
    assert (found.power, found.worth) == (0, 1)


def test_a_label_that_nobody_gave_is_not_known_to_be_impossible() -> None:
    found = estimate_means(Sample(np.zeros((40, 1)), np.full((40, 1), 0.1), np.full((90, 1), 0.1)))[0]
    assert found.low == 0
    assert 0.05 < found.high < 0.15


def test_a_judge_that_points_the_wrong_way_is_not_used() -> None:
    sample = drawn(200, 1000)
    assert tuned_power(sample._replace(f=1 - sample.f, new=1 - sample.new)) == 0


@pytest.mark.parametrize(("skill", "annotators", "n"), [(1.0, 3, 80), (0.0, 1, 80), (0.6, 5, 15)])
def test_intervals_hold_as_often_as_they_say(skill: float, annotators: int, n: int) -> None:
    found = [estimate_means(drawn(n, 800, seed=seed, skill=skill, annotators=annotators))[0] for seed in range(600)]
    held = np.mean([one.low <= 2 / 7 <= one.high for one in found])
    assert 0.93 <= held <= 0.98  # the standard error of 600 repetitions is 0.9 %
    width = np.mean([one.high - one.low for one in found])
    assert width <= 1.02 * np.mean([one.annotations_alone.high - one.annotations_alone.low for one in found])


def test_intervals_of_several_labels_hold_together() -> None:
    random = np.random.default_rng(1)
    true, held = np.array([0.6, 0.25, 0.1, 0.05]), []
    for _ in range(400):
        pi = random.dirichlet(4 * true, size=500)
        y = random.multinomial(3, pi[:100]) / 3
        found = estimate_means(Sample(y, pi[:100], pi[100:]))
        held.append(all(one.low <= m <= one.high for one, m in zip(found, true, strict=True)))
    assert 0.92 <= np.mean(held) <= 0.985


def test_unequal_chances_of_being_annotated_are_weighed_out() -> None:
    random = np.random.default_rng(3)
    values, plain, weighted = [], [], []
    for _ in range(150):
        true = random.beta(2, 5, size=2000)
        chance = np.where(true > 0.3, 0.2, 0.05)
        is_chosen = random.random(2000) < chance
        y = random.binomial(1, true[is_chosen])[:, None].astype(float)
        judge = np.full((len(true), 1), 0.3) + 0.1 * random.random((2000, 1))
        sample = Sample(y, judge[is_chosen], judge[~is_chosen])
        plain.append(estimate_means(sample)[0].value)
        found = estimate_means(sample._replace(weights=1 / chance[is_chosen]))[0]
        weighted.append(found.value)
        values.append(found.low <= 2 / 7 <= found.high)
    assert np.mean(plain) > 2 / 7 + 0.05
    assert np.mean(weighted) == pytest.approx(2 / 7, abs=0.01)
    assert np.mean(values) >= 0.9


def test_models_of_folds_that_disagree_widen_the_interval() -> None:
    sample = drawn(100, 500)
    folds = np.arange(100) % 5
    shifted = sample._replace(f=sample.f + 0.3 * (folds == 0)[:, None])
    low, wide = (estimate_means(one)[0] for one in (shifted, shifted._replace(folds=folds)))
    assert wide.high - wide.low > low.high - low.low


def test_pairs_make_a_difference_narrower_and_it_holds() -> None:
    random, held, narrower = np.random.default_rng(5), [], []
    for _ in range(300):
        common = random.normal(0, 0.15, size=600)
        one, other = (np.clip(mean + common + random.normal(0, 0.05, size=600), 0, 1)[:, None] for mean in (0.55, 0.45))
        samples = [Sample(q[:60], q[:60] * 0.5, q[60:] * 0.5) for q in (one, other)]
        ids = np.arange(600)
        paired = estimate_difference(*samples, ids=(ids[:60], ids[60:], ids[:60], ids[60:]))[0]
        alone = estimate_difference(*samples)[0]
        held.append(paired.low <= 0.1 <= paired.high)
        narrower.append(paired.high - paired.low < alone.high - alone.low)
    assert np.mean(held) >= 0.92
    assert np.mean(narrower) > 0.95


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="must be"):
        estimate_means(Sample(np.zeros((5, 2)), np.zeros((5, 1)), np.zeros((5, 2))))
    with pytest.raises(ValueError, match="least"):
        estimate_means(Sample(np.zeros((1, 2)), np.zeros((1, 2)), np.zeros((5, 2))))
