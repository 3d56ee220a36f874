"""The group of each item, which a split keeps together: that of the table, else the items with the same text."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from judgekit.dataset.item_rows import value_of_item
from judgekit.schema.item_ids import digests
from judgekit.schema.schema import Schema
from judgekit.tables.source import SourceTable

_BATCH_ITEMS = 5_000
"""So few that another thread never waits long while Python hashes them, and that they take little memory."""


class TextGroups(NamedTuple):
    """Items, their texts, and their groups by these alone."""

    items: pl.Series
    """As `ITEM` has them, ascending."""
    texts: pl.DataFrame
    groups: pl.Series

    @classmethod
    def of(cls, source: SourceTable, schema: Schema, rows: pl.Series) -> TextGroups:
        """The groups of all items.

        Args:
            source: the table.
            schema: names the texts.
            rows: the item of each row.
        """
        is_item = np.zeros(source.frame.height, dtype=bool)
        is_item[rows.to_numpy()] = True
        items = pl.Series(np.flatnonzero(is_item))
        texts = pl.DataFrame([source.frame.get_column(name).gather(items) for name in schema.fields])
        groups = [digests("text\x1e" + text_keys(batch)) for batch in texts.iter_slices(_BATCH_ITEMS)]
        return cls(items, texts, pl.concat(groups).alias("group"))

    def of_items(self, items: pl.Series) -> tuple[pl.DataFrame, pl.Series]:
        """The texts and the groups of some of the items."""
        places = np.searchsorted(self.items.to_numpy(), items.to_numpy())
        return self.texts[places], self.groups.gather(places)


def given_groups(column: str, rows: pl.DataFrame, items: pl.Series, by_text: pl.Series) -> pl.Series:
    """The groups of items by a column of the table, and by their texts where that is empty.

    Args:
        column: of the groups.
        rows: those with annotations.
        items: as `ITEM` has them.
        by_text: the groups by the texts alone.
    """
    given = value_of_item(rows, items, column)
    return digests("group\x1e" + given.fill_null("")).zip_with(given.is_not_null(), by_text).alias("group")


def text_keys(texts: pl.DataFrame) -> pl.Series:
    """The texts of each row without case and superfluous white space: what makes two texts equal."""
    # A match costs far more than a look, and most texts are words with single spaces between them.
    spaced = pl.all().str.to_lowercase().str.replace_all(r"[\s--[ ]]\s*| \s+", " ")
    return texts.select(pl.concat_str(spaced.str.strip_chars(), separator="\x1f").alias("text")).to_series()
