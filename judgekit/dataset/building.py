"""From a source table and its schema to items and annotations: every row is kept, set aside and said, or refused.

What is refused is collected over the whole file and raised once. All of it is column operations of polars: a loop over
rows would take the time of the rest of `ingest` ten times over.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from judgekit.dataset.annotation_columns import columns_of_annotations
from judgekit.dataset.annotations import collect_annotations
from judgekit.dataset.chances import CHANCE, as_chance
from judgekit.dataset.item_groups import TextGroups, given_groups, text_keys
from judgekit.dataset.item_rows import rows_of_items, value_of_item
from judgekit.dataset.items import ItemTable
from judgekit.dataset.refusal import refuse_losses
from judgekit.dataset.telling_texts import warn_of_telling_texts
from judgekit.errors import DataError
from judgekit.schema.given_parts import normalise_part
from judgekit.schema.item_ids import item_ids
from judgekit.schema.scales import order_labels
from judgekit.schema.schema import Schema
from judgekit.schema.spellings import label_warnings
from judgekit.tables.account import SetAside
from judgekit.tables.column_names import did_you_mean
from judgekit.tables.evidence import MOST_LABELS
from judgekit.tables.groups import Groups
from judgekit.tables.json_records.table import FORMS
from judgekit.tables.shapes import is_blank
from judgekit.tables.source import ITEM, ROW, SourceTable, TableAccount
from judgekit.tables.structured_cells import parse_structure
from judgekit.wording import counted

NO_DISAGREEMENT = "Every item has a single annotation: there is no disagreement to learn from."
_LABELS_PER_ROW_SHARE = 0.5


@dataclass(frozen=True)
class IngestReport:
    """The account of one table: `rows_read == rows_kept + sum(aside.rows for aside in set_aside)`."""

    rows_read: int
    rows_kept: int
    annotations: int
    annotators: int | None
    """Distinct annotators; None where the table does not name them."""
    set_aside: tuple[SetAside, ...] = ()
    notes: tuple[str, ...] = ()
    """What was found or decided and is no cause for worry."""
    warnings: tuple[str, ...] = ()
    """What may be a mistake in the data."""


class Ingested(NamedTuple):
    """The outcome of reading one table."""

    items: ItemTable
    annotations: pl.DataFrame
    """`item_id`, `annotator` (null where unnamed), `label`, `count` (Int64), in file order; `chance` (Float64) where
    items were drawn with one; then what else is known of each, as `annotation_columns` names it."""
    report: IngestReport


def build_items(
    source: SourceTable,
    schema: Schema,
    *,
    strict: bool = False,
    most_set_aside: float = 0.0,
    is_round: bool = False,
    is_ingest: bool = True,
) -> Ingested:
    """Build the item table of a source.

    Args:
        source: the rows as text.
        schema: what each column means.
        strict: whether every row must become an annotation, empty rows and dropped labels aside.
        most_set_aside: share of the rows read that may be faulty and is then set aside; by default none may.
        is_round: whether these are further annotations of a dataset, whose items may have others already.
        is_ingest: whether the command has options that name columns and labels.

    Raises:
        DataError: more rows than that contradict the file or themselves (they are listed), labels are unknown, or there
            are no labels to learn from.
    """
    account = TableAccount(source, source.set_aside)
    rows = rows_of_items(source, schema, account)
    with ThreadPoolExecutor(1) as pool:  # the digests take as long as all the rest, which leaves a core to them
        by_text = pool.submit(TextGroups.of, source, schema, rows.get_column(ITEM))
        annotations = collect_annotations(schema, rows, account)
        used = set(annotations.get_column("label").unique().to_list())
        unknown = _unknown_labels(source, schema, annotations) if used - set(schema.labels) else []
        refuse_losses(account, strict=strict, most_set_aside=most_set_aside, unknown=unknown, is_ingest=is_ingest)
        _check_label_set(source, schema, annotations, len(used))
        items, annotations = _assemble(source, _of_used_labels(schema, used), rows, annotations, by_text)
    return Ingested(items, annotations, _report(schema, account, annotations, items, is_round=is_round))


def _unknown_labels(source: SourceTable, schema: Schema, annotations: pl.DataFrame) -> list[str]:
    """Labels outside the schema's: possible only where a judge's or the user's label set was given."""
    unknown = annotations.filter(~pl.col("label").is_in(list(schema.labels)))
    return [
        f"{source.place(rows)}: label {label!r} ({counted(len(rows), 'annotation')}) is not one of "
        f"{', '.join(schema.labels)}{did_you_mean(label, schema.labels)}"
        for label, rows in unknown.group_by("label").agg(ROW).sort("label").iter_rows()
    ]


