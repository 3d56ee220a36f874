import numpy as np
import pytest

from judgekit.core.metrics import kl_per_item
from judgekit.core.planning import (
    items_needed,
    kl_spread,
    perfect_judge_kl,
    plan_test,
    repeated_share,
    smoothed_votes_kl,
)

PRIOR = np.array([0.5, 0.3, 0.2])
CASES = [(0.3, 1), (0.3, 5), (2.0, 2), (2.0, 20), (30.0, 3)]


def simulate(strength, n, items=200_000, seed=0):
    rng = np.random.default_rng(seed)
    pi = rng.dirichlet(strength * PRIOR, size=items)
    return pi, rng.multinomial(n, pi)


@pytest.mark.parametrize(("strength", "n"), CASES)
def test_the_kl_of_a_perfect_judge_is_that_of_simulated_items(strength, n):
    pi, counts = simulate(strength, n)
    kl = kl_per_item(pi, counts / n)
    assert perfect_judge_kl(PRIOR, strength, n) == pytest.approx(kl.mean(), abs=4 * kl.std() / len(kl) ** 0.5)


@pytest.mark.parametrize(("strength", "n"), CASES)
def test_the_kl_of_smoothed_annotations_is_that_of_simulated_items(strength, n):
    pi, counts = simulate(strength, n)
    kl = kl_per_item((counts + strength * PRIOR) / (n + strength), pi)
    assert smoothed_votes_kl(PRIOR, strength, n) == pytest.approx(kl.mean(), abs=4 * kl.std() / len(kl) ** 0.5)


def test_more_annotators_always_leave_less():
    numbers = range(1, 40)
    for found in (perfect_judge_kl, smoothed_votes_kl):
        values = [found(PRIOR, 1.3, n) for n in numbers]
        assert (np.diff(values) < 0).all() and values[-1] > 0


def test_the_large_sample_value_and_the_case_of_no_annotator():
    assert perfect_judge_kl(np.full(5, 0.2), 100.0, 2000) == pytest.approx(4 / 4000, rel=0.02)
    pi = simulate(1.3, 1)[0]
    kl = kl_per_item(PRIOR, pi)
    assert smoothed_votes_kl(PRIOR, 1.3, 0) == pytest.approx(kl.mean(), abs=4 * kl.std() / len(kl) ** 0.5)


def test_labels_that_are_impossible_or_certain_add_nothing():
    assert perfect_judge_kl(np.array([0.5, 0.0, 0.3, 0.2]), 2.0, 4) == pytest.approx(perfect_judge_kl(PRIOR, 2.0, 4))
    certain = np.array([1.0, 0.0])
    assert perfect_judge_kl(certain, 2.0, 4) == smoothed_votes_kl(certain, 2.0, 4) == kl_spread(certain, 2.0, 4, seed=0)
    assert plan_test(certain, 2.0, precision=0.05, seed=0)[:2] == (1, 1)


@pytest.mark.parametrize(("prior", "strength"), [(PRIOR, 0.05), (PRIOR, 2.0), (np.full(8, 1 / 8), 1e4)])
@pytest.mark.parametrize("precision", [0.02, 0.2])
def test_the_plan_has_the_fewest_annotators_that_reach_the_precision(prior, strength, precision):
    plan = plan_test(prior, strength, precision=precision, seed=0)
    assert plan.floor == perfect_judge_kl(prior, strength, plan.annotators) <= precision == plan.precision
    assert plan.annotators == 1 or perfect_judge_kl(prior, strength, plan.annotators - 1) > precision


def test_the_mean_over_the_planned_items_is_as_exact_as_promised():
    plan = plan_test(PRIOR, 1.0, precision=0.05, seed=0)
    means = []
    for seed in range(400):
        pi, counts = simulate(1.0, plan.annotators, items=plan.items, seed=seed)
        seen = np.random.default_rng(1000 + seed).multinomial(1, pi)
        means.append(kl_per_item((seen + PRIOR) / 2, counts / plan.annotators).mean())
    within = np.abs(np.array(means) - np.mean(means)) <= 0.05
    assert 0.92 <= within.mean() <= 0.98  # 95 %, within 3 standard errors


def test_the_number_of_items_by_hand():
    assert items_needed(0.5, 0.1) == 97  # (1.96 * 0.5 / 0.1)^2 = 96.04
    assert items_needed(0.0, 0.1) == 1


def test_the_repeated_share_is_the_correlation_of_two_annotations_of_one_item():
    _, counts = simulate(2.0, 2)
    chosen = counts[:, 0] / 2
    # The variance of a mean of two is half the variance of one, times one plus their correlation.
    assert chosen.var() / (0.25 / 2) - 1 == pytest.approx(repeated_share(2.0), abs=0.01)
