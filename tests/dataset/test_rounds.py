"""A further round: items matched, repeats and contradictions accounted, nothing of the rounds before changed."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest

from judgekit.dataset.items import ItemTable
from judgekit.dataset.rounds import Round, add_round

Said = list[tuple[str, str | None, str]]
TEXTS = {"i1": "one text", "i2": "two texts", "i3": "three texts"}


def table(said: Said, texts: dict[str, str] = TEXTS) -> tuple[ItemTable, pl.DataFrame]:
    annotations = pl.DataFrame(
        said, schema={"item_id": pl.String, "annotator": pl.String, "label": pl.String}, orient="row"
    ).with_columns(count=pl.lit(1, dtype=pl.Int64))
    ids = list(dict.fromkeys(item for item, *_ in said))
    counts = np.array([[sum(i == item and v == label for i, _, v in said) for label in "xy"] for item in ids])
    items = ItemTable(
        item_ids=pl.Series("item_id", ids),
        texts=pl.DataFrame({"text": [texts[item] for item in ids]}),
        labels=("x", "y"),
        counts=counts.astype(np.int64),
        groups=pl.Series("group", [texts[item] for item in ids]),
    )
    return items, annotations


def join(before: Said, after: Said, texts: dict[str, str] = TEXTS, *, by_id: bool = True) -> Round:
    return add_round(*table(before), *table(after, texts), by_id=by_id)


def counts(joined: Round) -> dict[str, list[int]]:
    return dict(zip(joined.items.item_ids, joined.items.counts.tolist(), strict=True))


BEFORE: Said = [("i1", "ann", "x"), ("i1", "ben", "y"), ("i2", "ann", "y")]


def test_new_annotations_raise_the_counts_and_new_items_come_last():
    joined = join(BEFORE, [("i3", "cem", "x"), ("i1", "cem", "x"), ("i2", "cem", "x")])
    assert counts(joined) == {"i1": [2, 1], "i2": [1, 1], "i3": [1, 0]}
    assert (joined.added, joined.new_items, joined.known_items, joined.set_aside) == (3, 1, 2, [])
    assert joined.annotations.height == 6 and joined.annotations.head(3).drop("round").equals(table(BEFORE)[1])


def test_what_an_annotator_said_before_counts_once():
    joined = join(BEFORE, [("i1", "ann", "x"), ("i2", "ben", "x")])
    assert counts(joined) == {"i1": [1, 1], "i2": [1, 1]}
    [repeat] = joined.set_aside
    assert (repeat.reason, repeat.rows, repeat.is_fault) == (
        "the annotator gave the item the same label before",
        1,
        False,
    )


def test_an_annotator_who_changes_her_label_is_a_fault_that_names_both():
    joined = join(BEFORE, [("i1", "ann", "y"), ("i2", "ben", "x")])
    assert counts(joined) == {"i1": [1, 1], "i2": [1, 1]}
    [fault] = joined.set_aside
    assert fault.is_fault and fault.details == ("item 'i1': annotator 'ann' said 'x' before and 'y' now",)


def test_an_id_with_another_text_is_a_fault_and_leaves_the_item_alone():
    joined = join(BEFORE, [("i1", "cem", "x"), ("i2", "cem", "x")], TEXTS | {"i1": "something else"})
    assert counts(joined) == {"i1": [1, 1], "i2": [1, 1]} and joined.items.texts["text"].to_list() == [
        "one text",
        "two texts",
    ]
    [fault] = joined.set_aside
    assert fault.is_fault and fault.where == "item 'i1'"


def test_without_ids_equal_texts_are_one_item():
    texts = {"t7": "two texts", "t8": "new text"}
    joined = join(BEFORE, [("t7", "cem", "x"), ("t8", "cem", "y")], texts, by_id=False)
    assert counts(joined) == {"i1": [1, 1], "i2": [1, 1], "t8": [0, 1]}


def test_unnamed_annotators_always_add():
    joined = join([("i1", None, "x")], [("i1", None, "x")])
    assert counts(joined) == {"i1": [2, 0]} and joined.set_aside == []


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_every_annotation_of_the_round_is_accounted_for(order):
    after: Said = [("i1", "ann", "x"), ("i2", "ann", "x"), ("i3", "dan", "y")]
    joined = join(BEFORE, [after[n] for n in order])
    assert joined.added + sum(aside.rows for aside in joined.set_aside) == 3
    assert int(joined.items.counts.sum()) == 3 + joined.added


def test_new_items_bring_their_part_of_a_given_split():
    items, annotations = table(BEFORE)
    fresh, said = table([("i3", "cem", "x")])
    fresh = dataclasses.replace(fresh, parts=pl.Series("part", ["test"]))
    parts = add_round(items, annotations, fresh, said, by_id=True).items.parts
    assert parts is not None and parts.to_list() == [None, None, "test"]
