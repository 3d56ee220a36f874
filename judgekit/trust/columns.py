"""The items of an evaluation by a column of their table: `evaluate --by COLUMN`."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.core.strata import in_bins
from judgekit.dataset.annotation_columns import extra_columns
from judgekit.dataset.item_rows import rows_of_items
from judgekit.errors import DataError
from judgekit.schema.item_ids import item_ids
from judgekit.schema.schema import Schema
from judgekit.tables.column_names import did_you_mean
from judgekit.tables.source import ITEM, SourceTable, TableAccount

MOST_VALUES = 20
"""Different texts that are values; more are shown by their length."""
FEWEST_NUMBERS = 8
"""Different numbers that are put in bins; fewer are values like others."""
SEVERAL = "several values"
LENGTHS = " characters"
"""How the names of parts end that are lengths of texts."""


def column_of_table(source: SourceTable, schema: Schema, column: str) -> pl.DataFrame:
    """`item_id` and `value` of a column of a file: null where it is empty, `SEVERAL` where rows of an item differ.

    Raises:
        DataError: the table has no such column.
    """
    if column not in source.frame.columns:
        raise _no_column(column, source.name, source.frame.columns, "Name one of them.")
    rows = rows_of_items(source, schema, TableAccount(source, source.set_aside))
    found = _one_each(pl.DataFrame([rows.get_column(ITEM), rows.get_column(column).alias("value")]), ITEM)
    return found.with_columns(item_ids(source, schema, found.get_column(ITEM)).alias("item_id")).drop(ITEM)


def column_of_dataset(
    name: str, ids: pl.Series, texts: pl.DataFrame, annotations: pl.DataFrame, column: str
) -> pl.DataFrame:
    """The same of what a dataset keeps: texts of the prompt, and columns of annotations and annotators.

    Args:
        name: of the dataset, for messages.
        ids: of its items, `[N]`.
        texts: of its items.
        annotations: of the dataset.
        column: its name in the file.

    Raises:
        DataError: the dataset does not keep the column.
    """
    if column in texts.columns:
        return pl.DataFrame([ids.alias("item_id"), texts.get_column(column).alias("value")])
    kept = {one.name.partition(".")[2]: one for one in extra_columns(annotations)}
    if column not in kept:
        hint = f"Evaluate the file that has it: judgekit evaluate FILE --by {column}"
        raise _no_column(column, f"The dataset {name!r}", [*texts.columns, *kept], hint)
    values = kept[column].cast(pl.String).alias("value")
    return _one_each(pl.DataFrame([annotations.get_column("item_id"), values]), "item_id")


def parts_by(column: str, values: pl.Series) -> dict[str, NDArray[np.bool_]]:
    """Which items have each value of a column, `[N]` each; numbers, and the lengths of many texts, in bins.

    Args:
        column: its name, for messages.
        values: of the items, `[N]`; null where there is none.

    Raises:
        DataError: the column has no value.
    """
    filled = values.drop_nulls()
    if filled.is_empty():
        raise DataError(f"The column {column!r} is empty for every item.", hint="Name another with --by.")
    texts = filled.filter(filled != SEVERAL)
    numbers = texts.str.strip_chars().cast(pl.Float64, strict=False)
    parts: dict[str, NDArray[np.bool_]] = {}
    is_numeric = numbers.null_count() == 0 and bool(numbers.is_finite().all())
    if is_numeric and numbers.n_unique() > FEWEST_NUMBERS:
        parts = in_bins(values.str.strip_chars().cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy())
    elif texts.n_unique() > MOST_VALUES:
        lengths = values.str.len_chars().cast(pl.Float64).fill_null(np.nan).to_numpy().copy()
        lengths[(values == SEVERAL).fill_null(False).to_numpy()] = np.nan
        parts = {f"{name}{LENGTHS}": mask for name, mask in in_bins(lengths).items()}
    else:
        named = texts.value_counts(sort=True, name="items").get_column(texts.name).to_list()
        named = sorted(named, key=float) if is_numeric else named
        parts = {value: (values == value).fill_null(False).to_numpy() for value in named}
    rest = {SEVERAL: (values == SEVERAL).fill_null(False).to_numpy(), "empty": values.is_null().to_numpy()}
    return {**parts, **{name: mask for name, mask in rest.items() if mask.any()}}


def _one_each(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    plain = pl.col("value").str.strip_chars()
    filled = pl.when(plain != "").then(plain).alias("value")
    several = pl.when(pl.col("value").list.len() > 1).then(pl.lit(SEVERAL)).otherwise(pl.col("value").list.first())
    one = pl.col("value").drop_nulls().unique()
    return rows.with_columns(filled).group_by(key, maintain_order=True).agg(one).with_columns(several.alias("value"))


def _no_column(column: str, where: str, there: list[str], hint: str) -> DataError:
    return DataError(
        f"{where} has no column {column!r}{did_you_mean(column, there)}; it has {', '.join(there)}.", hint=hint
    )
