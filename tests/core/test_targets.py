import numpy as np
import pytest
from scipy.stats import dirichlet_multinomial

from judgekit.core.distributions import class_prior
from judgekit.core.targets import (
    MAX_STRENGTH,
    MIN_STRENGTH,
    UNIDENTIFIED_STRENGTH,
    empirical_bayes_targets,
    fit_strength,
)

PRIOR = np.array([0.5, 0.3, 0.2])


def sample_counts(strength, n, items=4000, seed=0):
    rng = np.random.default_rng(seed)
    return rng.multinomial(n, rng.dirichlet(strength * PRIOR, size=items))


@pytest.mark.parametrize("strength", [0.5, 3.0, 30.0])
def test_fit_recovers_the_strength_that_made_the_counts(strength):
    assert fit_strength(sample_counts(strength, n=10), PRIOR) == pytest.approx(strength, rel=0.1)


def test_fit_is_the_maximum_of_the_likelihood_scipy_computes():
    counts = np.vstack([sample_counts(2.0, n=5, items=150), sample_counts(2.0, n=2, items=50), [[1, 0, 0]]])

    def log_likelihood(s):
        return dirichlet_multinomial.logpmf(counts, s * PRIOR, counts.sum(axis=1)).sum()

    best = fit_strength(counts, PRIOR)
    grid = np.geomspace(MIN_STRENGTH, MAX_STRENGTH, 400)
    assert log_likelihood(best) >= max(map(log_likelihood, grid)) - 1e-9
    assert log_likelihood(best) > log_likelihood(best * 1.05) and log_likelihood(best) > log_likelihood(best / 1.05)


def test_fit_does_not_depend_on_a_label_that_nobody_chose():
    counts = sample_counts(2.0, n=5, items=200)
    with_empty = np.hstack([counts, np.zeros((200, 1), dtype=int)])
    assert fit_strength(with_empty, np.append(PRIOR, 0.0)) == pytest.approx(fit_strength(counts, PRIOR), rel=1e-6)


def test_unanimous_items_give_a_small_and_equal_items_a_large_strength():
    assert fit_strength(np.repeat(np.eye(3, dtype=int) * 5, 20, axis=0), np.full(3, 1 / 3)) < 1.1 * MIN_STRENGTH
    assert fit_strength(np.full((60, 2), 5), np.full(2, 0.5)) > 0.9 * MAX_STRENGTH


def test_single_annotations_say_nothing_about_the_strength():
    counts = np.eye(3, dtype=int)[[0, 0, 1, 2]]
    assert fit_strength(counts, class_prior(counts)) == UNIDENTIFIED_STRENGTH
    targets = empirical_bayes_targets(counts).targets
    np.testing.assert_allclose(targets, (counts + class_prior(counts)) / 2)


def test_targets_are_the_posterior_mean_by_hand():
    counts = np.array([[3, 0], [0, 1]])
    found = empirical_bayes_targets(counts, prior=np.array([0.25, 0.75]), strength=4.0)
    np.testing.assert_allclose(found.targets, [[4 / 7, 3 / 7], [1 / 5, 4 / 5]])
    assert found.strength == 4.0


def test_targets_are_nearer_to_the_truth_than_the_counts():
    rng = np.random.default_rng(1)
    pi = rng.dirichlet(2.0 * PRIOR, size=2000)
    counts = rng.multinomial(3, pi)
    targets = empirical_bayes_targets(counts).targets
    np.testing.assert_allclose(targets.sum(axis=1), 1)
    assert np.square(targets - pi).sum(axis=1).mean() < 0.7 * np.square(counts / 3 - pi).sum(axis=1).mean()


def test_arguments_are_checked_and_left_alone():
    counts, prior = sample_counts(2.0, n=5, items=20), PRIOR.copy()
    before = counts.copy()
    empirical_bayes_targets(counts, prior=prior)
    np.testing.assert_array_equal(counts, before)
    np.testing.assert_array_equal(prior, PRIOR)
    with pytest.raises(ValueError, match="probability 0"):
        fit_strength(np.array([[1, 1]]), np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match="match"):
        fit_strength(counts, np.array([0.5, 0.5]))
    with pytest.raises(ValueError, match="positive"):
        empirical_bayes_targets(counts, strength=0.0)
