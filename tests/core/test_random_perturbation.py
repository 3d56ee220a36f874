"""Random perturbations stay in the simplex, at the stated length, and look the same way for every label."""

from __future__ import annotations

import numpy as np
import pytest

from judgekit.core.metrics import kl_per_item
from judgekit.core.random_perturbation import perturbed_kl, random_perturbation


def some_targets() -> np.ndarray:
    """Vertices, edges, the centre and points between, of five labels."""
    inner = np.random.default_rng(1).dirichlet(np.ones(5), size=200)
    edges = np.array([[0.5, 0.5, 0, 0, 0], [0, 0.2, 0.8, 0, 0], [0.2] * 5])
    return np.concatenate([np.eye(5), edges, inner])


@pytest.mark.parametrize("level", [0.05, 0.25, 0.85])
def test_a_perturbed_target_is_a_distribution_at_exactly_the_level(level: float) -> None:
    p = some_targets()
    moved = random_perturbation(p, level, random=np.random.default_rng(0))
    assert (moved >= 0).all()
    assert np.allclose(moved.sum(axis=1), 1, atol=1e-12)
    assert np.allclose(np.linalg.norm(moved - p, axis=1), level, atol=1e-12)


def test_directions_differ_between_items_and_draws_and_come_from_the_seed() -> None:
    p = np.tile([0.4, 0.3, 0.3], (50, 1))
    one, same, other = (random_perturbation(p, 0.1, random=np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert np.array_equal(one, same)
    assert len(np.unique(one.round(9), axis=0)) == 50
    assert not np.isclose(one, other).all(axis=1).any()


def test_around_the_centre_no_label_is_favoured() -> None:
    p = np.full((20_000, 3), 1 / 3)
    moved = random_perturbation(p, 0.2, random=np.random.default_rng(0))
    # The mean of 20,000 steps of length 0.2 has a standard error of 0.2 / sqrt(2 * 20,000) = 0.001 per label.
    assert np.allclose(moved.mean(axis=0), 1 / 3, atol=0.004)


def test_two_labels_can_move_one_way_only_at_a_vertex() -> None:
    moved = random_perturbation(np.array([[1.0, 0.0]]), 0.1, random=np.random.default_rng(0))
    assert np.allclose(moved, [[1 - 0.1 / 2**0.5, 0.1 / 2**0.5]])


@pytest.mark.parametrize("level", [-0.1, 0.82])
def test_a_length_that_no_target_or_not_every_target_can_move_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match="level must be in"):
        random_perturbation(np.full((1, 3), 1 / 3), level, random=np.random.default_rng(0))


def test_at_level_0_the_kl_is_the_kl() -> None:
    p = some_targets()
    q = np.random.default_rng(2).dirichlet(np.ones(5), size=len(p))
    assert np.allclose(perturbed_kl(q, p, 0.0, draws=7, seed=0), kl_per_item(q, p), atol=1e-12)


def test_a_judge_that_predicts_the_targets_loses_by_perturbation() -> None:
    p = some_targets()[5:]
    levels = [perturbed_kl(p.clip(1e-3), p, level, draws=5, seed=0).mean() for level in (0.0, 0.1, 0.25)]
    assert levels == sorted(levels)
    assert levels[2] > 5 * levels[1] / 2
