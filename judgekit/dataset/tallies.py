"""The annotations of a table whose cells are numbers of annotators, or shares of them: one count per item and label."""

from __future__ import annotations

import polars as pl

from judgekit.dataset.item_rows import item_ids
from judgekit.schema.layouts.shares import counts_of_shares
from judgekit.schema.schema import Schema
from judgekit.tables.source import ITEM, ROW, TableAccount

_MOST_COUNT = 10**9


def tallied(schema: Schema, rows: pl.DataFrame, account: TableAccount) -> pl.DataFrame:
    """The annotations of counts or shares: `ROW`, `ITEM`, `annotator` (null), `label`, `count`, in file order."""
    if schema.layout == "probabilities":
        rows, numbers = counts_of_shares(schema, rows, account)
    else:
        rows, numbers = _counts_of_cells(schema, rows, account)
    names = numbers.columns
    numbers = numbers.with_columns(rows.get_column(ROW), rows.get_column(ITEM))
    total = pl.sum_horizontal(names)
    account.set_aside("all counts are zero", numbers.filter(total == 0).get_column(ROW))
    numbers = _one_row_per_item(schema, numbers.filter(total > 0), names, account)
    label_of = dict(zip(names, schema.count_labels, strict=True))
    cells = numbers.unpivot(on=names, index=[ROW, ITEM], variable_name="label", value_name="count")
    # unpivot goes column by column; file order is row by row
    cells = cells.filter(pl.col("count") > 0).sort(ROW, maintain_order=True)
    label = pl.col("label").replace_strict(label_of, return_dtype=pl.String)
    return cells.select(ROW, ITEM, pl.lit(None, dtype=pl.String).alias("annotator"), label, "count")


def _counts_of_cells(schema: Schema, rows: pl.DataFrame, account: TableAccount) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows whose cells are all counts, and these as Int64, one column per label."""
    cells = [rows.get_column(name).str.strip_chars() for name in schema.count_columns]
    numbers = pl.DataFrame(
        [
            pl.select(
                pl.when(column.str.contains(r"^\+?\d+(\.0+)?$")).then(
                    column.str.replace(r"\.0+$", "").str.strip_prefix("+").cast(pl.Int64, strict=False)
                )
            )
            .to_series()
            .alias(f"\x00{n}")
            for n, column in enumerate(cells)
        ]
    )
    is_wrong = numbers.select((pl.all().is_null() | (pl.all() > _MOST_COUNT)).fill_null(True))
    any_wrong = is_wrong.select(pl.any_horizontal(pl.all())).to_series()
    if not any_wrong.any():
        return rows, numbers
    details: list[str] = []
    for name, wrong in zip(schema.count_columns, is_wrong.get_columns(), strict=True):
        bad = rows.filter(wrong)
        if bad.height:
            found = ", ".join(map(repr, bad.get_column(name).unique(maintain_order=True)[:3]))
            place = account.source.place(bad.get_column(ROW))
            details.append(f"{place}: {name} must be a whole number from 0, found {found}")
    reason = "a count is no whole number from 0"
    account.set_aside(reason, rows.filter(any_wrong).get_column(ROW), is_fault=True, details=details)
    return rows.filter(~any_wrong), numbers.filter(~any_wrong)


def _one_row_per_item(schema: Schema, numbers: pl.DataFrame, names: list[str], account: TableAccount) -> pl.DataFrame:
    """A row that returns unchanged is a copy, not new annotations; one that returns changed is a contradiction."""
    several = numbers.filter(pl.col(ITEM).is_duplicated())
    if several.height == 0:
        return numbers
    groups = several.group_by(ITEM, maintain_order=True).agg(ROW, (pl.struct(names).n_unique() > 1).alias("differs"))
    differing = groups.filter("differs")
    details = (
        f"{account.source.place(rows)}: item {item!r} has {len(rows)} rows with different counts"
        for item, rows in zip(
            item_ids(account.source, schema, differing.get_column(ITEM)), differing.get_column(ROW), strict=True
        )
    )
    lost = several.join(differing, on=ITEM, how="semi").get_column(ROW)
    account.set_aside("the rows of the item have different counts", lost, is_fault=True, details=details)
    numbers = numbers.join(differing, on=ITEM, how="anti", maintain_order="left")
    is_repeat = ~pl.col(ITEM).is_first_distinct()
    repeats = numbers.filter(is_repeat).get_column(ROW)
    account.set_aside("the row repeats an item with the same counts", repeats)
    return numbers.filter(~is_repeat)
