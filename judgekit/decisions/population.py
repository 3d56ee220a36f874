"""The items of a table that an estimate is about, with what a judge says of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.config import EstimateSettings, SelectSettings
from judgekit.dataset.items import ItemTable
from judgekit.dataset.score_input import read_score_items
from judgekit.decisions.held_out import Opened, ask
from judgekit.tables.files import ReadOptions, read_files
from judgekit.tables.source import require_columns
from judgekit.training.reporter import Reporter
from judgekit.trust.known_items import known_items

_ROW = "\x00row"
_GROUP = "\x00group"


@dataclass(frozen=True, eq=False)
class Population:
    """The N items of a table, each once."""

    name: str
    ids: pl.Series
    """String, `[N]`."""
    texts: pl.DataFrame
    """The judge's fields, `[N, F]`."""
    q: NDArray[np.float64]
    """What the judge says, `[N, K]`."""
    groups: pl.Series | None
    """The column that the estimate is parted by, String, `[N]`; None where it is not."""

    def __len__(self) -> int:
        return len(self.ids)

    def rows_of(self, texts: pl.DataFrame) -> NDArray[np.int64]:
        """The row of each of some items by their texts, -1 where it is not here; `[n]`."""
        fields = self.texts.columns
        here = self.texts.with_row_index(_ROW).unique(fields, keep="first", maintain_order=True)
        found = texts.select(fields).join(here, on=fields, how="left", maintain_order="left", nulls_equal=True)
        return found.get_column(_ROW).cast(pl.Int64).fill_null(-1).to_numpy()

    def rows_by_group(self, texts: pl.DataFrame) -> dict[str, list[int]]:
        """Which of some items stand in each group, by their texts."""
        assert self.groups is not None
        fields = self.texts.columns
        here = self.texts.with_columns(self.groups.alias(_GROUP)).unique()
        rows = texts.select(fields).with_row_index(_ROW).join(here, on=fields, nulls_equal=True)
        return dict(rows.group_by(_GROUP).agg(_ROW).iter_rows())

    def without(self, is_left_out: NDArray[np.bool_]) -> Population:
        """The items but some."""
        kept = pl.Series(~is_left_out)
        groups = None if self.groups is None else self.groups.filter(kept)
        return replace(
            self, ids=self.ids.filter(kept), texts=self.texts.filter(kept), q=self.q[~is_left_out], groups=groups
        )


def read_population(
    opened: Opened,
    path: Path,
    by: str | None,
    settings: EstimateSettings | SelectSettings,
    reporter: Reporter,
    *,
    apart: bool = False,
) -> Population:
    """Ask a judge about every item of a table.

    Args:
        opened: the judge.
        path: the table.
        by: a column of it to part the items by.
        settings: how it is read and the judge is asked.
        reporter: gets notes and progress.
        apart: whether rows that differ in that column are items of their own, where all else is the same.

    Raises:
        DataError: the table cannot be read, or lacks a column.
    """
    judge = opened.judge
    source = read_files([path], ReadOptions.of(settings))
    if by is not None:
        require_columns(source, [by], what="--by", hint="Name one of its columns: --by COLUMN")
    found = read_score_items(
        source,
        fields=judge.fields,
        columns=settings.column_of_field(judge.fields),
        item_column=judge.manifest.columns.item,
        apart_by=by if apart else None,
        strict=settings.strict,
        most_set_aside=settings.most_set_aside,
    )
    for note in found.notes:
        reporter.note(note.replace("scored", "counted"))
    ids = found.ids.to_series(0).cast(pl.String)
    asked = ask(judge, found.texts.to_dicts(), ids.to_list(), settings, reporter)
    groups = None if by is None else source.frame.get_column(by).gather(found.rows[asked.rows])
    return Population(source.name, ids.gather(asked.rows), found.texts[asked.rows], asked.q, groups)


def is_trained_on(opened: Opened, population: Population) -> NDArray[np.bool_]:
    """Which items the judge was trained on, by their texts, `[N]`: what it says of them is no prediction."""
    known = known_items(opened.judge.entry, opened.place)
    if known is None:
        return np.zeros(len(population), dtype=np.bool_)
    labels = opened.judge.labels
    counts = np.zeros((len(population), len(labels)), dtype=np.int64)
    table = ItemTable(population.ids, population.texts, labels, counts, groups=population.ids)
    # By equal texts alone: near ones are few, and finding them among a hundred thousand takes longer than all else.
    return known._replace(texts=None).seen(table, opened.judge.manifest)
