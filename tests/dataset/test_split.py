"""The split: by group, by hash, near the fractions, whatever the row order."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgekit.dataset.split import split_as_given, split_items
from judgekit.errors import DataError
from judgekit.schema.given_parts import normalise_part


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


# -- a split that the file gives --------------------------------------------------------------------------------------


def given_split(*parts: str | None, groups: list[str] | None = None, seed: int = 0) -> list[str]:
    keys = groups or [f"g{n}" for n in range(len(parts))]
    return split_as_given(pl.Series(parts, dtype=pl.String), pl.Series(keys), seed=seed).tolist()


def test_items_stay_where_the_file_put_them():
    parts = ["test", "train", "validation", "train", "test"]
    assert given_split(*parts) == parts
    # The file itself parts the group; `check` says so.
    assert given_split(*parts, groups=["g"] * 5) == parts


@pytest.mark.parametrize(
    ("given", "missing", "drawn"), [("test", "validation", 20), ("validation", "test", 20), (None, "test", 18)]
)
def test_a_missing_part_is_drawn_from_the_training_part(given, missing, drawn):
    parts = ["train"] * 180 + [given or "train"] * 60
    found = given_split(*parts)
    assert found.count(missing) == (24 if given is None else drawn)
    if given:
        assert found[180:] == [given] * 60
    assert {part for part, was in zip(found, parts, strict=True) if was == "train"} >= {"train", missing}
    order = np.random.default_rng(1).permutation(240)
    shuffled = given_split(*[parts[n] for n in order], groups=[f"g{n}" for n in order])
    assert shuffled == [found[n] for n in order]
    assert given_split(*parts, seed=1) != found


def test_groups_stay_whole_when_a_part_is_drawn():
    groups = [f"g{n // 4}" for n in range(80)]
    found = given_split(*["train"] * 80, groups=groups)
    assert all(len({part for part, group in zip(found, groups, strict=True) if group == one}) == 1 for one in groups)


def test_items_without_a_part_follow_their_group_or_are_split_as_usual():
    parts = ["train", "validation", "test"]
    assert given_split(*parts, None, None, None, groups=["a", "b", "c", "c", "b", "a"]) == [*parts, *parts[::-1]]
    # What stands on both sides already is trained on, and no further test of it is made.
    assert given_split("test", "train", "validation", None, groups=["a", "a", "b", "a"])[3] == "train"
    assert given_split(*parts, None, None) == [*parts, "train", "train"]
    found = given_split(*parts, *[None] * 100)
    assert [found[3:].count(part) for part in parts] == [80, 10, 10]
    assert given_split(*[None] * 100) == split_items([f"g{n}" for n in range(100)], seed=0).tolist()


def test_a_split_with_nothing_to_train_on_is_refused():
    for parts in (["test", "validation", "test"], ["test", "test"]):
        with pytest.raises(DataError, match="no item to train on"):
            given_split(*parts)
    with pytest.raises(DataError, match="groups of items"):
        given_split("train", "test")


@pytest.mark.parametrize(
    ("name", "part"),
    [("train", "train"), ("TRAINING", "train"), ("dev", "validation"), ("Dev set", "validation"), ("val", "validation"),
     ("valid", "validation"), ("validation_split", "validation"), ("test", "test"), ("held-out", "test"),
     (" Eval ", "test"), ("fold 3", None), ("", None), ("gold", None)],
)  # fmt: skip
def test_names_of_parts_are_understood(name, part):
    assert normalise_part(name) == part
