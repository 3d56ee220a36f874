"""A further round of annotations joined to the items of the rounds before: who is whom, what repeats, what contradicts.

Items are one if their ids are equal, and their texts too; where one of the tables has no ids, if their texts are equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from judgekit.config.roles import Roles
from judgekit.dataset.annotation_columns import join_annotations
from judgekit.dataset.chances import in_rounds
from judgekit.dataset.items import ItemTable
from judgekit.errors import MOST_PROBLEMS_SHOWN, DataError
from judgekit.schema.inference import infer_schema
from judgekit.schema.schema import Schema
from judgekit.tables.account import SetAside, in_words
from judgekit.tables.source import SourceTable
from judgekit.wording import counted

_OLD = "\x00old"


class Round(NamedTuple):
    """The items after a further round, and what became of the round's annotations."""

    items: ItemTable
    """The items as they were, with their counts raised, then the new ones."""
    annotations: pl.DataFrame
    """`item_id`, `annotator`, `label`, `count` and what else is known: those of before, then those added."""
    added: int
    """Annotations of the round that were added: `annotations read == added + sum(set_aside)`."""
    new_items: int
    known_items: int
    """Items of the round that were there already and got annotations."""
    set_aside: list[SetAside]
    """Annotations, counted one by one, that repeat or contradict those of before."""


def schema_of_round(dataset: str, schema: Schema, items: ItemTable, source: SourceTable, roles: Roles) -> Schema:
    """A round's columns: as the user says, else as in the dataset where the file has them, else found out.

    Args:
        dataset: its name, for messages.
        schema: of the dataset.
        items: of the dataset.
        source: the round.
        roles: the user's word.

    Raises:
        DataError: the round lacks a field, is to have other labels, or cannot be read.
    """
    if lacking := [field for field in items.fields if field not in source.frame.columns]:
        raise DataError(
            f"{source.name} lacks columns of the dataset {dataset!r}.",
            problems=[f"no column {field!r}" for field in lacking],
            hint="Name the columns as in the first round.",
        )
    if roles.labels and roles.labels != items.labels:
        raise DataError(
            f"The dataset {dataset!r} has the labels {', '.join(items.labels)}; a round cannot change them.",
            hint="Ingest the files of all rounds together: judgekit ingest round1.csv round2.csv",
        )
    # Another round may have other annotators, and another layout where it lacks the columns of the labels.
    known = replace(schema.as_roles(), labels=(), annotator_columns=()).within(source.frame.columns)
    known = known if known.label or known.counts else replace(known, layout=None)
    return infer_schema(source, roles.over(known), known_labels=items.labels)


def with_annotators_of(schema: Schema, of_round: Schema, names: Mapping[str, str]) -> Schema:
    """The schema of a dataset with the columns of a round's annotators as well.

    Args:
        schema: of the dataset, with pseudonyms where it has some.
        of_round: of the round, with the names in its file.
        names: the pseudonyms of these.
    """
    people = (names.get(name, name) for name in of_round.annotator_columns)
    return replace(schema, annotator_columns=tuple(dict.fromkeys([*schema.annotator_columns, *people])))


def refuse_contradictions(
    dataset: str, source: SourceTable, joined: Round, read: int, *, strict: bool, most_set_aside: float
) -> None:
    """Refuse a round that adds nothing, or that contradicts the dataset too much.

    Args:
        dataset: its name, for messages.
        source: the round.
        joined: what became of its annotations.
        read: how many it has.
        strict: whether nothing may be set aside.
        most_set_aside: share of the annotations that may contradict the dataset.

    Raises:
        DataError: it does.
    """
    number = sum(aside.rows for aside in joined.set_aside if aside.is_fault or strict)
    if joined.added and (number == 0 or (not strict and number <= most_set_aside * read)):
        return
    what = (
        f"{counted(number, 'annotation does', 'annotations do')} not fit" if joined.added else "no annotation is new to"
    )
    raise DataError(
        f"{source.name}: {what} the dataset {dataset!r}; it is unchanged.",
        problems=[detail for aside in joined.set_aside for detail in aside.details][:MOST_PROBLEMS_SHOWN],
        hint="Correct these annotations, or allow more of them to be set aside with --most-set-aside.",
    )


