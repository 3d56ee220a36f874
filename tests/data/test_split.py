"""The split: by group, by hash, near the fractions, whatever the row order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgekit.data.split import split_items
from judgekit.errors import DataError


def test_fractions_are_met():
    parts = split_items([f"g{n}" for n in range(1000)], seed=0)
    assert [int((parts == part).sum()) for part in ("train", "validation", "test")] == [800, 100, 100]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 40), min_size=3, max_size=200), st.integers(0, 3), st.randoms())
def test_groups_stay_whole_and_row_order_has_no_say(keys, seed, random):
    groups = [f"g{key}" for key in keys]
    if len(set(groups)) < 3:
        with pytest.raises(DataError, match="groups of items"):
            split_items(groups, seed=seed)
        return
    parts = split_items(groups, seed=seed)
    part_of = dict(zip(groups, parts, strict=True))
    assert all(part_of[group] == part for group, part in zip(groups, parts, strict=True))
    assert set(parts) == {"train", "validation", "test"}
    order = list(range(len(groups)))
    random.shuffle(order)
    assert np.array_equal(split_items([groups[n] for n in order], seed=seed), parts[order])


def test_seed_changes_the_split():
    groups = [f"g{n}" for n in range(100)]
    assert not np.array_equal(split_items(groups, seed=0), split_items(groups, seed=1))


def test_part_without_fraction_stays_empty():
    parts = split_items(["a", "b", "c", "d"], seed=0, fractions=(0.5, 0.5, 0.0))
    assert sorted(parts) == ["train", "train", "validation", "validation"]
    assert set(split_items(["a", "b"], seed=0, fractions=(1.0, 0.0, 0.0))) == {"train"}


def test_smallest_split():
    assert sorted(split_items(["a", "b", "c"], seed=0)) == ["test", "train", "validation"]


def test_wrong_fractions_are_a_bug():
    with pytest.raises(ValueError, match="sum to 1"):
        split_items(["a", "b", "c"], seed=0, fractions=(0.5, 0.1, 0.1))
