import numpy as np
import pytest
from scipy.special import softmax

from judgekit.core.probe import FittedProbe, fit_probe, grouped_folds, pair_features, scale_axes


def made(items: int, wide: int, *, strength: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features and the distributions that follow from them."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(items, wide))
    return features, softmax(strength * features @ random.normal(size=(wide, 3)), axis=1)


def folds(items: int) -> np.ndarray:
    return grouped_folds(np.arange(items))


def cross_entropy(log_q: np.ndarray, p: np.ndarray) -> float:
    return float(-(p * log_q).sum(axis=1).mean())


def test_folds_keep_groups_together_and_are_even():
    groups = np.repeat(np.arange(20), np.tile([1, 3], 10))
    fold = grouped_folds(groups, 5)
    assert all(len(np.unique(fold[groups == key])) == 1 for key in range(20))
    assert np.bincount(fold).tolist() == [8] * 5


def test_there_are_no_more_folds_than_groups():
    assert set(grouped_folds(np.array(["a", "a", "b", "c"]), 5)) == {0, 1, 2}


def test_one_group_makes_no_folds():
    with pytest.raises(ValueError, match="1 groups cannot make"):
        grouped_folds(np.zeros(9))


def test_features_of_a_pair_by_hand():
    pair = pair_features(np.array([[1.0, 2.0]]), np.array([[3.0, -1.0]]))
    assert pair.tolist() == [[2, 3, 3, -2]]


def test_a_distribution_that_depends_on_one_of_two_values_is_recovered():
    side = np.tile([0.0, 1.0], 100)
    p = np.where(side[:, None] == 0, [[0.9, 0.1]], [[0.2, 0.8]])
    found = fit_probe(side[:, None], p, folds(200), penalties=(1e-6, 1.0))
    assert found.penalty == 1e-6
    # 1e-6 of ridge and the optimiser's tolerance
    np.testing.assert_allclose(np.exp(found.probe.log_q(np.array([[0.0], [1.0]]))), [[0.9, 0.1], [0.2, 0.8]], atol=1e-3)


def test_the_gradient_vanishes_at_the_fit():
    x, p = made(40, 6, strength=1.0)
    found = fit_probe(x, p, folds(40), penalties=(0.1,))
    rest = np.exp(found.probe.log_q(x)) - p
    scale = np.square(x - x.mean(axis=0)).mean()
    gradient = x.T @ rest / 40 + 0.1 * scale * found.probe.weight
    assert np.abs(gradient).max() < 1e-4  # of the optimiser
    assert np.abs(rest.mean(axis=0)).max() < 1e-4


def test_features_that_tell_much_beat_the_shares_out_of_fold():
    x, p = made(300, 20, strength=1.0)
    found = fit_probe(x, p, folds(300))
    assert cross_entropy(found.out_of_fold, p) < 0.7 * cross_entropy(np.log(p.mean(axis=0, keepdims=True)), p)


def test_where_nothing_can_be_learned_new_items_get_about_the_label_shares():
    excess = []
    for seed in range(5):
        random = np.random.default_rng(seed)
        p, new = random.dirichlet([2.0, 1.0, 1.0], size=120), random.dirichlet([2.0, 1.0, 1.0], size=2000)
        found = fit_probe(random.normal(size=(120, 384)), p, folds(120))
        shares = np.log(p.mean(axis=0, keepdims=True))
        log_q = found.probe.log_q(random.normal(size=(2000, 384)))
        excess.append(cross_entropy(log_q, new) - cross_entropy(shares, new))
    assert np.mean(excess) < 0.005  # what choosing among 13 penalties by chance costs; 0 where the shares are chosen


def test_an_infinite_penalty_predicts_the_shares_and_survives_a_label_nobody_chose():
    p = np.tile([[0.5, 0.5, 0.0]], (10, 1))
    found = fit_probe(np.ones((10, 4)), p, folds(10))
    assert np.isinf(found.penalty)
    np.testing.assert_allclose(np.exp(found.probe.log_q(np.zeros((1, 4)))), [[0.5, 0.5, 0.0]], atol=1e-6)
    assert np.isfinite(found.out_of_fold).all()


def test_copies_in_one_group_do_not_pass_for_knowledge():
    random = np.random.default_rng(0)
    x, p = random.normal(size=(40, 60)), random.dirichlet([0.3, 0.3], size=40)
    x, p, source = np.repeat(x, 4, axis=0), np.repeat(p, 4, axis=0), np.repeat(np.arange(40), 4)
    assert fit_probe(x, p, folds(160)).penalty < fit_probe(x, p, grouped_folds(source)).penalty


def same(one: FittedProbe, other: FittedProbe) -> bool:
    return np.array_equal(one.out_of_fold, other.out_of_fold) and np.array_equal(one.probe.weight, other.probe.weight)


def test_the_same_arguments_give_the_same_bytes():
    x, p = made(60, 12, strength=0.5)
    assert same(fit_probe(x, p, folds(60)), fit_probe(x, p, folds(60)))


def test_items_must_match():
    with pytest.raises(ValueError, match="not one N"):
        fit_probe(np.zeros((3, 2)), np.ones((4, 2)) / 2, folds(3))


def test_axes_of_a_scale_are_its_steps_and_its_middle():
    along, middle = scale_axes(5).T
    assert np.abs(along * np.sign(along[-1])) == pytest.approx(np.array([2, 1, 0, 1, 2]) / np.sqrt(10))
    assert middle * np.sign(middle[0]) == pytest.approx(np.array([2, -1, -2, -1, 2]) / np.sqrt(14))
    with pytest.raises(ValueError, match="2 labels make no scale"):
        scale_axes(2)


def test_a_probe_of_a_scale_is_the_better_one_where_items_differ_along_it():
    random = np.random.default_rng(3)
    x = random.normal(size=(120, 30))
    place = x @ random.normal(size=30) / np.sqrt(30)
    p = softmax(-np.square(np.arange(5) - 2 - 2 * place[:, None]), axis=1)
    counts = np.stack([random.multinomial(3, one) for one in p]) / 3
    on_scale, free = (fit_probe(x, counts, folds(120), axes=axes) for axes in (scale_axes(5), None))
    assert cross_entropy(on_scale.out_of_fold, p) < cross_entropy(free.out_of_fold, p) - 0.02
    assert on_scale.loss == pytest.approx(cross_entropy(on_scale.out_of_fold, counts))
    # Its weights lie in the two directions of the scale.
    beside = np.eye(5) - scale_axes(5) @ scale_axes(5).T
    assert np.abs(on_scale.probe.weight @ beside).max() < 1e-10


def test_three_labels_make_the_same_probe_with_axes_and_without():
    x, p = made(60, 5, strength=1.0)
    on_scale, free = (fit_probe(x, p, folds(60), axes=axes, penalties=(0.1,)) for axes in (scale_axes(3), None))
    np.testing.assert_allclose(on_scale.out_of_fold, free.out_of_fold, atol=1e-3)  # of the optimiser
