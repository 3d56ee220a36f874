"""What counts and shares have in common: a column stands for a label, and a cell for a number of annotators."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import polars as pl

from judgekit.schema.item_ids import item_ids
from judgekit.schema.label_names import map_labels
from judgekit.schema.layouts.layout import UNNAMED, Judged, LayoutReading
from judgekit.schema.schema import Schema
from judgekit.tables.column_names import (
    ITEM_NAMES,
    QUALITY_NAMES,
    names_a_metadata_number,
    names_an_id,
    normalise,
    strip_count_affix,
)
from judgekit.tables.source import ITEM, ROW, TableAccount

_MOST_COLUMNS = 40
_FEWEST_ADDED = 4
"""Of three rows one is the sum of the others by chance now and then."""


class Tally(LayoutReading):
    """A column stands for a label."""

    is_tally: ClassVar[bool] = True

    @abstractmethod
    def short_names(self, columns: Sequence[str]) -> list[str]:
        """The names of columns without what says that they count labels or hold their shares."""

    def labels(self, judged: Judged) -> list[str]:
        """The names of the columns, in file order; in full where a judge knows them so."""
        short, known = self.short_names(judged.columns), set(self.state.known_labels)
        is_known = not known or known.intersection(map_labels(short, self.state.roles.label_map))
        return short if is_known else list(judged.columns)


def numbers_to_annotations(
    schema: Schema, rows: pl.DataFrame, numbers: pl.DataFrame, account: TableAccount
) -> pl.DataFrame:
    """The annotations of numbers of annotators; rows that repeat or contradict their item are set aside.

    Args:
        schema: names the label of each column.
        rows: the rows.
        numbers: one Int64 column per label, in the order of `schema.count_columns`.
        account: gets the rows that are set aside.
    """
    names = [f"\x00{n}" for n in range(numbers.width)]
    numbers = pl.DataFrame([column.alias(name) for column, name in zip(numbers.get_columns(), names, strict=True)])
    numbers = numbers.with_columns(rows.get_column(ROW), rows.get_column(ITEM))
    total = pl.sum_horizontal(names)
    numbers = _without_total(numbers, names, account)
    account.set_aside("all counts are zero", numbers.filter(total == 0).get_column(ROW))
    numbers = numbers.filter(total > 0)
    if not numbers.select((total == 1).all()).item():  # else each row is one annotation, and items may return
        numbers = _one_row_per_item(schema, numbers, names, account)
    label_of = dict(zip(names, schema.count_labels, strict=True))
    cells = numbers.unpivot(on=names, index=[ROW, ITEM], variable_name="label", value_name="count")
    # unpivot goes column by column; file order is row by row
    cells = cells.filter(pl.col("count") > 0).sort(ROW, maintain_order=True)
    label = pl.col("label").replace_strict(label_of, return_dtype=pl.String)
    if schema.annotator is None:
        return cells.select(ROW, ITEM, UNNAMED, label, "count")
    named = rows.select(ROW, annotator=rows.get_column(schema.annotator))
    cells = cells.join(named, on=ROW, how="left", maintain_order="left")
    annotator = pl.when(pl.col("annotator").str.strip_chars() != "").then(pl.col("annotator"))
    return cells.select(ROW, ITEM, annotator, label, "count")


def _without_total(numbers: pl.DataFrame, names: list[str], account: TableAccount) -> pl.DataFrame:
    """The rows without one that is the sum of all others, as a pivot table or a sheet has at its end."""
    if numbers.height < _FEWEST_ADDED:
        return numbers
    is_total = numbers.select(pl.all_horizontal(2 * pl.col(name) == pl.col(name).sum() for name in names)).to_series()
    is_total &= numbers.select(pl.sum_horizontal(names) > 0).to_series()
    account.set_aside("the row is the sum of all others", numbers.get_column(ROW).filter(is_total))
    return numbers.filter(~is_total)


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


def describes_the_item(name: str) -> bool:
    """Whether a name means a number of the item, or of its annotations, and no label."""
    short = strip_count_affix([name])[0]
    is_named = bool({normalise(name), normalise(short)} & (QUALITY_NAMES | set(ITEM_NAMES)))
    is_id = names_an_id(name) or name.startswith("Unnamed: ")
    return is_named or is_id or names_a_metadata_number(name) or names_a_metadata_number(short)


def pick(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Some columns; `select` would take a column called `*` or `^a$` for a pattern."""
    return pl.DataFrame([frame.get_column(name) for name in columns])


def whole_numbers(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """The cells as Int64; what is no number becomes 0."""
    number = pl.all().str.strip_chars().cast(pl.Float64, strict=False).fill_null(0).fill_nan(0)
    return pick(frame, columns).select(number.clip(-1e15, 1e15).cast(pl.Int64))


def totals(numbers: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """The sum of some columns in each row."""
    return pick(numbers, columns).sum_horizontal()


def runs_of(columns: Sequence[str]) -> list[list[str]]:
    """Neighbouring columns, two or more and not all."""
    if len(columns) > _MOST_COLUMNS:
        return []
    ends = range(2, len(columns) + 1)
    return [list(columns[a:b]) for b in ends for a in range(b - 1) if 1 < b - a < len(columns)]


def varying(numbers: pl.DataFrame, columns: Sequence[str]) -> int:
    """How many of some columns have two values or more."""
    return sum(numbers.get_column(name).n_unique() > 1 for name in columns)
