"""What to look at in a dataset before training on it: disputed items, duplicates, leakage, annotators who rate high."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from judgekit.config import CheckSettings
from judgekit.core.distributions import empirical_distribution, entropy
from judgekit.dataset.items import ItemTable
from judgekit.dataset.opening import Dataset
from judgekit.models.token_lengths import count_tokens, longest_input

EXAMPLES = 3


class DisagreedItem(NamedTuple):
    """An item on which people disagree."""

    item_id: str
    counts: dict[str, int]
    """Annotations by label."""
    entropy: float
    """Of its empirical distribution, nats."""
    text: str
    """The beginning of its texts, on one line."""


class Duplicates(NamedTuple):
    """Items that are there more than once."""

    equal_items: int
    """Items whose texts another item has as well, to the letter."""
    near_groups: int | None
    """Groups of items with nearly the same text; None where the groups come from a column of the table."""
    near_items: int | None
    """Items in those groups."""
    examples: list[list[str]]
    """Ids of the first such items, group by group; equal ones where there are no near ones."""


class Leakage(NamedTuple):
    """Groups of items that are in more than one part of a given split."""

    groups: int
    items: int
    examples: list[list[str]]
    """Ids of their first items."""


class LongTexts(NamedTuple):
    """Items whose texts alone have more tokens than fit."""

    items: int
    longest: int | None
    """Tokens; None where all texts are far too short to be counted."""
    max_length: int
    """Tokens that fit: `max_length`, or less where the backbone takes no more."""
    backbone: str


def most_disagreed(items: ItemTable, *, most: int, characters: int) -> list[DisagreedItem]:
    """The items with the highest entropy, of equal ones those with more annotations first; none without disagreement.

    Args:
        items: the table.
        most: how many items.
        characters: how much of the texts.
    """
    spread = entropy(empirical_distribution(items.counts))
    order = np.lexsort((-items.counts.sum(axis=1), -spread.round(9)))[:most]
    rows = order[spread[order] > 0]
    chosen = items.take(rows)
    return [
        DisagreedItem(
            item_id,
            dict(zip(items.labels, counts, strict=True)),
            float(spread[row]),
            " ".join(" | ".join(texts).split())[:characters],
        )
        for row, item_id, counts, texts in zip(
            rows, chosen.item_ids, chosen.counts.tolist(), chosen.texts.iter_rows(), strict=True
        )
    ]


def duplicates(items: ItemTable, *, grouped_by_column: bool) -> Duplicates:
    """Items with the same texts, and groups of items with nearly the same.

    Args:
        items: the table.
        grouped_by_column: whether its groups come from a column, so that they say nothing about the texts.
    """
    frame = items.texts.select(text=pl.struct(items.fields), id=items.item_ids, group=items.groups)
    equal = frame.filter(pl.col("text").is_duplicated())
    examples = _first_ids(equal, "text")
    if grouped_by_column:
        return Duplicates(equal.height, None, None, examples)
    near = frame.filter(pl.col("text").n_unique().over("group") > 1)
    return Duplicates(
        equal.height, near.get_column("group").n_unique(), near.height, _first_ids(near, "group") or examples
    )


def leakage(items: ItemTable) -> Leakage | None:
    """Groups on both sides of the split that came with the table; None where none came."""
    if items.parts is None:
        return None
    frame = pl.DataFrame({"part": items.parts, "id": items.item_ids, "group": items.groups})
    leaked = frame.filter(pl.col("part").drop_nulls().n_unique().over("group") > 1)
    return Leakage(leaked.get_column("group").n_unique(), leaked.height, _first_ids(leaked, "group"))


def annotator_shifts(items: ItemTable, annotations: pl.DataFrame) -> dict[str, float]:
    """How far each annotator's labels lie above those of the others on the same items, on average.

    Args:
        items: the table; its labels have numbers, or nothing can be said.
        annotations: `item_id`, `annotator` (null where unnamed), `label`, `count`.

    Returns:
        By name, in the unit of the scale, each annotation weighing the same; annotators who share no item with
        anybody are left out. Empty on a nominal scale.
    """
    if not items.values:
        return {}
    number = pl.col("label").replace_strict(list(items.labels), list(items.values), return_dtype=pl.Float64)
    total, count = pl.col("total"), pl.col("count")
    valued = annotations.with_columns(total=number * count)
    of_item = valued.group_by("item_id").agg(all_total=total.sum(), all_count=count.sum())
    own = valued.drop_nulls("annotator").group_by("item_id", "annotator").agg(total.sum(), count.sum())
    others = (pl.col("all_total") - total) / (pl.col("all_count") - count)
    shift = ((total / count - others) * count).sum() / count.sum()
    shared = own.join(of_item, on="item_id").filter(pl.col("all_count") > count).sort("annotator", "item_id")
    return dict(shared.group_by("annotator").agg(shift).iter_rows())


def long_texts(dataset: Dataset, settings: CheckSettings) -> LongTexts | None:
    """Items whose texts alone are too long; None where the tokenizer of the backbone is not on this machine."""
    whole = dataset.items.texts.select(pl.concat_str(dataset.template.fields, separator=" ")).to_series()
    # A token is hardly ever less than a byte; with a margin, most tables need no tokenizer at all.
    limit = min(settings.max_length, longest_input(settings.backbone) or settings.max_length)
    candidates = whole.filter(whole.str.len_bytes() > limit // 2)
    found = LongTexts(0, None, limit, settings.backbone)
    if candidates.is_empty():
        return found
    tokens = count_tokens(candidates.to_list(), settings.backbone)
    if tokens is None:
        return None
    return found._replace(items=int((tokens > limit).sum()), longest=int(tokens.max()))


def _first_ids(frame: pl.DataFrame, key: str) -> list[list[str]]:
    return frame.group_by(key, maintain_order=True).agg("id").get_column("id").head(EXAMPLES).to_list()
