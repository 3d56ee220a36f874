"""The items that may be annotated next: of a table, and of the judge's own dataset, with what is known of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.config import SelectSettings
from judgekit.core.design import (
    Candidates,
    directions,
    fit_strength_around,
    freshness,
    information,
    nothing_known,
    told_by,
    undecided,
)
from judgekit.core.distributions import FloatArray
from judgekit.core.selecting import word_vectors
from judgekit.dataset.annotation_columns import extra_columns
from judgekit.dataset.opening import load_annotations
from judgekit.decisions.held_out import Opened, ask
from judgekit.decisions.population import Population, is_trained_on
from judgekit.errors import DataError, WorkspaceError
from judgekit.judge.held_out import held_out_predictions
from judgekit.training.reporter import Reporter
from judgekit.trust.material import own_dataset


class Own(NamedTuple):
    """The n annotated items of a judge's dataset."""

    items: Population
    """With what judges of folds say that had not seen them, where there are such."""
    counts: NDArray[np.int64]
    """Annotations per label, `[n, K]`."""
    costs: pl.Series | None
    """What an annotation of each cost so far, Float64, `[n]`; None where that is not asked for."""


class Pool(NamedTuple):
    """N items to draw from."""

    items: Population
    annotations: NDArray[np.int64]
    """That each has already, `[N]`."""
    costs: FloatArray | None
    """Of one annotation of each, `[N]`."""
    candidates: Candidates
    before: FloatArray
    """Information about the judge's weights that is there."""
    trained_on: int
    """Items of the table that are not drawn, as the judge was trained on them."""


def own_items_of(opened: Opened, settings: SelectSettings, reporter: Reporter) -> Own | None:
    """The items of a judge's dataset; None where that is not here or has changed."""
    judge, place = opened
    if place is None:
        return None
    try:
        dataset = own_dataset(place, judge.entry)
    except (WorkspaceError, DataError):
        return None
    items = dataset.items
    found = held_out_predictions(judge.entry)
    row_of = {} if found is None else {name: row for row, name in enumerate(found.item_ids)}
    rows = np.array([row_of.get(name, -1) for name in items.item_ids.to_list()], dtype=np.int64)
    if found is not None and (rows >= 0).all():
        kept, q = np.arange(len(items)), found.q[rows]
    else:
        asked = ask(judge, items.texts.to_dicts(), items.item_ids.to_list(), settings, reporter)
        kept, q = asked.rows, asked.q
    ids, texts = items.item_ids.gather(kept), items.texts.select(judge.fields)[kept]
    costs = None if settings.cost is None else _costs_so_far(load_annotations(dataset), ids, settings.cost)
    return Own(Population(dataset.name, ids, texts, q, None), items.counts[kept], costs)


def _costs_so_far(annotations: pl.DataFrame, ids: pl.Series, column: str) -> pl.Series | None:
    """The mean of a column that is kept beside the annotations of each item; null where it holds no number."""
    kept = [one for one in extra_columns(annotations) if one.name.partition(".")[2] == column]
    if not kept:
        return None
    values = kept[0].cast(pl.Float64, strict=False).alias("cost")
    mean = pl.DataFrame([annotations.get_column("item_id"), values]).group_by("item_id").agg(pl.col("cost").mean())
    return ids.alias("item_id").to_frame().join(mean, on="item_id", how="left", maintain_order="left")["cost"]


def make_pool(
    opened: Opened, whole: Population | None, own: Own | None, settings: SelectSettings, reporter: Reporter
) -> Pool:
    """Put together what is drawn from.

    Args:
        opened: the judge.
        whole: the items of a table; None draws from the judge's dataset alone.
        own: those of the judge's dataset; they are drawn from without a table, or if the settings say so.
        settings: of the draw.
        reporter: gets progress.

    Raises:
        DataError: the costs of some items are not known.
    """
    assert whole is not None or own is not None
    is_known = np.zeros(0, dtype=np.bool_) if whole is None else is_trained_on(opened, whole)
    fresh = None if whole is None else whole.without(is_known)
    again = own if whole is None or settings.again else None
    parts = [one for one in (fresh, None if again is None else again.items) if one is not None]
    pool = _joined(parts)
    new = 0 if fresh is None else len(fresh)
    counts = np.zeros(len(pool), dtype=np.int64)
    if again is not None:
        counts[new:] = again.counts.sum(axis=1)
    texts = [*parts, *([own.items] if own is not None and again is None else [])]
    features = directions(_vectors(opened, texts, reporter))
    strength, before = 1.0, nothing_known(features.shape[1])
    if own is not None:
        strength = fit_strength_around(own.items.q, own.counts)
        told = told_by(own.counts.sum(axis=1), strength)
        before = information(features[-len(own.items) :], undecided(own.items.q), told)
    is_target = np.arange(len(pool)) < new if new else np.ones(len(pool), dtype=np.bool_)
    candidates = Candidates(features[: len(pool)], undecided(pool.q), freshness(counts, strength), is_target)
    return Pool(pool, counts, _costs(fresh, again, settings.cost), candidates, before, int(is_known.sum()))


def _vectors(opened: Opened, parts: Sequence[Population], reporter: Reporter) -> NDArray[np.float32]:
    """What the judge's backbone knows of items, where its probe reads that; else what words their texts have."""
    loaded = opened.judge.loaded
    texts = pl.concat([one.texts for one in parts])
    if loaded.probe is None:
        return word_vectors(texts.select(pl.concat_str(pl.all(), separator=" ")).to_series().to_list())
    plan, done = loaded.probe.plan, 0
    items = texts.to_dicts()
    total = plan.readings(items)

    def on_batch(size: int) -> None:
        nonlocal done
        done += size
        reporter.items(done * len(items) // total, len(items))

    return loaded.probe.features(items, loaded.prompts, on_batch=on_batch)


def _costs(fresh: Population | None, again: Own | None, column: str | None) -> FloatArray | None:
    """The costs of what is drawn from.

    Raises:
        DataError: some are not known.
    """
    if column is None:
        return None
    asked: list[tuple[Population, pl.Series | None]] = [] if fresh is None else [(fresh, fresh.groups)]
    asked += [] if again is None else [(again.items, again.costs)]
    parts: list[pl.Series] = []
    problems: list[str] = []
    for items, cells in asked:
        if cells is None:
            problems.append(f"{items.name} keeps no column {column!r} of numbers beside its annotations")
            continue
        numbers = cells.cast(pl.Float64, strict=False)
        is_wrong = ~((numbers > 0) & numbers.is_finite()).fill_null(False)
        problems += [
            f"{items.name}, item {item!r}: {repr(cell) if cell else 'nothing'}"
            for item, cell in zip(items.ids.filter(is_wrong), cells.filter(is_wrong), strict=True)
        ]
        parts.append(numbers)
    if problems:
        raise DataError(
            f"--cost {column} must be a number above 0 for every item:",
            problems=problems,
            hint="Fill the column, or draw without costs.",
        )
    return pl.concat(parts).to_numpy()


def _joined(parts: Sequence[Population]) -> Population:
    if len(parts) == 1:
        return parts[0]
    first, other = parts
    return Population(
        f"{first.name} and {other.name}",
        pl.concat([first.ids, other.ids]),
        pl.concat([first.texts.select(other.texts.columns), other.texts]),
        np.concatenate([first.q, other.q]),
        None,
    )
