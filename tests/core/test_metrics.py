import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import pearsonr, wasserstein_distance

from judgekit.core import metrics
from judgekit.core.distributions import empirical_distribution, entropy
from judgekit.core.metrics import Interval, bootstrap_interval, evaluate_distributions

RNG = np.random.default_rng(0)
PI = RNG.dirichlet(np.ones(4), size=400)
COUNTS = RNG.multinomial(5, PI)
P, Q = empirical_distribution(COUNTS), RNG.dirichlet(np.ones(4), size=400)
VALUES = np.array([1.0, 2.0, 4.0, 5.0])


def test_distances_by_hand():
    q, p = np.array([[0.5, 0.5, 0.0]]), np.array([[0.0, 1.0, 0.0]])
    assert metrics.kl_per_item(q, p) == pytest.approx(np.log(2))
    assert metrics.total_variation(q, p) == pytest.approx(0.5)
    assert metrics.rps_per_item(q, p) == pytest.approx(0.25 / 2)
    assert metrics.wasserstein1_per_item(q, p, np.array([1, 3, 4])) == pytest.approx(1.0)
    assert metrics.mae_of_mean(q, p, np.array([1, 3, 4])) == pytest.approx(1.0)
    assert metrics.kl_per_item(p, q) == np.inf


def test_js_distance_and_wasserstein_equal_those_of_scipy():
    np.testing.assert_allclose(metrics.js_distance(Q, P), jensenshannon(Q, P, axis=1), rtol=1e-12)
    expected = [wasserstein_distance(VALUES, VALUES, q, p) for q, p in zip(Q, P, strict=True)]
    np.testing.assert_allclose(metrics.wasserstein1_per_item(Q, P, VALUES), expected, rtol=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_distances_vanish_at_equality_and_stay_in_range(seed, labels):
    rng = np.random.default_rng(seed)
    q, p = rng.dirichlet(np.full(labels, 0.2), size=(2, 10))
    for distance, top in (
        (metrics.js_distance, np.log(2) ** 0.5),
        (metrics.total_variation, 1),
        (metrics.rps_per_item, 1),
    ):
        np.testing.assert_allclose(distance(p, p), 0, atol=1e-12)
        np.testing.assert_allclose(distance(q, p), distance(p, q), atol=1e-12)
        assert (distance(q, p) >= 0).all() and (distance(q, p) <= top + 1e-12).all()
    # Pinsker: TV^2 <= KL / 2 ties the three together.
    with np.errstate(over="ignore"):
        assert (metrics.total_variation(q, p) ** 2 <= metrics.kl_per_item(q, p) / 2 + 1e-12).all()


def test_brier_is_unbiased_for_the_distribution_behind_the_annotations():
    rng = np.random.default_rng(3)
    pi, q = np.array([0.6, 0.3, 0.1]), np.array([0.2, 0.5, 0.3])
    for n in (2, 3, 10):
        p = rng.multinomial(n, pi, size=200_000) / n
        found = metrics.brier_per_item(np.tile(q, (len(p), 1)), p, np.full(len(p), n))
        assert found.mean() == pytest.approx(np.square(pi - q).sum(), abs=4 * found.std() / len(p) ** 0.5)


def test_brier_of_a_single_annotation_is_undefined_and_left_out_of_the_mean():
    counts = np.array([[1, 0], [2, 2]])
    q = np.array([[0.5, 0.5], [0.5, 0.5]])
    found = metrics.brier_per_item(q, empirical_distribution(counts), counts.sum(axis=1))
    assert np.isnan(found[0]) and found[1] == pytest.approx(-0.5 / 3)
    brier = evaluate_distributions(q, counts, seed=0)["brier"]
    assert brier is not None and brier.value == pytest.approx(-0.5 / 3)
    assert evaluate_distributions(q[:1], counts[:1], seed=0)["brier"] is None


def test_accuracy_shares_the_credit_of_ties():
    counts = np.array([[3, 1, 0], [2, 2, 0], [2, 2, 0], [0, 1, 0]])
    q = np.array([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1], [0.1, 0.3, 0.6], [1 / 3, 1 / 3, 1 / 3]])
    np.testing.assert_allclose(metrics.accuracy_per_item(q, counts), [1, 1 / 2, 0, 1 / 3])


def test_entropy_correlation_is_pearsons_and_none_for_a_constant():
    expected = pearsonr(entropy(Q), entropy(P)).statistic
    assert metrics.entropy_correlation(Q, P) == pytest.approx(expected, abs=1e-12)
    assert metrics.entropy_correlation(P, P) == pytest.approx(1)
    assert metrics.entropy_correlation(np.full_like(P, 0.25), P) is None
    # A permuted constant differs in the last bit only.
    assert metrics.entropy_correlation(np.array([[0.1, 0.2, 0.7], [0.7, 0.1, 0.2]]), P[:2, :3]) is None


def test_rps_is_proper():
    # Among reports q, the expected score against single annotations is best at the truth.
    truth = np.array([0.2, 0.5, 0.3])

    def expected_rps(q):
        return truth @ metrics.rps_per_item(np.tile(q, (3, 1)), np.eye(3))

    shifts = [np.array(shift) for shift in ([0.05, -0.05, 0], [0, 0.05, -0.05], [-0.05, 0, 0.05])]
    assert all(expected_rps(truth) < expected_rps(truth + sign * shift) for shift in shifts for sign in (-1, 1))


