"""The chances with which annotated items were drawn, as `select` writes them and an estimate needs them."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.errors import DataError

CHANCE_COLUMN = "inclusion_probability"


def chances_of(ids: pl.Series, values: pl.DataFrame, source: str) -> NDArray[np.float64]:
    """The chance of each item, `[n]`.

    Args:
        ids: of the items.
        values: `item_id` and `value`, the cells of the column.
        source: the table, for messages.

    Raises:
        DataError: an item has none, or what is no probability above 0.
    """
    given = ids.alias("item_id").to_frame().join(values, on="item_id", how="left", maintain_order="left")
    cells = given.get_column("value")
    numbers = cells.str.strip_chars().cast(pl.Float64, strict=False)
    is_wrong = ~((numbers > 0) & (numbers <= 1)).fill_null(False)
    if is_wrong.any():
        wrong = [
            f"item {item!r}: {'nothing' if cell is None else repr(cell)}"
            for item, cell in zip(ids.filter(is_wrong), cells.filter(is_wrong), strict=True)
        ]
        raise DataError(
            f"{source}: {CHANCE_COLUMN} must be a number above 0 and at most 1 for every item:",
            problems=wrong,
            hint="Keep the column as judgekit select wrote it; without it the items count as a random sample.",
        )
    return numbers.to_numpy()
