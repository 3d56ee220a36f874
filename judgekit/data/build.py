"""From a source table and its schema to items and annotations: every row is kept, set aside and said, or refused.

What is refused is collected over the whole file and raised once. All of it is column operations of polars: a loop over
rows would take the time of the rest of `ingest` ten times over.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
import polars as pl

from judgekit.data.columns import did_you_mean
from judgekit.data.evidence import MOST_LABELS
from judgekit.data.ingest_report import IngestReport, SetAside
from judgekit.data.items import ItemTable
from judgekit.data.schema import Schema
from judgekit.data.source import ITEM, ROW, SourceTable
from judgekit.data.votes import Votes, collect_votes
from judgekit.errors import DataError

_LABELS_PER_ROW_SHARE = 0.5
_START = "\x00start"


class Ingested(NamedTuple):
    """The outcome of reading one table."""

    items: ItemTable
    annotations: pl.DataFrame
    """`item_id`, `annotator` (null where unnamed), `label`, `count` (Int64), in file order."""
    report: IngestReport


def build_items(source: SourceTable, schema: Schema) -> Ingested:
    """Build the item table of a source.

    Args:
        source: the rows as text.
        schema: what each column means.

    Raises:
        DataError: the table contradicts itself (all contradictions are listed), or has no labels to learn from.
    """
    keyed, aside, problems = _with_item_keys(source, schema)
    _check_texts(source, schema, keyed, problems)
    votes = collect_votes(source, schema, keyed, aside, problems)
    _check_known_labels(source, schema, votes, problems)
    if problems:
        raise DataError(
            f"{source.name}: {len(problems):,} problem{'s' if len(problems) > 1 else ''}; nothing was ingested.",
            problems=problems,
            hint="Correct these lines, or name other columns with --item, --annotator, --label or --text.",
        )
    _check_label_set(source, schema, votes)
    items, annotations = _assemble(source, schema, keyed, votes)
    return Ingested(items, annotations, _report(source, schema, keyed, votes, aside, items))


def _with_item_keys(source: SourceTable, schema: Schema) -> tuple[pl.DataFrame, list[SetAside], list[str]]:
    """The rows that are not empty, with `ROW` (position in the source) and `ITEM` (the item's id)."""
    aside: list[SetAside] = []
    problems: list[str] = []
    frame = source.frame.with_row_index(ROW).with_columns(pl.col(ROW).cast(pl.Int64))
    is_empty = source.frame.select(pl.all_horizontal(pl.all().str.strip_chars() == "")).to_series()
    if is_empty.any():
        rows = is_empty.arg_true().to_list()
        aside.append(SetAside("the row is empty", len(rows), source.where(rows)))
        frame = frame.filter(~is_empty)
    if frame.height == 0:
        raise DataError(f"{source.name} has only empty rows.", hint="Give a table with annotations.")
    if schema.item is None:
        return frame.with_columns(_ids_of_texts(frame, schema.fields).alias(ITEM)), aside, problems
    nameless = frame.filter(pl.col(schema.item).str.strip_chars() == "").get_column(ROW).to_list()
    if nameless:
        problems.append(f"{source.place(nameless)}: the item id ({schema.item}) is empty")
    return frame.with_columns(pl.col(schema.item).alias(ITEM)), aside, problems


def _ids_of_texts(frame: pl.DataFrame, fields: tuple[str, ...]) -> pl.Series:
    """`text-<hash>` ids, stable under row order; hashed once per distinct text."""
    keys = frame.select(_key=pl.concat_str(list(fields), separator="\x1f"))
    distinct = keys.unique(maintain_order=True)
    ids = [f"text-{_digest(text)[:16]}" for text in distinct.get_column("_key").to_list()]
    return keys.join(distinct.with_columns(_id=pl.Series(ids)), on="_key", how="left", maintain_order="left")["_id"]


def _digest(text: str) -> str:
    # hashlib rather than polars' hash, which differs between versions while stored splits must not.
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _check_texts(source: SourceTable, schema: Schema, keyed: pl.DataFrame, problems: list[str]) -> None:
    if schema.item is not None:
        first = [pl.col(name).first().over(ITEM).alias(f"{_START}{n}") for n, name in enumerate(schema.fields)]
        differs = [pl.col(name) != pl.col(f"{_START}{n}") for n, name in enumerate(schema.fields)]
        other = (
            keyed.lazy()
            .select(ROW, ITEM, *schema.fields)
            .with_columns(*first, pl.col(ROW).first().over(ITEM).alias(_START))
            .filter(pl.any_horizontal(differs))
            .group_by(ITEM, maintain_order=True)
            .agg(ROW, pl.col(_START).first(), *(change.any().alias(f"_d{n}") for n, change in enumerate(differs)))
            .collect()
        )
        for row in other.iter_rows(named=True):
            changed = ", ".join(name for n, name in enumerate(schema.fields) if row[f"_d{n}"])
            problems.append(
                f"{source.place(row[ROW])}: item {row[ITEM]!r} has another text ({changed}) than "
                f"on {source.where([row[_START]])}"
            )
    no_text = pl.all_horizontal(pl.col(name).str.strip_chars() == "" for name in schema.fields)
    rows = keyed.filter(no_text).get_column(ROW).to_list()
    if rows:
        problems.append(f"{source.place(rows)}: no text at all ({', '.join(schema.fields)})")


def _check_known_labels(source: SourceTable, schema: Schema, votes: Votes, problems: list[str]) -> None:
    """Labels outside the schema's: possible only where a judge's or the user's label set was given."""
    unknown = votes.frame.filter(~pl.col("label").is_in(list(schema.labels)))
    for label, rows in unknown.group_by("label").agg(ROW).sort("label").iter_rows():
        problems.append(
            f"{source.place(rows)}: label {label!r} ({len(rows):,} annotations) is not one of "
            f"{', '.join(schema.labels)}{did_you_mean(label, schema.labels)}"
        )


def _check_label_set(source: SourceTable, schema: Schema, votes: Votes) -> None:
    used = votes.frame.get_column("label").n_unique()
    where = repr(schema.label) if schema.layout == "long" else f"the {schema.layout} columns"
    if votes.frame.height == 0:
        raise DataError(f"{source.name}: there is not one annotation in {where}.", hint="Name the label with --label.")
    if len(schema.labels) < 2:
        raise DataError(
            f"{source.name}: the only label in {where} is {next(iter(schema.labels))!r}; there is nothing to learn.",
            hint="At least two labels are needed; another column may hold them: --label.",
        )
    is_per_row = used > 10 and used > _LABELS_PER_ROW_SHARE * votes.frame.height
    if schema.layout != "counts" and (len(schema.labels) > MOST_LABELS or is_per_row):
        raise DataError(
            f"{source.name}: {where} has {used:,} different values in {votes.frame.height:,} annotations, too many for "
            f"labels (at most {MOST_LABELS}); it is probably another kind of column.",
            hint="Name the label column with --label.",
        )


def _assemble(source: SourceTable, schema: Schema, keyed: pl.DataFrame, votes: Votes) -> tuple[ItemTable, pl.DataFrame]:
    voted = keyed.join(votes.frame.select(ROW).unique(), on=ROW, how="semi")
    rows = voted.unique(ITEM, keep="first", maintain_order=True)
    item_ids = rows.get_column(ITEM).alias("item_id")
    position = pl.DataFrame({ITEM: item_ids, "_n": np.arange(rows.height)})
    code = pl.DataFrame({"label": list(schema.labels), "_k": np.arange(len(schema.labels))})
    cells = votes.frame.join(position, on=ITEM).join(code, on="label").select("_n", "_k", "count")
    counts = np.zeros((rows.height, len(schema.labels)), dtype=np.int64)
    np.add.at(counts, (cells["_n"].to_numpy(), cells["_k"].to_numpy()), cells["count"].to_numpy())
    items = ItemTable(
        item_ids=item_ids,
        texts=rows.select(schema.fields),
        labels=schema.labels,
        counts=counts,
        groups=_groups(source, schema, voted, rows),
        scale=schema.scale,
        values=schema.values,
    )
    annotations = votes.frame.select(pl.col(ITEM).alias("item_id"), "annotator", "label", "count")
    return items, annotations


def _groups(source: SourceTable, schema: Schema, voted: pl.DataFrame, rows: pl.DataFrame) -> pl.Series:
    """Group keys: of the `group` column where it is filled, else of the texts without case and white space."""
    keys = ["text\x1e" + key for key in _text_keys(rows, schema.fields).to_list()]
    if schema.group:
        several = voted.group_by(ITEM).agg(pl.col(schema.group).n_unique().alias("n"), ROW).filter(pl.col("n") > 1)
        if several.height:
            raise DataError(
                f"{source.name}: items stand in more than one group ({schema.group}).",
                problems=[f"item {item!r}: {source.where(lines)}" for item, _, lines in several.iter_rows()],
                hint="Give every item one group.",
            )
        named = rows.get_column(schema.group).to_list()
        keys = ["group\x1e" + name if name else key for name, key in zip(named, keys, strict=True)]
    return pl.Series("group", [_digest(key) for key in keys], dtype=pl.String)


def _text_keys(rows: pl.DataFrame, fields: tuple[str, ...]) -> pl.Series:
    """The texts of each row without case and white space: what makes two texts equal."""
    normal = [pl.col(name).str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars() for name in fields]
    return rows.select(pl.concat_str(normal, separator="\x1f")).to_series()


def _parted_texts(items: ItemTable) -> int:
    """Number of items whose text also stands in another group."""
    keys = pl.DataFrame({"text": _text_keys(items.texts, items.fields), "group": items.groups})
    return int(keys.select((pl.col("group").n_unique().over("text") > 1).sum()).item())


def _report(
    source: SourceTable,
    schema: Schema,
    keyed: pl.DataFrame,
    votes: Votes,
    aside: list[SetAside],
    items: ItemTable,
) -> IngestReport:
    per_item = items.counts.sum(axis=1)
    single = int((per_item == 1).sum())
    notes, warnings = [*source.notes, *votes.notes], [*schema.warnings, *votes.warnings]
    for name in items.fields:
        empty = int((items.texts.get_column(name).str.strip_chars() == "").sum())
        if empty:
            notes.append(f"{name!r} is empty in {empty:,} of {len(items):,} items; their other texts are used.")
    same_text = len(items) - items.texts.n_unique()
    parted = _parted_texts(items) if schema.group else 0
    if same_text:
        kept = "" if parted else "; a split keeps them together"
        notes.append(f"Items that repeat the text of another one: {same_text:,}{kept}.")
    if parted:
        warnings.append(
            f"{parted:,} items have the text of an item in another group ({schema.group}): a split may part them, and "
            "the judge would then be tested on texts it was trained on."
        )
    if single == len(items):
        warnings.append("Every item has a single annotation: there is no disagreement to learn from.")
    elif single:
        notes.append(f"Items with a single annotation: {single:,}; they were kept.")
    warnings += _label_variants(items)
    people = votes.frame.get_column("annotator").drop_nulls()
    return IngestReport(
        rows_read=source.frame.height,
        rows_kept=source.frame.height - sum(entry.rows for entry in aside),
        items=len(items),
        annotations=int(per_item.sum()),
        annotators=people.n_unique() if people.len() else None,
        annotations_per_item=(int(per_item.min()), float(per_item.mean()), int(per_item.max())),
        single_annotation_items=single,
        set_aside=tuple(aside),
        notes=tuple(notes),
        warnings=tuple(warnings),
    )


def _label_variants(items: ItemTable) -> list[str]:
    total = items.counts.sum(axis=0)
    variants: dict[str, list[str]] = {}
    for k, label in enumerate(items.labels):
        plain = " ".join(label.split()).casefold()
        variants.setdefault(plain, []).append(f"{label!r} ({int(total[k]):,})")
    return [
        f"Labels that differ only by case or white space are kept apart: {', '.join(same)}."
        for same in variants.values()
        if len(same) > 1
    ] + [
        f"The label {label!r} begins or ends with white space, which is kept."
        for label in items.labels
        if label != label.strip()
    ]