def test_wasserstein_refuses_values_out_of_order():
    with pytest.raises(ValueError, match="ascend"):
        metrics.wasserstein1_per_item(Q, P, VALUES[::-1])


def test_bootstrap_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(4)
    intervals = [bootstrap_interval(rng.normal(size=60), seed=i, confidence=0.9, resamples=300) for i in range(300)]
    covered = np.mean([interval.low <= 0 <= interval.high for interval in intervals])
    assert 0.84 < covered < 0.94  # 0.9, less a little for the percentile method at 60, within 3 standard errors


def test_bootstrap_interval_is_that_of_the_normal_for_a_mean_and_repeats_with_its_seed():
    sample = np.random.default_rng(5).normal(3, 2, size=2000)
    interval = bootstrap_interval(sample, seed=1)
    half = 1.96 * sample.std() / 2000**0.5
    assert interval.value == pytest.approx(sample.mean())
    assert interval.low == pytest.approx(sample.mean() - half, abs=0.15 * half)
    assert interval.high == pytest.approx(sample.mean() + half, abs=0.15 * half)
    assert interval == bootstrap_interval(sample, seed=1) != bootstrap_interval(sample, seed=2)


def test_paired_arrays_are_resampled_together():
    a = np.random.default_rng(6).normal(size=50)
    interval = bootstrap_interval((a, a + 1), lambda x, y, axis: (y - x).mean(axis=axis), seed=0)
    np.testing.assert_allclose(interval, [1, 1, 1])


@pytest.mark.parametrize(("values", "mean"), [(np.array([2.0]), 2.0), (np.array([1.0, np.inf]), np.inf)])
def test_no_interval_for_one_item_or_an_infinite_value(values, mean):
    interval = bootstrap_interval(values, seed=0)
    assert interval.value == mean and np.isnan(interval.low) and np.isnan(interval.high)


def test_noise_floor_is_what_the_true_distributions_score():
    rng = np.random.default_rng(7)
    for n in (2, 5, 20):
        pi = rng.dirichlet([1.0, 0.6, 0.4], size=20_000)
        counts = rng.multinomial(n, pi)
        perfect = metrics.kl_per_item(pi, counts / n)
        assert metrics.noise_floor(counts) == pytest.approx(perfect.mean(), abs=4 * perfect.std() / len(pi) ** 0.5)


def test_noise_floor_approaches_its_large_sample_value():
    rng = np.random.default_rng(8)
    counts = rng.multinomial(400, rng.dirichlet(np.full(5, 20.0), size=2000))
    assert metrics.noise_floor(counts) == pytest.approx(4 / 800, rel=0.05)


def test_noise_floor_ignores_a_label_nobody_chose():
    with_empty = np.hstack([COUNTS, np.zeros((400, 1), dtype=int)])
    assert metrics.noise_floor(with_empty) == pytest.approx(metrics.noise_floor(COUNTS))


def test_evaluation_reports_every_metric_with_its_interval():
    found = evaluate_distributions(Q, COUNTS, seed=0, values=VALUES)
    names = {"kl", "accuracy", "js_distance", "total_variation", "brier", "entropy_correlation"}
    assert set(found) == names | {"rps", "wasserstein1", "mae_of_mean"}
    assert set(evaluate_distributions(Q, COUNTS, seed=0)) == names
    for interval in found.values():
        assert isinstance(interval, Interval) and interval.low < interval.value < interval.high
    assert found["kl"].value == pytest.approx(metrics.kl_per_item(Q, P).mean())
    assert found == evaluate_distributions(Q, COUNTS, seed=0, values=VALUES)


def test_ordinal_metrics_do_not_depend_on_the_order_of_the_labels():
    order = np.array([2, 0, 3, 1])
    plain = evaluate_distributions(Q, COUNTS, seed=0, values=VALUES)
    permuted = evaluate_distributions(Q[:, order], COUNTS[:, order], seed=0, values=VALUES[order])
    for name, interval in plain.items():
        np.testing.assert_allclose(permuted[name], interval, rtol=1e-9)


def test_baselines_are_the_metrics_of_the_constants():
    prior = np.array([0.4, 0.3, 0.2, 0.1])
    found = metrics.baselines(COUNTS, prior, values=VALUES)
    expected = evaluate_distributions(np.tile(prior, (400, 1)), COUNTS, seed=0, values=VALUES)
    assert expected.pop("entropy_correlation") is None
    assert found["class_prior"] == {name: pytest.approx(interval.value) for name, interval in expected.items()}
    assert found["uniform"]["accuracy"] == pytest.approx(1 / 4)
    assert found["uniform"]["kl"] == pytest.approx(np.log(4) - entropy(P).mean())


def test_a_q_that_is_not_a_distribution_is_refused():
    for q in (2 * Q, Q[:, :3], Q[:5]):
        with pytest.raises(ValueError):
            evaluate_distributions(q, COUNTS, seed=0)


def test_a_correlation_that_some_resamples_lack_still_has_an_interval() -> None:
    counts = np.array([[4, 0], [4, 0], [2, 2]])
    q = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = evaluate_distributions(q, counts, seed=0)["entropy_correlation"]
    assert found is not None
    assert found.value == pytest.approx(1.0)
    assert np.isfinite([found.low, found.high]).all()
