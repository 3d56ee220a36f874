"""The annotations of a table, whatever its layout: one row per item, annotator and label; and the rows without one."""

from __future__ import annotations

import numpy as np
import polars as pl

from judgekit.errors import MOST_PROBLEMS_SHOWN
from judgekit.schema.item_ids import item_ids
from judgekit.schema.label_names import apply_given_labels
from judgekit.schema.layouts.choice import READINGS
from judgekit.schema.schema import Schema
from judgekit.tables.source import ITEM, ROW, TableAccount


def collect_annotations(schema: Schema, rows: pl.DataFrame, account: TableAccount) -> pl.DataFrame:
    """The annotations of `rows`; rows without one are set aside, and so are those that contradict each other.

    Args:
        schema: what each column means.
        rows: the columns of the source, `ROW` and `ITEM`.
        account: gets the rows that are set aside.

    Returns:
        `ROW`, `ITEM`, `annotator` (null where unnamed), `label`, `count` (Int64, positive), in file order.
    """
    reading = READINGS[schema.layout]
    annotations = reading.to_annotations(schema, rows, account)
    if schema.annotator and (nameless := annotations.get_column("annotator").null_count()):
        account.warnings.append(f"{nameless:,} annotations do not name their annotator ({schema.annotator} is empty).")
    annotations = apply_given_labels(annotations, schema, account)
    if reading.is_tally and not schema.annotator:  # columns may be read as one label
        keys = [ROW, ITEM, "annotator", "label"]
        return annotations.group_by(keys, maintain_order=True).agg(pl.col("count").sum())
    return _one_per_annotator(schema, annotations, account)


def _one_per_annotator(schema: Schema, annotations: pl.DataFrame, account: TableAccount) -> pl.DataFrame:
    """Repeated annotations collapsed where they agree; where an annotator contradicts herself none is kept."""
    pair = [ITEM, "annotator"]
    named = annotations.select(pair)
    named = named.drop_nulls() if named.get_column("annotator").null_count() else named
    hashes = np.sort(named.hash_rows().to_numpy())
    if not (hashes[1:] == hashes[:-1]).any():  # no pair returns
        return annotations
    is_repeat = pl.col("annotator").is_not_null() & pl.struct(pair).is_first_distinct().not_()
    repeats = annotations.filter(is_repeat)
    several = annotations.join(repeats.select(pair).unique(), on=pair, how="semi", maintain_order="left")
    by_pair = several.group_by(pair, maintain_order=True).agg(ROW, "label")
    unsure = by_pair.filter(pl.col("label").list.n_unique() > 1)
    kept = annotations.filter(~is_repeat).join(unsure, on=pair, how="anti", maintain_order="left")
    shown = unsure.head(MOST_PROBLEMS_SHOWN)
    details = [
        f"{account.source.place(rows)}: annotator {annotator!r} labels item {item!r} {len(rows)} times, differently: "
        + ", ".join(map(repr, dict.fromkeys(labels)))
        for item, (_, annotator, rows, labels) in zip(
            item_ids(account.source, schema, shown.get_column(ITEM)), shown.iter_rows(), strict=True
        )
    ]
    withdrawn = annotations.join(unsure, on=pair, how="semi", maintain_order="left")
    lost = withdrawn.join(kept, on=ROW, how="anti", maintain_order="left").get_column(ROW).unique(maintain_order=True)
    reason = "the annotator gave the same item several labels"
    account.set_aside(reason, lost, is_fault=True, details=details)
    beside = withdrawn.join(kept, on=ROW, how="semi", maintain_order="left").get_column(ROW)
    account.leave_out(reason, beside, details)
    again = repeats.join(unsure, on=pair, how="anti", maintain_order="left")
    gone = again.join(pl.concat([kept.select(ROW), withdrawn.select(ROW)]), on=ROW, how="anti", maintain_order="left")
    account.set_aside(
        "the same annotator gave the same item the same label before",
        gone.get_column(ROW).unique(maintain_order=True),
    )
    if cells := again.height - gone.height:
        account.notes.append(f"{cells:,} cells repeat a label that the same annotator gave the same item before.")
    return kept