def _check_label_set(source: SourceTable, schema: Schema, annotations: pl.DataFrame, used: int) -> None:
    where = repr(schema.label) if schema.label else f"the {schema.layout} columns"
    if annotations.height == 0:
        raise DataError(f"{source.name}: there is not one annotation in {where}.", hint="Name the label with --label.")
    if (len(schema.labels) if schema.is_declared else used) < 2:
        only = annotations.get_column("label")[0]
        raise DataError(
            f"{source.name}: the only label in {where} is {only!r}; there is nothing to learn.",
            hint="At least two labels are needed; another column may hold them: --label.",
        )
    brackets = [label for label in schema.labels if _has_torn_brackets(label)]
    if brackets:
        raise DataError(
            f"{source.name}: {where} holds lists or objects that cannot be read, as {brackets[0][:80]!r} shows.",
            hint=f"Write the cells as JSON. {FORMS}",
        )
    is_per_row = used > 10 and used > _LABELS_PER_ROW_SHARE * annotations.height
    if not schema.count_columns and (len(schema.labels) > MOST_LABELS or is_per_row):
        raise DataError(
            f"{source.name}: {where} has {used:,} different values in {counted(annotations.height, 'annotation')}, too "
            f"many for labels (at most {MOST_LABELS}); it is probably another kind of column.",
            hint="Name the label column with --label.",
        )


# `[deleted]` and `[/]` are words of somebody's; a list of several, or of quoted ones, is a structure.
_WORDS_IN_BRACKETS = r"\s*[\[{][^\[\]{}'\",:=]+[\]}]\s*"


def _has_torn_brackets(label: str) -> bool:
    """Whether a label is a piece of a list or an object, or the whole of one."""
    starts, ends = label.lstrip().startswith(("[", "{")), label.rstrip().endswith(("]", "}"))
    return starts != ends or (
        starts and parse_structure(label) is not None and not re.fullmatch(_WORDS_IN_BRACKETS, label)
    )


def _of_used_labels(schema: Schema, used: set[str]) -> Schema:
    """The schema without labels of rows that were all set aside; those that were declared stay."""
    if schema.is_declared or used == set(schema.labels):
        return schema
    scale = order_labels([label for label in schema.labels if label in used])
    return dataclasses.replace(schema, labels=scale.labels, scale=scale.kind, values=scale.values)


def _assemble(
    source: SourceTable, schema: Schema, rows: pl.DataFrame, annotations: pl.DataFrame, by_text: Future[TextGroups]
) -> tuple[ItemTable, pl.DataFrame]:
    found, position = _in_order(annotations.get_column(ITEM).to_numpy(), source.frame.height)
    counts = _counts(annotations, position, items=found.len(), labels=schema.labels)
    if schema.group or schema.split or schema.chance:
        rows = rows.join(annotations.select(ROW).unique(), on=ROW, how="semi", maintain_order="left")
    texts, groups = by_text.result().of_items(found)
    items = ItemTable(
        item_ids=item_ids(source, schema, found).alias("item_id"),
        texts=texts,
        labels=schema.labels,
        counts=counts,
        groups=groups if schema.group is None else given_groups(schema.group, rows, found, groups),
        scale=schema.scale,
        values=schema.values,
        parts=_parts(schema, rows, found),
    )
    extra = columns_of_annotations(source, schema, annotations.get_column(ROW)).get_columns()
    if schema.chance:
        extra.insert(0, as_chance(value_of_item(rows, found, schema.chance)).gather(position).alias(CHANCE))
    return items, annotations.select(items.item_ids.gather(position), "annotator", "label", "count").hstack(extra)


