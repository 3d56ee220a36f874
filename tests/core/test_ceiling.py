import numpy as np
import pytest

from judgekit.core.ceiling import ceiling, floor_per_item
from judgekit.core.metrics import accuracy_per_item, kl_per_item, noise_floor
from judgekit.core.planning import perfect_judge_kl, smoothed_votes_kl
from judgekit.core.targets import empirical_bayes_targets

PRIOR, STRENGTH = np.array([0.5, 0.3, 0.2]), 1.5


def sample(n, items=40_000, seed=0):
    rng = np.random.default_rng(seed)
    pi = rng.dirichlet(STRENGTH * PRIOR, size=items)
    return pi, rng.multinomial(n, pi)


def test_one_annotator_against_the_rest_is_the_mean_over_every_annotation_left_out():
    counts = np.array([[3, 1, 0], [0, 2, 0], [1, 1, 1], [0, 0, 1]])
    _, prior, strength = empirical_bayes_targets(counts)
    kls, accuracies = [], []
    for row in counts[:3]:
        found = []
        for label in np.repeat(np.arange(3), row):
            seen = np.eye(3, dtype=int)[label]
            rest = (row - seen)[None]
            q = ((seen + strength * prior) / (1 + strength))[None]
            found.append((kl_per_item(q, rest / rest.sum())[0], accuracy_per_item(q, rest)[0]))
        kls.append(np.mean([kl for kl, _ in found]))
        accuracies.append(np.mean([accuracy for _, accuracy in found]))
    one = ceiling(counts, seed=0).one
    assert (one.kl, one.accuracy) == pytest.approx((np.mean(kls), np.mean(accuracies)))


def test_half_of_two_or_three_annotations_is_one_of_them():
    counts = np.array([[2, 1, 0], [1, 1, 1], [0, 1, 1], [3, 0, 0], [0, 3, 0]] * 20)
    found = ceiling(counts, seed=0)
    assert found.half == pytest.approx(found.one, abs=0.01)  # 100,000 draws


def test_halves_are_drawn_without_replacement():
    # Half of {2 of a, 2 of b}: aa and bb once each in six, ab four times.
    counts = np.array([[2, 2]])
    _, prior, strength = empirical_bayes_targets(counts)
    seen, chance = np.array([[2, 0], [1, 1], [0, 2]]), np.array([1, 4, 1]) / 6
    expected = chance @ kl_per_item((seen + strength * prior) / (2 + strength), (counts - seen) / 2)
    assert ceiling(counts, seed=0).half.kl == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("n", [2, 4, 9])
def test_the_rows_are_what_the_model_expects_of_counts_it_made(n):
    pi, counts = sample(n)
    found = ceiling(counts, seed=0)
    half = n // 2
    assert found.one.floor == pytest.approx(perfect_judge_kl(PRIOR, STRENGTH, n - 1), abs=0.005)
    assert found.half.floor == pytest.approx(perfect_judge_kl(PRIOR, STRENGTH, n - half), abs=0.005)
    assert found.one.kl - found.one.floor == pytest.approx(smoothed_votes_kl(PRIOR, STRENGTH, 1), abs=0.01)
    assert found.half.kl - found.half.floor == pytest.approx(smoothed_votes_kl(PRIOR, STRENGTH, half), abs=0.01)
    assert found.perfect.kl == pytest.approx(kl_per_item(pi, counts / n).mean(), abs=0.01)
    assert found.perfect.accuracy == pytest.approx(accuracy_per_item(pi, counts).mean(), abs=0.01)


def test_more_annotators_predict_better_and_a_perfect_judge_best():
    found = ceiling(sample(10, items=2000)[1], seed=0)
    assert found.one.kl - found.one.floor > found.half.kl - found.half.floor > 0
    assert found.one.accuracy < found.half.accuracy < found.perfect.accuracy


def test_the_mean_of_the_floor_per_item_is_the_noise_floor():
    counts = np.vstack([sample(5, items=50)[1], [[1, 0, 0]]])
    _, prior, strength = empirical_bayes_targets(counts)
    assert floor_per_item(counts, prior, strength).mean() == pytest.approx(noise_floor(counts), rel=1e-12)


def test_items_with_one_annotation_are_left_out_and_a_table_of_them_has_no_ceiling():
    pairs = sample(3, items=100)[1]
    assert ceiling(np.vstack([pairs, [[1, 0, 0]] * 5]), seed=0).items == 100
    assert ceiling(np.eye(3, dtype=int), seed=0) is None


def test_a_label_nobody_chose_changes_nothing_and_leaves_all_finite():
    counts = sample(3, items=200)[1]
    plain, wider = ceiling(counts, seed=0), ceiling(np.insert(counts, 1, 0, axis=1), seed=0)
    assert wider.one == pytest.approx(plain.one)
    assert np.isfinite([*wider.half, *wider.perfect]).all()


def test_the_same_seed_gives_the_same_halves_and_the_counts_are_left_alone():
    counts = sample(5, items=50)[1]
    before = counts.copy()
    assert ceiling(counts, seed=3) == ceiling(counts, seed=3)
    np.testing.assert_array_equal(counts, before)


def test_an_item_with_a_billion_annotations_is_halved_as_well():
    found = ceiling(np.array([[10**9, 3 * 10**9], [3, 1], [1, 3]]), seed=0)
    assert np.isfinite([*found.one, *found.half, *found.perfect]).all()
