"""What `check` finds in an item table besides agreement."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from judgekit.checks.findings import annotator_shifts, duplicates, leakage, most_disagreed
from judgekit.dataset.items import ItemTable

TEXTS = ["the tea was cold", "The tea was cold", "the soup was warm", "the soup was warm", "a quiet room"]
GROUPS = ["tea", "tea", "soup", "soup", "room"]


def table(counts: Any = ((2, 0),) * 5, **changes: Any) -> ItemTable:
    parts: dict[str, Any] = {
        "item_ids": pl.Series([f"i{n}" for n in range(len(counts))]),
        "texts": pl.DataFrame({"text": TEXTS[: len(counts)]}),
        "labels": ("no", "yes"),
        "counts": np.array(counts),
        "groups": pl.Series(GROUPS[: len(counts)]),
    }
    return ItemTable(**(parts | changes))


def test_the_most_disputed_items_come_first_and_of_equal_ones_those_with_more_annotations() -> None:
    items = table([(3, 1), (1, 1), (5, 0), (2, 2), (4, 1)])
    found = most_disagreed(items, most=10, characters=9)
    assert [item.item_id for item in found] == ["i3", "i1", "i0", "i4"]  # nobody disputes i2
    assert found[0].counts == {"no": 2, "yes": 2}
    assert found[0].entropy == pytest.approx(np.log(2))
    assert found[2].text == "the tea w"
    assert len(most_disagreed(items, most=2, characters=9)) == 2


def test_equal_and_nearly_equal_texts_are_told_apart() -> None:
    found = duplicates(table(), grouped_by_column=False)
    assert found.equal_items == 2  # the soup
    assert (found.near_groups, found.near_items, found.examples) == (1, 2, [["i0", "i1"]])  # the tea


def test_groups_of_a_column_say_nothing_about_texts() -> None:
    found = duplicates(table(), grouped_by_column=True)
    assert found == (2, None, None, [["i2", "i3"]])


def test_items_are_equal_only_if_all_their_texts_are() -> None:
    texts = pl.DataFrame({"premise": ["a", "a"], "claim": ["b", "c"]})
    items = table([(1, 1)] * 2, texts=texts, groups=pl.Series(["x", "y"]))
    assert duplicates(items, grouped_by_column=False) == (0, 0, 0, [])


def test_a_group_on_both_sides_of_a_given_split_leaks() -> None:
    items = table(parts=pl.Series(["train", "test", "train", "train", "test"]))
    assert leakage(items) == (1, 2, [["i0", "i1"]])


def test_an_item_without_a_part_does_not_leak_and_no_split_is_no_finding() -> None:
    items = table(parts=pl.Series(["train", None, "test", None, "test"]))
    assert leakage(items) == (0, 0, [])
    assert leakage(table()) is None


def test_a_shift_is_how_far_labels_lie_above_those_of_the_others_on_the_same_items() -> None:
    items = table(labels=("1", "2", "5"), counts=((1, 0, 1), (1, 2, 0), (1, 0, 0)), scale="ordinal", values=(1, 2, 5))
    rows = [("i0", "high", "5", 1), ("i0", "low", "1", 1), ("i1", "high", "2", 2), ("i1", None, "1", 1)]
    rows.append(("i2", "alone", "1", 1))
    annotations = pl.DataFrame(rows, schema=["item_id", "annotator", "label", "count"], orient="row")
    # high: 5 against 1, once, and 2 against 1, twice; low: 1 against 5.
    assert annotator_shifts(items, annotations) == {"high": pytest.approx(2.0), "low": -4.0}
    assert annotator_shifts(table(), annotations) == {}
