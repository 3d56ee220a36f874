"""Conformal sets: hand-worked, equal to plain split conformal prediction, and covering people in simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.core.conformal import conformal_threshold, coverage_per_item, label_sets, nonconformity


def test_a_label_fits_by_its_probability_and_the_most_probable_one_always() -> None:
    q = np.array([[0.5, 0.2, 0.3]])
    assert nonconformity(q, is_ordinal=False).tolist() == [[0.0, 0.8, 0.7]]
    assert nonconformity(q, is_ordinal=True).tolist() == [[0.0, 0.8, 0.8]]
    middle = np.array([[0.1, 0.05, 0.5, 0.05, 0.3]])
    assert nonconformity(middle, is_ordinal=True) == pytest.approx(np.array([[0.95, 0.95, 0, 0.95, 0.95]]))


@given(st.integers(2, 6), st.integers(0, 10**6), st.floats(0, 1))
def test_ordinal_sets_are_intervals_around_the_most_probable_label(labels: int, seed: int, threshold: float) -> None:
    q = np.random.default_rng(seed).dirichlet(np.ones(labels), size=20)
    sets = label_sets(nonconformity(q, is_ordinal=True), threshold)
    assert sets[np.arange(20), q.argmax(axis=1)].all()
    assert all("01" not in "".join("1" if one else "0" for one in row).strip("0") for row in sets)
    assert (sets <= label_sets(nonconformity(q, is_ordinal=False), threshold)).all()


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.99])
def test_with_one_annotation_an_item_it_is_the_quantile_of_split_conformal_prediction(coverage: float) -> None:
    rng = np.random.default_rng(3)
    q = rng.dirichlet(np.ones(4), size=37)
    chosen = rng.integers(4, size=37)
    scores = nonconformity(q, is_ordinal=False)
    rank = math.ceil((37 + 1) * coverage)
    expected = np.sort(scores[np.arange(37), chosen])[rank - 1] if rank <= 37 else 1.0
    assert conformal_threshold(scores, np.eye(4, dtype=np.int64)[chosen], coverage=coverage) == expected


def test_an_item_weighs_the_same_however_many_annotations_it_has() -> None:
    scores = np.array([[0.0, 0.6], [0.0, 0.8]])
    # Weights 1/3 each, and 1/3 for the item to come: 0.0 has 1/3 + 1/6, and 0.8 the other sixth.
    counts = np.array([[100, 0], [1, 1]])
    assert conformal_threshold(scores, counts, coverage=0.5) == 0.0
    assert conformal_threshold(scores, counts, coverage=0.6) == 0.8
    assert conformal_threshold(scores, counts, coverage=0.9) == 1.0


@pytest.mark.parametrize("is_ordinal", [False, True])
def test_new_annotations_are_covered_as_often_as_promised_even_by_a_bad_judge(is_ordinal: bool) -> None:
    rng, covered = np.random.default_rng(1), []
    for _ in range(40):
        truth = rng.dirichlet([1.0, 0.6, 1.2, 0.5], size=600)
        q = 0.5 * truth + 0.5 * rng.dirichlet(np.ones(4), size=600)
        counts = rng.multinomial(3, truth)
        scores = nonconformity(q, is_ordinal=is_ordinal)
        threshold = conformal_threshold(scores[:300], counts[:300], coverage=0.9)
        sets = label_sets(scores[300:], threshold)
        covered.append(coverage_per_item(sets, counts[300:]).mean())
    assert np.mean(covered) == pytest.approx(0.9, abs=0.01)
