"""The votes of a table, whatever its layout: one row per item, annotator and label, and the rows that hold none."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from judgekit.data.ingest_report import SetAside
from judgekit.data.schema import Schema
from judgekit.data.source import ITEM, ROW, SourceTable

_MOST_COUNT = 10**9
_COLUMN, _CELL = "\x00column", "\x00cell"


class Votes(NamedTuple):
    """What annotators said."""

    frame: pl.DataFrame
    """`ROW`, `ITEM`, `annotator` (null where unnamed), `label`, `count` (Int64, positive), in file order."""
    notes: list[str]
    warnings: list[str]


def collect_votes(
    source: SourceTable, schema: Schema, keyed: pl.DataFrame, aside: list[SetAside], problems: list[str]
) -> Votes:
    """The votes of the rows in `keyed`; rows without one are added to `aside`, contradictions to `problems`."""
    if schema.layout == "counts":
        return _from_counts(source, schema, keyed, aside, problems)
    if schema.layout == "wide":
        cells = _unpivoted(keyed, list(schema.annotator_columns)).rename({_COLUMN: "annotator", _CELL: "label"})
        # unpivot goes column by column; file order is row by row
        order = {name: n for n, name in enumerate(schema.annotator_columns)}
        cells = cells.sort(ROW, pl.col("annotator").replace_strict(order, return_dtype=pl.Int64))
        missing = "no annotator labelled the item"
    else:
        annotator = pl.lit(None, dtype=pl.String)
        if schema.annotator:
            filled = pl.col(schema.annotator).str.strip_chars() != ""
            annotator = pl.when(filled).then(pl.col(schema.annotator))
        cells = keyed.select(ROW, ITEM, annotator=annotator, label=pl.col(schema.label or ""))
        missing = "the label is empty"
    votes = cells.filter(pl.col("label").str.strip_chars() != "")
    _set_aside(source, missing, keyed.join(votes, on=ROW, how="anti"), aside)
    notes: list[str] = []
    warnings: list[str] = []
    if schema.annotator and (nameless := votes.get_column("annotator").null_count()):
        warnings.append(f"{nameless:,} annotations do not name their annotator ({schema.annotator} is empty).")
    if schema.layout == "wide" and (empty := cells.height - votes.height):
        notes.append(f"{empty:,} cells of annotators are empty: not everybody labelled every item.")
    votes = _one_per_annotator(source, votes, aside, problems, notes)
    return Votes(votes.with_columns(count=pl.lit(1, dtype=pl.Int64)), notes, warnings)


def _unpivoted(frame: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """One row per cell of some columns; the columns may have any name, `label` and `annotator` among them."""
    return frame.select(ROW, ITEM, *columns).unpivot(
        on=columns, index=[ROW, ITEM], variable_name=_COLUMN, value_name=_CELL
    )


def _one_per_annotator(
    source: SourceTable, votes: pl.DataFrame, aside: list[SetAside], problems: list[str], notes: list[str]
) -> pl.DataFrame:
    """Repeated annotations collapsed where they agree; an annotator who contradicts herself is a problem."""
    pair = [ITEM, "annotator"]
    is_named = pl.col("annotator").is_not_null()
    is_repeat = is_named & pl.struct(pair).is_first_distinct().not_()
    repeats = votes.filter(is_repeat)
    if repeats.height == 0:
        return votes
    several = votes.join(repeats.select(pair).unique(), on=pair, how="semi", maintain_order="left")
    by_pair = several.group_by(pair, maintain_order=True).agg(ROW, "label")
    for item, annotator, rows, labels in by_pair.filter(pl.col("label").list.n_unique() > 1).iter_rows():
        said = ", ".join(repr(label) for label in dict.fromkeys(labels))
        problems.append(
            f"{source.place(rows)}: annotator {annotator!r} labels item {item!r} {len(rows)} times, differently: {said}"
        )
    kept = votes.filter(~is_repeat)
    lost = repeats.join(kept, on=ROW, how="anti").unique(ROW, maintain_order=True)
    _set_aside(source, "the same annotator gave the same item the same label before", lost, aside)
    cells = repeats.join(kept, on=ROW, how="semi").height
    if cells:
        notes.append(f"{cells:,} cells repeat a label that the same annotator gave the same item before.")
    return kept


def _from_counts(
    source: SourceTable, schema: Schema, keyed: pl.DataFrame, aside: list[SetAside], problems: list[str]
) -> Votes:
    label_of = dict(zip(schema.count_columns, schema.count_labels, strict=True))
    numbers = keyed.with_columns(
        pl.when(pl.col(name).str.strip_chars().str.contains(r"^\+?\d+(\.0+)?$"))
        .then(pl.col(name).str.strip_chars().str.replace(r"\.0+$", "").cast(pl.Int64, strict=False))
        .alias(name)
        for name in schema.count_columns
    )
    for name in schema.count_columns:
        wrong = numbers.filter(pl.col(name).is_null() | (pl.col(name) > _MOST_COUNT)).get_column(ROW).to_list()
        if wrong:
            found = ", ".join(dict.fromkeys(repr(source.frame.get_column(name)[row]) for row in wrong[:3]))
            problems.append(f"{source.place(wrong)}: {name} must be a whole number from 0, found {found}")
    numbers = numbers.with_columns(pl.col(name).fill_null(0) for name in schema.count_columns)
    total = pl.sum_horizontal(schema.count_columns)
    if not problems:
        _set_aside(source, "all counts are zero", numbers.filter(total == 0), aside)
    numbers = numbers.filter(total > 0)
    numbers = _one_row_per_item(source, schema, numbers, aside, problems)
    votes = _unpivoted(numbers, list(schema.count_columns)).rename({_COLUMN: "column", _CELL: "count"})
    votes = votes.sort(ROW, maintain_order=True).filter(pl.col("count") > 0)
    label = pl.col("column").replace_strict(label_of, return_dtype=pl.String)
    annotator = pl.lit(None, dtype=pl.String).alias("annotator")
    return Votes(votes.select(ROW, ITEM, annotator, label.alias("label"), "count"), [], [])


def _one_row_per_item(
    source: SourceTable, schema: Schema, numbers: pl.DataFrame, aside: list[SetAside], problems: list[str]
) -> pl.DataFrame:
    """A counts row that returns unchanged is a copy, not new votes; one that returns changed is a contradiction."""
    is_repeat = numbers.select(~pl.col(ITEM).is_first_distinct()).to_series()
    if not is_repeat.any():
        return numbers
    several = numbers.filter(pl.col(ITEM).is_duplicated())
    differs = pl.struct(schema.count_columns).n_unique() > 1
    groups = several.group_by(ITEM, maintain_order=True).agg(ROW, differs.alias("differs"))
    for item, rows in groups.filter("differs").select(ITEM, ROW).iter_rows():
        problems.append(f"{source.place(rows)}: item {item!r} has {len(rows)} rows with different counts")
    _set_aside(source, "the row repeats an item with the same counts", numbers.filter(is_repeat), aside)
    return numbers.filter(~is_repeat)


def _set_aside(source: SourceTable, reason: str, rows: pl.DataFrame, aside: list[SetAside]) -> None:
    if rows.height:
        aside.append(SetAside(reason, rows.height, source.where(rows.get_column(ROW).to_list())))
