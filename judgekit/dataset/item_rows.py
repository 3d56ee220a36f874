"""The rows of a table that belong to an item: which item, and which rows contradict what other rows say of it."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from judgekit.dataset.chances import as_chance, with_known_chance
from judgekit.errors import DataError
from judgekit.schema.given_parts import normalise_part
from judgekit.schema.item_ids import item_ids, joined
from judgekit.schema.schema import Schema
from judgekit.tables.account import EMPTY_ROW
from judgekit.tables.groups import Groups
from judgekit.tables.shapes import is_blank
from judgekit.tables.source import ITEM, ROW, SourceTable, TableAccount

_SETTLED = "\x00settled"
_OF_AN_ITEM = {
    "split": ("is in", "parts of the split"),
    "group": ("is in", "groups"),
    "chance": ("has", "chances to be drawn"),
}


def rows_of_items(source: SourceTable, schema: Schema, account: TableAccount) -> pl.DataFrame:
    """The rows that have an item and contradict no other.

    Args:
        source: the table.
        schema: what each column means.
        account: gets the rows that are set aside.

    Returns:
        The columns of the source with `ROW`, the position in the source, and `ITEM`, that of the item's first row:
        numbers are compared many times faster than ids, which `item_ids` gives back.

    Raises:
        DataError: all rows are empty.
    """
    rows = _with_items(source, schema, account)
    is_whole = rows.height == source.frame.height
    if schema.item and is_whole:
        groups = source.groups(schema.item)
    else:
        keys = rows.get_column(schema.item) if schema.item else joined(pl.DataFrame(_columns(rows, schema.fields)))
        groups = Groups(pl.DataFrame([keys.alias(ITEM), *_columns(rows, schema.fields)]), [ITEM])
    first = groups.first if is_whole else rows.get_column(ROW).gather(groups.first)
    rows = rows.with_columns(first.alias(ITEM))
    if schema.item:
        rows = _with_one_text(schema, rows, groups, account)
    if schema.chance:
        rows = with_known_chance(schema.chance, rows, account)
    for column, what in _OF_AN_ITEM.items():
        if name := getattr(schema, column):
            rows = _with_one_value(schema, rows, name, what, account)
    return rows


def _with_items(source: SourceTable, schema: Schema, account: TableAccount) -> pl.DataFrame:
    """The rows that have an item, with `ROW`."""
    frame = source.frame
    named = [schema.item] if schema.item else []
    blank = _blank_cells(frame, dict.fromkeys([*named, *schema.fields]))
    is_empty = _all_hold(blank, blank.columns)
    if is_empty.any():
        is_empty = _all_hold(_blank_cells(frame, frame.columns), frame.columns)
    if is_empty.all():
        raise DataError(f"{source.name} has only empty rows.", hint="Give a table with annotations.")
    account.set_aside(EMPTY_ROW, is_empty.arg_true())
    is_lost = is_empty
    for names, reason in (
        (named, f"the item id ({schema.item}) is empty"),
        (schema.fields, f"no text at all ({', '.join(schema.fields)})"),
    ):
        if names and (wrong := _all_hold(blank, names) & ~is_lost).any():
            account.set_aside(reason, wrong.arg_true(), is_fault=True)
            is_lost = is_lost | wrong
    rows = frame.select(pl.int_range(pl.len()).alias(ROW), pl.all())
    return rows.filter(~is_lost) if is_lost.any() else rows


def _blank_cells(frame: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """Whether each cell of some columns is blank."""
    return pl.DataFrame([is_blank(column) for column in _columns(frame, names)])


def _all_hold(claims: pl.DataFrame, names: Iterable[str]) -> pl.Series:
    """Whether some columns of claims all hold, row by row."""
    return pl.DataFrame(_columns(claims, names)).select(pl.all_horizontal(pl.all())).to_series()


def _columns(frame: pl.DataFrame, names: Iterable[str]) -> list[pl.Series]:
    """Some columns; `select` would take one called `*` or `^a$` for a pattern."""
    return [frame.get_column(name) for name in names]


def _with_one_text(schema: Schema, rows: pl.DataFrame, groups: Groups, account: TableAccount) -> pl.DataFrame:
    """The rows whose item has the text it had first."""
    differs = [groups.differs(name) for name in schema.fields]
    if not any(differ.any() for differ in differs):
        return rows
    flags = [differ.alias(f"_d{n}") for n, differ in enumerate(differs)]
    is_other = pl.DataFrame(flags).select(pl.any_horizontal(pl.all())).to_series()
    other = rows.select(ROW, ITEM).with_columns(flags).filter(is_other)
    items = other.group_by(ITEM, maintain_order=True).agg(ROW, pl.col(flag.name for flag in flags).any())
    source = account.source
    details = (
        f"{source.place(at)}: item {item!r} has another text "
        f"({', '.join(name for name, is_other in zip(schema.fields, changed, strict=True) if is_other)}) than "
        f"on {source.where([start])}"
        for item, (start, at, *changed) in zip(
            item_ids(source, schema, items.get_column(ITEM)), items.iter_rows(), strict=True
        )
    )
    reason = "the item has another text than before"
    account.set_aside(reason, other.get_column(ROW), is_fault=True, details=details)
    return rows.filter(~is_other)


def _with_one_value(
    schema: Schema, rows: pl.DataFrame, column: str, what: tuple[str, str], account: TableAccount
) -> pl.DataFrame:
    """The rows of the items that have one value of a column, or none; nobody knows where an item of two belongs."""
    filled, (verb, values_in_words) = _filled(rows, column), what
    if column == schema.chance:
        filled = filled.with_columns(as_chance(filled.get_column(_SETTLED)).cast(pl.String))
    if column == schema.split:
        part_of = {value: normalise_part(value) for value in filled.get_column(_SETTLED).unique().to_list()}
        filled = filled.with_columns(pl.col(_SETTLED).replace_strict(part_of, return_dtype=pl.String))
    if not Groups(filled.fill_null("\x00"), [ITEM]).differs(_SETTLED).any():
        return rows
    several = (
        filled.group_by(ITEM, maintain_order=True)
        .agg(ROW, pl.col(_SETTLED).unique(maintain_order=True))
        .filter(pl.col(_SETTLED).list.len() > 1)
    )
    details = (
        f"{account.source.place(at)}: item {item!r} {verb} {len(values)} {values_in_words}: "
        f"{', '.join(map(repr, values))}"
        for item, (_, at, values) in zip(
            item_ids(account.source, schema, several.get_column(ITEM)), several.iter_rows(), strict=True
        )
    )
    reason = f"the item {verb} more than one of the {values_in_words} ({column})"
    lost = rows.join(several, on=ITEM, how="semi").get_column(ROW)
    account.set_aside(reason, lost, is_fault=True, details=details)
    return rows.join(several, on=ITEM, how="anti", maintain_order="left")


def value_of_item(voted: pl.DataFrame, items: pl.Series, column: str) -> pl.Series:
    """The one value of a column that each item has, null where it has none."""
    filled = _filled(voted, column).unique(ITEM, keep="first", maintain_order=True)
    return items.alias(ITEM).to_frame().join(filled, on=ITEM, how="left", maintain_order="left").get_column(_SETTLED)


def _filled(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    """`ROW`, `ITEM` and the value of a column, where there is one."""
    values = rows.get_column(column).str.strip_chars().alias(_SETTLED)
    return rows.select(ROW, ITEM).with_columns(values).filter(values != "")
