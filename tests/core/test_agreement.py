import numpy as np
import pytest
from nltk.metrics import interval_distance
from nltk.metrics.agreement import AnnotationTask

from judgekit.core.agreement import (
    NOTHING_TO_COMPARE,
    ONE_LABEL,
    UNEQUAL_NUMBERS,
    confused_labels,
    fleiss_kappa,
    krippendorff_alpha,
    pairs_of_annotations,
    prevalence,
)

VALUES = np.arange(1.0, 6.0)
# Krippendorff (2011), example C: four observers, twelve units, five values; the last unit has a single value.
KRIPPENDORFF = np.array([
    [3, 0, 0, 0, 0], [0, 3, 1, 0, 0], [0, 0, 4, 0, 0], [0, 0, 4, 0, 0], [0, 4, 0, 0, 0], [1, 1, 1, 1, 0],
    [0, 0, 0, 4, 0], [3, 1, 0, 0, 0], [0, 4, 0, 0, 0], [0, 0, 0, 0, 3], [2, 0, 0, 0, 0], [0, 0, 1, 0, 0],
])  # fmt: skip
# The worked example of Fleiss' kappa: fourteen raters, ten items, five categories.
FLEISS = np.array([
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
])  # fmt: skip


def alpha_of(counts, level="nominal", values=None, **options):
    return krippendorff_alpha(counts, level=level, values=values, **{"resamples": 10, "seed": 0, **options})


def random_counts(seed, items=60, labels=4):
    rng = np.random.default_rng(seed)
    pi = rng.dirichlet(np.full(labels, 0.6), size=items)
    return rng.multinomial(rng.integers(1, 7, size=items), pi)


def alpha_by_definition(counts, distance):
    """One minus the mean distance of pairs within items over the mean distance of all pairs of values."""
    items = [np.repeat(np.arange(counts.shape[1]), row) for row in counts if row.sum() >= 2]
    values = np.concatenate(items)
    observed = sum(
        sum(distance(a, b) for i, a in enumerate(item) for j, b in enumerate(item) if i != j) / (len(item) - 1)
        for item in items
    )
    expected = sum(distance(a, b) for i, a in enumerate(values) for j, b in enumerate(values) if i != j)
    return 1 - observed / len(values) / (expected / (len(values) * (len(values) - 1)))


