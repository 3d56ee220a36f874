import numpy as np
import pytest

from judgekit.core.distributions import class_prior
from judgekit.core.floor import PEOPLE, Population, fit_populations, floor_of, one_left_out, signal_of
from judgekit.core.metrics import bootstrap_interval, bootstrap_means, kl_per_item
from judgekit.core.planning import perfect_judge_kl, smoothed_votes_kl

PRIOR, STRENGTH = np.array([0.5, 0.3, 0.2]), 1.5


def drawn(items: int, annotators: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    pi = rng.dirichlet(STRENGTH * PRIOR, size=items)
    return pi, rng.multinomial(annotators, pi)


def signal(q: np.ndarray, counts: np.ndarray, dataset: np.ndarray):
    p = counts / counts.sum(axis=1, keepdims=True)
    gains = kl_per_item(np.tile(class_prior(dataset), (len(p), 1)), p) - kl_per_item(q, p)
    return signal_of(gains, counts, fit_populations(dataset, seed=0, fits=40), seed=0, confidence=0.95, resamples=400)


@pytest.mark.parametrize("people", [1, 2, 5])
def test_k_simulated_people_are_worth_k_annotators_within_the_interval(people: int) -> None:
    within = 0
    for seed in range(8):
        _, dataset = drawn(1000, 5, 1000 + seed)
        pi, counts = drawn(400, 5, seed)
        seen = np.random.default_rng(5000 + seed).multinomial(people, pi)
        found = signal((seen + STRENGTH * PRIOR) / (people + STRENGTH), counts, dataset)
        assert found is not None
        within += found.annotators.low <= people <= found.annotators.high
    assert within >= 6  # of 8 at 95 %


def test_what_one_annotator_gains_on_the_same_items_makes_the_interval_narrower() -> None:
    pi, counts = drawn(400, 5, 7)
    _, dataset = drawn(1000, 5, 8)
    seen = np.random.default_rng(9).multinomial(2, pi)
    gains = kl_per_item(np.tile(PRIOR, (400, 1)), counts / 5) - kl_per_item(
        (seen + STRENGTH * PRIOR) / (2 + STRENGTH), counts / 5
    )
    populations = fit_populations(dataset, seed=0, fits=40)
    widths = []
    for known in (counts, np.eye(3, dtype=np.int64)[counts.argmax(axis=1)]):  # single annotations leave nobody out
        found = signal_of(gains, known, populations, seed=0, confidence=0.95, resamples=400)
        assert found is not None
        widths.append(found.share.high - found.share.low)
    assert widths[0] < 0.9 * widths[1]


def test_the_true_distributions_are_worth_more_people_than_can_be_counted_and_learn_everything() -> None:
    pi, counts = drawn(4000, 5, 3)
    found = signal(pi, counts, counts)
    assert found is not None
    assert found.annotators.high > PEOPLE[-2]
    assert found.share.low < 1.01 and found.share.high > 0.97


def test_the_class_prior_is_worth_nobody() -> None:
    _, counts = drawn(300, 5, 4)
    found = signal(np.tile(class_prior(counts), (300, 1)), counts, counts)
    assert found is not None
    assert (found.share.value, found.annotators.value) == pytest.approx((0, 0), abs=1e-9)


def test_single_annotations_say_nothing_about_people() -> None:
    singles = np.eye(3, dtype=np.int64)[[0, 1, 2, 0]]
    populations = fit_populations(singles, seed=0)
    assert populations.resampled == ()
    assert signal_of(np.ones(4), singles, populations, seed=0, confidence=0.95, resamples=10) is None
    assert np.isnan(floor_of(populations, singles.sum(axis=1), confidence=0.95).low)


def test_the_floor_depends_on_the_numbers_of_annotators_alone_and_holds_the_true_one_within_its_interval() -> None:
    within = 0
    for seed in range(12):
        _, dataset = drawn(300, 3, seed)
        found = floor_of(fit_populations(dataset, seed=1, fits=60), np.array([3, 5]), confidence=0.95)
        true = (perfect_judge_kl(PRIOR, STRENGTH, 3) + perfect_judge_kl(PRIOR, STRENGTH, 5)) / 2
        assert found.low <= found.value <= found.high
        within += found.low <= true <= found.high
    assert within >= 10


def test_the_floor_of_very_many_annotators_costs_no_memory() -> None:
    _, dataset = drawn(100, 5, 0)
    populations = fit_populations(dataset, seed=0, fits=2)
    many = floor_of(populations, np.array([10**9]), confidence=0.95).value
    assert many == pytest.approx(perfect_judge_kl(*populations.fitted, 1000) / 10**6)


def test_equivalent_annotators_between_two_numbers_lie_between_them() -> None:
    _, dataset = drawn(2000, 5, 0)
    populations = fit_populations(dataset, seed=0, fits=2)
    one, two = (smoothed_votes_kl(*populations.fitted, n) for n in (1, 2))
    gain = smoothed_votes_kl(*populations.fitted, 0) - (one + two) / 2
    found = signal_of(np.full(9, gain), dataset[:9], populations, seed=0, confidence=0.9, resamples=10)
    assert found is not None
    assert 1 < found.annotators.value < 2


def test_one_left_out_annotator_leaves_what_one_annotation_leaves_unknown() -> None:
    _, counts = drawn(20_000, 4, 0)
    populations = fit_populations(counts, seed=0, fits=2)
    expected = smoothed_votes_kl(*populations.fitted, 1)
    found = one_left_out(counts, populations)
    assert found is not None and found.excess == pytest.approx(expected, abs=0.015)
    assert one_left_out(np.eye(3, dtype=np.int64), populations) is None


def test_one_left_out_annotator_by_hand() -> None:
    counts = np.array([[1, 1]] * 4)
    populations = fit_populations(counts, seed=0, fits=1)
    strength = populations.fitted.strength
    q = (0.5 * strength) / (1 + strength)  # of the label that the other one chose
    floor = perfect_judge_kl(np.array([0.5, 0.5]), strength, 1)
    found = one_left_out(counts, populations)
    assert found is not None and found.excess == pytest.approx(-np.log(q) - floor)


def test_the_population_is_found_again() -> None:
    _, dataset = drawn(5000, 5, 0)
    fitted = fit_populations(dataset, seed=0, fits=1).fitted
    assert isinstance(fitted, Population)
    assert fitted.prior == pytest.approx(PRIOR, abs=0.02)
    assert fitted.strength == pytest.approx(STRENGTH, rel=0.1)


def test_resampled_means_agree_with_the_bootstrap_of_scipy() -> None:
    values = np.random.default_rng(0).exponential(size=200)
    means = bootstrap_means(values, seed=0, resamples=4000)
    theirs = bootstrap_interval(values, seed=1, resamples=4000)
    assert np.quantile(means, [0.025, 0.975]) == pytest.approx([theirs.low, theirs.high], abs=0.015)
