"""The items to annotate next, and with what chance each was drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from judgekit.config import SelectSettings
from judgekit.core.design import best_design
from judgekit.core.json_values import json_values
from judgekit.core.selecting import draw, inclusion_chances, order_by_likeness
from judgekit.dataset.items import item_rows
from judgekit.decisions.candidates import Pool
from judgekit.decisions.held_out import Opened
from judgekit.errors import DataError
from judgekit.schema.drawn import CHANCE_COLUMN
from judgekit.wording import counted

WORDS_WEIGHT = 0.5
"""Of an item's features, beside what the judge says of it, in which items are like each other."""


class Chosen(NamedTuple):
    """An item to annotate."""

    item_id: str
    chance: float
    """With which it was drawn."""
    gain: float
    """Nats by which one annotation of it is expected to lower the judge's mean KL."""
    reason: str
    annotations: int
    """That it has already."""
    cost: float | None
    """Of one annotation; None where no costs were given."""


class SelectResult(NamedTuple):
    """The items to annotate next.

    Examples:
        >>> found = select("new.csv", output="next.csv", items=1)
        >>> found.items, len(found.chosen), 0 < found.chosen[0].chance <= 1
        (2, 1, True)
    """

    judge: str
    source: str
    items: int
    """That were drawn from."""
    again: int
    """Of these, items of the judge's dataset, for one more annotation."""
    trained_on: int
    """Items of the table that the judge was trained on, and that are not drawn."""
    output: Path
    chosen: tuple[Chosen, ...]
    """In the order of their gain, or of their gain per cost."""
    mean_gain: float
    """Of the chosen ones, nats."""
    random_gain: float
    """Of items chosen at random, nats."""
    cost: float | None
    """Of one annotation of each of the chosen ones; None where no costs were given."""

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return json_values(self)


class Selection(NamedTuple):
    """The outcome, and what is to be annotated."""

    result: SelectResult
    table: pl.DataFrame
    ids: pl.Series
    texts: pl.DataFrame


def select_items(opened: Opened, pool: Pool, output: Path, settings: SelectSettings) -> Selection:
    """Draw items.

    Args:
        opened: the judge.
        pool: what is drawn from.
        output: where they will be written.
        settings: how many, and how.

    Raises:
        DataError: there are fewer items than that.
    """
    left, costs = pool.items, pool.costs
    if len(left) < settings.items:
        known = f", not counting {pool.trained_on:,} that the judge was trained on" if pool.trained_on else ""
        raise DataError(
            f"{left.name} has {counted(len(left), 'item')}{known}; {settings.items:,} are to be drawn.",
            hint=f"Draw fewer: --items {len(left)}" if len(left) else "Give a table with new items.",
        )
    design = best_design(pool.candidates, pool.before, settings.items, random_share=settings.random_share, costs=costs)
    chances = inclusion_chances(design.shares, settings.items, random_share=settings.random_share)
    likeness = np.concatenate([left.q, WORDS_WEIGHT * pool.candidates.features[:, 1:]], axis=1)
    rows = draw(chances, order_by_likeness(likeness), seed=settings.seed)
    worth = design.gain if costs is None else design.gain / costs
    rows = rows[np.argsort(-worth[rows], kind="stable")]
    usual = float(np.median(worth)), float(np.median(pool.candidates.undecided))
    reasons = [_reason(pool, opened, row, float(worth[row]), usual) for row in rows.tolist()]
    chosen = tuple(
        Chosen(
            left.ids[row], float(chances[row]), float(design.gain[row]), reason,
            int(pool.annotations[row]), None if costs is None else float(costs[row]),
        )
        for row, reason in zip(rows.tolist(), reasons, strict=True)
    )  # fmt: skip
    target = design.gain[pool.candidates.is_target]
    result = SelectResult(
        opened.judge.name, left.name, len(left), int((pool.annotations > 0).sum()), pool.trained_on, output, chosen,
        float(design.gain[rows].mean()), float(target.mean()), None if costs is None else float(costs[rows].sum()),
    )  # fmt: skip
    ids, texts = left.ids.gather(rows), left.texts[rows]
    return Selection(result, item_rows(ids, texts, _figures(result)), ids, texts)


def _figures(result: SelectResult) -> list[pl.Series]:
    """The columns beside the texts; `schema/drawn.py` knows their names."""
    chosen = result.chosen
    figures = [
        pl.Series(CHANCE_COLUMN, [one.chance for one in chosen], dtype=pl.Float64),
        pl.Series("expected_gain", [one.gain for one in chosen], dtype=pl.Float64),
    ]
    if result.cost is not None:
        per_cost = [one.gain / one.cost for one in chosen if one.cost]
        figures.append(pl.Series("cost", [one.cost for one in chosen], dtype=pl.Float64))
        figures.append(pl.Series("gain_per_cost", per_cost, dtype=pl.Float64))
    if result.again:
        figures.append(pl.Series("annotations_so_far", [one.annotations for one in chosen], dtype=pl.Int64))
    return [*figures, pl.Series("reason", [one.reason for one in chosen], dtype=pl.String)]


def _reason(pool: Pool, opened: Opened, row: int, worth: float, usual: tuple[float, float]) -> str:
    """Why an item is worth annotating, in words."""
    q, labels = pool.items.q[row], opened.judge.labels
    first, second = np.argsort(-q, kind="stable")[:2].tolist()
    said = f"{labels[first]} {q[first]:.0%}, {labels[second]} {q[second]:.0%}"
    if pool.annotations[row]:
        said = f"{counted(int(pool.annotations[row]), 'annotation')} so far; {said}"
    if worth <= usual[0]:
        return f"to check the judge where it has little to learn: {said}"
    if pool.candidates.undecided[row] >= usual[1]:
        return f"the judge expects people to disagree: {said}"
    return f"unlike what was annotated so far: {said}"
