"""Columns of the prompt that give the label away: the judge would read the answer, and new items do not have it."""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from judgekit.dataset.items import ItemTable
from judgekit.schema.question import in_words
from judgekit.tables.evidence import MOST_LABELS

_FEWEST_ITEMS = 20
_TELLING_SHARE, _LARGEST_PRIOR = 0.95, 0.8
"""Of the items: a column tells the label of so many, where no label has so many by itself."""
_ITEMS_PER_VALUE = 4
_LABEL_CHARACTERS = 3
_ITEMS_LOOKED_AT = 20_000


def warn_of_telling_texts(items: ItemTable) -> list[str]:
    """A warning for each column of the prompt that determines the most frequent label of an item, or names it."""
    items = items.take(np.arange(min(len(items), _ITEMS_LOOKED_AT)))
    most = pl.Series("label", [items.labels[k] for k in items.counts.argmax(axis=1)])
    if len(items) < _FEWEST_ITEMS or most.value_counts(normalize=True)["proportion"].max() > _LARGEST_PRIOR:  # pyright: ignore[reportOperatorIssue]
        return []
    warnings: list[str] = []
    for name in items.fields:
        cells = items.texts.get_column(name)
        how = "determines" if _determines(cells, most) else "names" if _names(cells, most, items.labels) else ""
        others = tuple(field for field in items.fields if field != name)
        if how:
            cure = f"; {in_words([('text', others)])} would leave it out" if others else ""
            warnings.append(
                f"{name!r} {how} the label of nearly every item, as if it had been written after the annotation: a "
                f"judge that reads it learns nothing else{cure}."
            )
    return warnings


def _determines(cells: pl.Series, most: pl.Series) -> bool:
    """Whether few values return, each nearly always with one label."""
    pairs = pl.DataFrame({"cell": cells, "label": most})
    distinct = cells.n_unique()
    if not 1 < distinct <= min(MOST_LABELS, cells.len() / _ITEMS_PER_VALUE):
        return False
    fitting = pairs.group_by("cell", "label").len().group_by("cell").agg(pl.col("len").max()).get_column("len").sum()
    return fitting >= _TELLING_SHARE * cells.len()


def _names(cells: pl.Series, most: pl.Series, labels: tuple[str, ...]) -> bool:
    """Whether nearly all cells hold the word of their item's label, and of no other."""
    words = [label for label in labels if len(label) >= _LABEL_CHARACTERS and not label.isdigit()]
    if len(words) < len(labels):
        return False
    pattern = "|".join(re.escape(word.casefold()) for word in sorted(words, key=len, reverse=True))
    found = cells.str.to_lowercase().str.extract_all(rf"\b(?:{pattern})\b").list.unique()
    one = found.list.len() == 1
    same = one & (found.list.first() == most.str.to_lowercase())
    return bool((same.sum() or 0) >= _TELLING_SHARE * cells.len())