def _in_order(item: npt.NDArray[np.int64], rows: int) -> tuple[pl.Series, npt.NDArray[np.uint32]]:
    """The items in order of first appearance, and the position of each annotation's item among them.

    Args:
        item: of each annotation, as `ITEM` has it.
        rows: of the source.
    """
    start = np.flatnonzero(np.append(True, item[1:] != item[:-1]))  # most annotations of an item stand together
    item, length = item[start], np.diff(start, append=item.size)
    place, order = np.empty(rows, dtype=np.uint32), np.arange(item.size)  # as polars counts rows
    place[item[::-1]] = order[::-1]  # of several runs of an item the first is written last
    found = item[place[item] == order]
    place[found] = order[: found.size]
    return pl.Series(found), np.repeat(place[item], length)


def _counts(
    annotations: pl.DataFrame, position: npt.NDArray[np.uint32], *, items: int, labels: Sequence[str]
) -> npt.NDArray[np.int64]:
    """The label counts, `[items, labels]`, where `position` is that of each annotation's item."""
    counts = np.zeros((items, len(labels)), dtype=np.int64)
    cell = np.multiply(position, len(labels), dtype=np.int64)
    cell += annotations.get_column("label").cast(pl.Enum(labels)).to_physical().to_numpy()
    np.add.at(counts.reshape(-1), cell, annotations.get_column("count").to_numpy())
    return counts


def _parts(schema: Schema, rows: pl.DataFrame, items: pl.Series) -> pl.Series | None:
    if schema.split is None:
        return None
    values = value_of_item(rows, items, schema.split)
    part_of = {value: normalise_part(value) for value in values.drop_nulls().unique().to_list()}
    return values.replace_strict(part_of, return_dtype=pl.String).alias("part")


def _report(
    schema: Schema, account: TableAccount, annotations: pl.DataFrame, items: ItemTable, *, is_round: bool
) -> IngestReport:
    source, notes = account.source, [*account.source.notes, *account.notes]
    warnings = [*source.warnings, *schema.warnings, *account.warnings]
    if schema.dimension:
        notes.append(
            f"The table has several labels; this is {schema.dimension!r}, the others are datasets of their own."
        )
    for name in items.fields:
        empty = int(is_blank(items.texts.get_column(name)).sum())
        if empty:
            notes.append(
                f"{name!r} is empty in {empty:,} of {counted(len(items), 'item')}; their other texts are used."
            )
    _mention_equal_texts(schema, items, notes, warnings)
    single = int((items.counts.sum(axis=1) == 1).sum())
    if single == len(items) and not is_round:
        warnings.append(NO_DISAGREEMENT)
    elif single:
        where = " in this round" if is_round else ""
        notes.append(f"Items with a single annotation{where}: {single:,}; they were kept.")
    warnings += warn_of_telling_texts(items)
    warnings += label_warnings(items.labels, items.counts.sum(axis=0).tolist())
    people = annotations.get_column("annotator").drop_nulls()
    return IngestReport(
        rows_read=source.rows_read,
        rows_kept=source.rows_read - sum(entry.rows for entry in account.aside),
        annotations=int(items.counts.sum()),
        annotators=people.n_unique() if people.len() else None,
        set_aside=account.aside,
        notes=tuple(notes),
        warnings=tuple(warnings),
    )


def _mention_equal_texts(schema: Schema, items: ItemTable, notes: list[str], warnings: list[str]) -> None:
    """Items with the text of another one, and whether a split may part them."""
    parted = 0
    if schema.group:
        keys = pl.DataFrame({"text": text_keys(items.texts), "group": items.groups})
        parted = int(keys.select((pl.col("group").n_unique().over("text") > 1).sum()).item())
    if repeated := len(items) - Groups(items.texts, items.fields).number:
        kept = "" if parted else "; a split keeps them together"
        notes.append(f"Items that repeat the text of another one: {repeated:,}{kept}.")
    if parted:
        warnings.append(
            f"{counted(parted, 'item')} have the text of an item in another group ({schema.group}): a split may part "
            "them, and the judge would then be tested on texts it was trained on."
        )
