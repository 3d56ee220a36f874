"""The chances with which items were drawn for annotation: read from a table, kept with the annotations, made weights.

`judgekit select` draws items with unequal chances on purpose. Weighted by 1 / chance those that were drawn stand for
all that they were drawn from. A chance belongs to a round of annotations: an item counts by the round in which it came
first, as being annotated once more says nothing of how it came to be there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.errors import MOST_PROBLEMS_SHOWN
from judgekit.tables.source import ROW, TableAccount

CHANCE, ROUND = "chance", "round"
"""Columns of a table of annotations: Float64, null where the item was not drawn; the number of the round, from 1."""


class Drawn(NamedTuple):
    """How N items came to be annotated."""

    chances: NDArray[np.float64]
    """`[N]`, nan for items that were not drawn with a known chance."""
    rounds: NDArray[np.int64]
    """The round in which each came first, `[N]`."""

    @property
    def is_drawn(self) -> NDArray[np.bool_]:
        """Which items have a chance, `[N]`."""
        return ~np.isnan(self.chances)

    def of(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Drawn:
        """The same of some of the items."""
        return Drawn(self.chances[rows], self.rounds[rows])

    def weights(self) -> NDArray[np.float64]:
        """Weights with which each round stands for what it was drawn from, `[N]`, mean 1.

        The items of a round that have a chance count by 1 / chance, all others alike; each of these parts as a whole
        counts by its number of items.
        """
        weights = np.ones(len(self.chances))
        for number in np.unique(self.rounds[self.is_drawn]):
            here = self.is_drawn & (self.rounds == number)
            odds = 1 / self.chances[here]
            weights[here] = odds / odds.mean()
        return weights

    def weights_of_one_table(self) -> NDArray[np.float64]:
        """Weights with which items that were all drawn from one table, round by round, stand for it, `[N]`.

        A later round is drawn from what the earlier ones left. Its items, weighted by 1 / chance, stand for that rest,
        and those of the earlier rounds for themselves. That is an estimate of the whole table for each round; it is
        the mean of these, each counted by the number of its items, that the weights make.
        """
        numbers, items = np.unique(self.rounds, return_counts=True)
        weights = np.zeros(len(self.chances))
        for number, count in zip(numbers, items, strict=True):
            here = self.rounds == number
            weights[here] = (count / self.chances[here] + items[numbers > number].sum()) / len(weights)
        return weights


def drawn_of(annotations: pl.DataFrame, item_ids: pl.Series) -> Drawn | None:
    """How some items came to be annotated; None where none of them was drawn with a chance.

    Args:
        annotations: of these items and of others, the rounds below each other.
        item_ids: `[N]`.
    """
    if CHANCE not in annotations.columns:
        return None
    round_of = pl.col(ROUND).fill_null(1) if ROUND in annotations.columns else pl.lit(1)
    first = annotations.select("item_id", CHANCE, round_of.cast(pl.Int64).alias(ROUND))
    first = first.unique("item_id", keep="first", maintain_order=True)
    found = item_ids.alias("item_id").to_frame().join(first, on="item_id", how="left", maintain_order="left")
    drawn = Drawn(
        found.get_column(CHANCE).fill_null(np.nan).to_numpy(), found.get_column(ROUND).fill_null(1).to_numpy()
    )
    return drawn if drawn.is_drawn.any() else None


def as_chance(cells: pl.Series) -> pl.Series:
    """Cells as numbers, Float64; null where a cell is none, or no chance above 0 and at most 1."""
    number = pl.col("cell").str.strip_chars().str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    return cells.alias("cell").to_frame().select(pl.when((number > 0) & (number <= 1)).then(number)).to_series()


def with_known_chance(column: str, rows: pl.DataFrame, account: TableAccount) -> pl.DataFrame:
    """The rows whose chance is one, or blank.

    Args:
        column: of the chances.
        rows: of the table, with `ROW`.
        account: gets the rows that are set aside.
    """
    cells = rows.get_column(column)
    is_wrong = as_chance(cells).is_null() & (cells.str.strip_chars() != "")
    if not is_wrong.any():
        return rows
    wrong = rows.filter(is_wrong)
    shown = wrong.head(MOST_PROBLEMS_SHOWN)
    details = [
        f"{account.source.place([row])}: {column} is {cell!r}; it must be a number above 0 and at most 1, or empty"
        for row, cell in zip(shown.get_column(ROW), shown.get_column(column), strict=True)
    ]
    reason = f"{column} is no chance, as judgekit select writes it"
    account.set_aside(reason, wrong.get_column(ROW), is_fault=True, details=details)
    return rows.filter(~is_wrong)


def in_rounds(before: pl.DataFrame, added: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Two tables of annotations with the number of their round: that of the second is the next one."""
    known = before if ROUND in before.columns else before.with_columns(pl.lit(1, dtype=pl.Int64).alias(ROUND))
    known = known.with_columns(pl.col(ROUND).fill_null(1))
    latest = pl.lit(int(known.get_column(ROUND).max() or 1) + 1, dtype=pl.Int64)  # pyright: ignore[reportArgumentType]
    return known, added.with_columns(latest.alias(ROUND))
