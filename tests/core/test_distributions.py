import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from judgekit.core.distributions import (
    class_prior,
    empirical_distribution,
    entropy,
    expected_score,
    hard_target,
    most_voted,
    order_gap,
    raw_agreement,
)

COUNTS = np.array([[3, 1, 0], [2, 2, 0], [0, 0, 1], [1, 1, 1]])

annotated = arrays(np.int64, st.tuples(st.integers(1, 8), st.integers(2, 6)), elements=st.integers(0, 50)).filter(
    lambda counts: (counts.sum(axis=1) > 0).all()
)


def test_empirical_distribution_is_the_share_of_annotations():
    np.testing.assert_allclose(
        empirical_distribution(COUNTS), [[0.75, 0.25, 0], [0.5, 0.5, 0], [0, 0, 1], [1 / 3, 1 / 3, 1 / 3]]
    )


@pytest.mark.parametrize("bad", [np.array([[1, 0], [0, 0]]), np.array([[2, -1]]), np.array([1, 2])])
def test_empirical_distribution_refuses_what_is_no_table_of_annotations(bad):
    with pytest.raises(ValueError):
        empirical_distribution(bad)


def test_the_item_without_annotations_is_named():
    with pytest.raises(ValueError, match="item 1 has no annotations"):
        empirical_distribution(np.array([[1, 0], [0, 0]]))


def test_entropy_of_known_distributions_in_nats():
    np.testing.assert_allclose(entropy(np.array([[1, 0], [0.5, 0.5]])), [0, np.log(2)])
    assert not np.signbit(entropy(np.array([0.25] * 4)))


def test_a_tie_is_marked_and_shared_evenly():
    np.testing.assert_array_equal(most_voted(COUNTS).sum(axis=1), [1, 2, 1, 3])
    np.testing.assert_allclose(hard_target(COUNTS), [[1, 0, 0], [0.5, 0.5, 0], [0, 0, 1], [1 / 3] * 3])


@given(annotated)
def test_distributions_and_hard_targets_sum_to_one_and_share_their_mode(counts):
    p, hard = empirical_distribution(counts), hard_target(counts)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_allclose(hard.sum(axis=1), 1)
    assert (p[hard > 0] >= 1 / counts.shape[1] - 1e-12).all()
    assert (entropy(p) >= -1e-12).all() and (entropy(p) <= np.log(counts.shape[1]) + 1e-12).all()


def test_class_prior_weighs_items_not_annotations_and_is_the_best_constant():
    counts = np.array([[8, 2, 0], [0, 1, 0]])
    prior = class_prior(counts)
    np.testing.assert_allclose(prior, [0.4, 0.6, 0])

    def mean_cross_entropy(q):  # the mean KL up to a constant
        return -(empirical_distribution(counts)[:, :2] @ np.log(q[:2])).mean()

    assert all(
        mean_cross_entropy(prior) < mean_cross_entropy(prior + shift * np.array([1, -1, 0])) for shift in (-0.02, 0.02)
    )
    with pytest.raises(ValueError):
        class_prior(np.zeros((0, 3)))


def test_expected_score_is_the_mean_of_the_scale():
    np.testing.assert_allclose(
        expected_score(empirical_distribution(COUNTS), np.array([1, 2, 5])), [1.25, 1.5, 5, 8 / 3]
    )


def test_raw_agreement_counts_pairs_and_skips_single_annotations():
    # 3 of 6 pairs agree, then 2 of 6, then no pair at all, then 0 of 3.
    assert raw_agreement(COUNTS) == pytest.approx((3 / 6 + 2 / 6 + 0 / 3) / 3)
    assert raw_agreement(np.array([[1, 0], [0, 1]])) is None


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("distributions", {"torch", "scipy", "cvxpy"}),
        ("targets", {"torch", "cvxpy"}),
        ("metrics", {"torch", "cvxpy"}),
        ("calibration", {"torch", "cvxpy"}),
        ("losses", {"cvxpy", "scipy"}),
    ],
)
def test_a_module_loads_no_more_than_it_needs(module, unwanted):
    code = f"import sys, judgekit.core.{module}; print(*({unwanted!r} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


def test_order_gap_by_hand():
    q, favour = np.array([[0.6, 0.2, 0.2], [0.5, 0.3, 0.2]]), np.array([1, 0, 0.5])
    swapped = np.array([[0.4, 0.2, 0.4], [0.3, 0.5, 0.2]])  # in the other order: labels as they stand there
    by_definition = np.abs(q @ favour + swapped @ favour - 1)
    assert order_gap(q, swapped[:, [1, 0, 2]], favour) == pytest.approx(by_definition)
    assert by_definition == pytest.approx([0.3, 0.0])