def add_round(
    items: ItemTable, annotations: pl.DataFrame, round_items: ItemTable, round_annotations: pl.DataFrame, *, by_id: bool
) -> Round:
    """Join the annotations of a round to those of before.

    Args:
        items: the items so far.
        annotations: their annotations, `item_id`, `annotator`, `label`, `count`.
        round_items: the items of the round, with the same fields and labels.
        round_annotations: their annotations; annotators are named as in `annotations`.
        by_id: whether both tables have ids of their own; else items with equal texts are one.
    """
    assert round_items.fields == items.fields and round_items.labels == items.labels
    aside: list[SetAside] = []
    known = _match(items, round_items, by_id=by_id)
    said = round_annotations.join(known, on="item_id", how="left", maintain_order="left")
    differs = pl.col("has_other_text").fill_null(False)
    _set_aside(aside, "the item has another text in the dataset", said.filter(differs), is_fault=True)
    said = said.filter(~differs).with_columns(pl.coalesce(_OLD, "item_id").alias("item_id"))
    said = _without_repeats(annotations, said, aside)

    is_new = ~round_items.item_ids.is_in(items.item_ids.implode()) & round_items.item_ids.is_in(
        said.get_column("item_id").implode()
    )
    fresh = round_items.take(is_new.to_numpy())
    position = pl.DataFrame({"item_id": pl.concat([items.item_ids, fresh.item_ids]).alias("item_id")}).with_row_index(
        "n"
    )
    code = pl.DataFrame({"label": list(items.labels), "k": np.arange(len(items.labels))})
    cells = said.join(position, on="item_id").join(code, on="label")
    counts = np.concatenate([items.counts, np.zeros_like(fresh.counts)])
    np.add.at(counts, (cells["n"].to_numpy(), cells["k"].to_numpy()), cells["count"].to_numpy())
    merged = replace(
        items,
        item_ids=pl.concat([items.item_ids, fresh.item_ids]),
        texts=pl.concat([items.texts, fresh.texts]),
        counts=counts,
        groups=pl.concat([items.groups, fresh.groups]),
        parts=_parts(items, fresh),
    )
    added = int(said.get_column("count").sum())
    known_items = said.filter(pl.col("item_id").is_in(items.item_ids.implode())).get_column("item_id").n_unique()
    joined = join_annotations(*in_rounds(annotations, said.select(round_annotations.columns)))
    return Round(merged, joined, added, len(fresh), known_items, aside)


def _parts(items: ItemTable, fresh: ItemTable) -> pl.Series | None:
    """The given split: items keep the part they were put in, new ones have theirs."""
    if items.parts is None and fresh.parts is None:
        return None
    known = [
        pl.Series("part", [None] * len(table), dtype=pl.String) if table.parts is None else table.parts
        for table in (items, fresh)
    ]
    return pl.concat(known)


def _match(items: ItemTable, round_items: ItemTable, *, by_id: bool) -> pl.DataFrame:
    """For each known item of the round: `item_id` there, the id here, and whether the texts differ."""
    here = items.texts.with_columns(items.item_ids.alias(_OLD))
    there = round_items.texts.with_columns(round_items.item_ids.alias("item_id"))
    fields = list(items.fields)
    if not by_id:
        first = here.unique(fields, keep="first", maintain_order=True)
        same = there.join(first, on=fields, how="inner", nulls_equal=True)
        return same.select("item_id", _OLD, has_other_text=pl.lit(False))
    both = there.join(here, left_on="item_id", right_on=_OLD, how="inner", suffix=_OLD)
    other = pl.any_horizontal(pl.col(name) != pl.col(name + _OLD) for name in fields)
    return both.select("item_id", pl.col("item_id").alias(_OLD), has_other_text=other)


def _without_repeats(annotations: pl.DataFrame, said: pl.DataFrame, aside: list[SetAside]) -> pl.DataFrame:
    """The round's annotations without those that an annotator, by name, gave the same item in a round before."""
    pair = ["item_id", "annotator"]
    before = annotations.filter(pl.col("annotator").is_not_null()).select(*pair, pl.col("label").alias("before"))
    both = said.join(before, on=pair, how="left", maintain_order="left")
    _set_aside(
        aside, "the annotator gave the item the same label before", both.filter(pl.col("before") == pl.col("label"))
    )
    changed = both.filter(pl.col("before") != pl.col("label"))
    _set_aside(aside, "the annotator gave the item another label before", changed, is_fault=True)
    return both.filter(pl.col("before").is_null()).select(said.columns)


def _set_aside(aside: list[SetAside], reason: str, rows: pl.DataFrame, *, is_fault: bool = False) -> None:
    if rows.height == 0:
        return
    ids = rows.get_column("item_id").unique(maintain_order=True).to_list()
    where = in_words(ids, lambda item: ("item", repr(item)))
    details = tuple(_detail(row, reason) for row in rows.head(MOST_PROBLEMS_SHOWN).iter_rows(named=True))
    number = int(rows.get_column("count").sum())
    aside.append(SetAside(reason, number, where, is_fault, details))


def _detail(row: dict[str, Any], reason: str) -> str:
    if "before" in row:
        reason = f"annotator {row['annotator']!r} said {row['before']!r} before and {row['label']!r} now"
    return f"item {row['item_id']!r}: {reason}"