@pytest.mark.parametrize(("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_is_that_of_krippendorffs_worked_example(level, published):
    found = alpha_of(KRIPPENDORFF, level, VALUES)
    assert found.value == pytest.approx(published, abs=0.0005)
    assert (found.level, found.reason) == (level, "")


@pytest.mark.parametrize("seed", range(5))
def test_alpha_is_nltks(seed):
    counts, values = random_counts(seed), np.array([-1.0, 0.5, 2.0, 7.0])
    data = [
        (f"person {n}", f"item {item}", float(values[label]))
        for item, row in enumerate(counts)
        for n, label in enumerate(np.repeat(np.arange(4), row))
    ]
    assert alpha_of(counts).value == pytest.approx(AnnotationTask(data=data).alpha(), abs=1e-12)
    expected = AnnotationTask(data=data, distance=interval_distance).alpha()
    assert alpha_of(counts, "interval", values).value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_ordinal_alpha_is_that_of_the_definition(seed):
    counts = random_counts(seed, items=20)
    totals = counts[counts.sum(axis=1) >= 2].sum(axis=0)

    def distance(a, b):
        a, b = min(a, b), max(a, b)
        return (totals[a : b + 1].sum() - (totals[a] + totals[b]) / 2) ** 2

    assert alpha_of(counts, "ordinal").value == pytest.approx(alpha_by_definition(counts, distance), abs=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_alpha_depends_neither_on_the_order_of_items_nor_of_nominal_labels(seed):
    rng, counts = np.random.default_rng(seed), random_counts(seed)
    value = alpha_of(counts).value
    assert alpha_of(rng.permutation(counts)).value == pytest.approx(value, abs=1e-12)
    assert alpha_of(rng.permutation(counts, axis=1)).value == pytest.approx(value, abs=1e-12)
    assert alpha_of(counts[:, ::-1], "ordinal").value == pytest.approx(alpha_of(counts, "ordinal").value, abs=1e-12)


def test_alpha_is_one_for_complete_agreement_and_about_zero_for_chance():
    assert alpha_of(np.eye(3, dtype=int)[[0, 1, 2, 1]] * 4).value == pytest.approx(1)
    chance = np.random.default_rng(0).multinomial(5, [0.5, 0.3, 0.2], size=4000)
    for level in ("nominal", "ordinal", "interval"):
        assert alpha_of(chance, level, np.arange(3)).value == pytest.approx(0, abs=0.02)


def test_an_undefined_alpha_says_why_and_has_no_number():
    assert alpha_of(np.array([[1, 0], [0, 1]])) == (None, None, None, "nominal", NOTHING_TO_COMPARE)
    # The single annotation of the last item has another label, but nothing to be compared with.
    assert alpha_of(np.array([[3, 0], [2, 0], [0, 1]])) == (None, None, None, "nominal", ONE_LABEL)
    assert alpha_of(np.array([[2, 0]]), "ordinal").reason == ONE_LABEL


def test_a_single_item_has_an_alpha_without_interval():
    found = alpha_of(np.array([[2, 2]]))
    assert found.value == pytest.approx(0)  # within one item, observed and expected pairs are the same
    assert found.low is found.high is None


def test_the_interval_repeats_with_its_seed_and_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    pi = rng.dirichlet([0.5, 0.5, 0.5], size=200_000)
    truth = alpha_of(rng.multinomial(3, pi)).value
    covered = []
    for seed in range(200):
        counts = rng.multinomial(3, pi[rng.integers(len(pi), size=80)])
        found = alpha_of(counts, seed=seed, confidence=0.9, resamples=200)
        covered.append(found.low <= truth <= found.high)
    assert 0.83 < np.mean(covered) < 0.96  # 0.9, within 3 standard errors and the percentile method's bias at 80 items
    assert alpha_of(counts) == alpha_of(counts)


def test_resamples_that_hold_one_label_only_leave_the_interval_finite():
    found = alpha_of(np.array([[2, 0], [2, 0], [1, 1]]), resamples=200)
    assert np.isfinite([found.low, found.high]).all()


def test_the_interval_level_needs_values():
    with pytest.raises(ValueError, match="values"):
        alpha_of(KRIPPENDORFF, "interval")


def test_fleiss_kappa_is_that_of_the_worked_example():
    assert fleiss_kappa(FLEISS).value == pytest.approx(0.210, abs=0.0005)


@pytest.mark.parametrize(
    ("counts", "reason"),
    [([[2, 0], [1, 2]], UNEQUAL_NUMBERS), ([[1, 0], [0, 1]], UNEQUAL_NUMBERS), ([[2, 0], [2, 0]], ONE_LABEL)],
)
def test_an_undefined_kappa_says_why(counts, reason):
    assert fleiss_kappa(np.array(counts)) == (None, reason)


def test_pairs_and_prevalence_count_only_what_can_be_compared():
    counts = np.array([[3, 1], [2, 0], [0, 1]])
    assert pairs_of_annotations(counts) == 6 + 1
    np.testing.assert_allclose(prevalence(counts), [5 / 6, 1 / 6])
    assert prevalence(np.array([[0, 1]])) is None


def test_confused_labels_share_all_disagreement():
    # One item of two and one of three annotations: 2 coincidences of 0 with 1; 1 of each pair, twice each.
    found = confused_labels(np.array([[1, 1, 0], [1, 1, 1], [4, 0, 0], [0, 0, 1]]))
    assert [pair[:2] for pair in found] == [(0, 1), (0, 2), (1, 2)]
    np.testing.assert_allclose([share for *_, share in found], [1.5 / 2.5, 0.5 / 2.5, 0.5 / 2.5])
    assert confused_labels(np.eye(3, dtype=int) * 2) == []
