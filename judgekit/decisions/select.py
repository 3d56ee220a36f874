"""The items of a table to annotate next, and with what chance each was drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from judgekit.config import SelectSettings
from judgekit.core.json_values import json_values
from judgekit.core.selecting import annotation_gain, draw, inclusion_chances, order_by_likeness, word_vectors
from judgekit.dataset.items import item_rows
from judgekit.decisions.held_out import Opened
from judgekit.decisions.population import Population, is_trained_on
from judgekit.errors import DataError
from judgekit.schema.drawn import CHANCE_COLUMN

TEXTS_WEIGHT = 0.5
"""Of what words a text has, beside what the judge says of it, in which items are like each other."""


class Chosen(NamedTuple):
    """An item to annotate."""

    item_id: str
    chance: float
    """With which it was drawn."""
    gain: float
    """Nats by which its annotation is expected to lower the KL on it."""
    reason: str


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
    """Of the table that the judge was not trained on: what was drawn from."""
    trained_on: int
    """Items of the table that the judge was trained on, and that are not drawn."""
    output: Path
    chosen: tuple[Chosen, ...]
    """In the order of their gain."""
    mean_gain: float
    """Of the chosen ones, nats."""
    random_gain: float
    """Of items chosen at random, nats."""

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return json_values(self)


class Selection(NamedTuple):
    """The outcome, and the table to annotate."""

    result: SelectResult
    table: pl.DataFrame


def select_items(opened: Opened, whole: Population, output: Path, settings: SelectSettings) -> Selection:
    """Draw items of a table.

    Args:
        opened: the judge.
        whole: the items of the table.
        output: where the table will be written.
        settings: how many, and how.

    Raises:
        DataError: there are fewer items than that which the judge was not trained on.
    """
    is_known = is_trained_on(opened, whole)
    left = whole.without(is_known)
    if len(left) < settings.items:
        known = f", not counting {int(is_known.sum()):,} that the judge was trained on" if is_known.any() else ""
        raise DataError(
            f"{whole.name} has {len(left):,} items{known}; {settings.items:,} are to be drawn.",
            hint=f"Draw fewer: --items {len(left)}" if len(left) else "Give a table with new items.",
        )
    gain = annotation_gain(left.q)
    chances = inclusion_chances(gain, settings.items, random_share=settings.random_share)
    texts = left.texts.select(pl.concat_str(pl.all(), separator=" ")).to_series().to_list()
    order = order_by_likeness(np.concatenate([left.q, TEXTS_WEIGHT * word_vectors(texts)], axis=1))
    rows = draw(chances, order, seed=settings.seed)
    rows = rows[np.argsort(-gain[rows], kind="stable")]
    usual = float(np.median(gain))
    chosen = tuple(
        Chosen(left.ids[int(row)], float(chances[row]), float(gain[row]), _reason(left, opened, int(row), gain, usual))
        for row in rows
    )
    figures = [
        pl.Series(CHANCE_COLUMN, [one.chance for one in chosen], dtype=pl.Float64),
        pl.Series("expected_gain", [one.gain for one in chosen], dtype=pl.Float64),
        pl.Series("reason", [one.reason for one in chosen], dtype=pl.String),
    ]
    result = SelectResult(
        opened.judge.name, whole.name, len(left), int(is_known.sum()), output, chosen,
        float(gain[rows].mean()), float(gain.mean()),
    )  # fmt: skip
    return Selection(result, item_rows(left.ids.gather(rows), left.texts[rows], figures))


def _reason(left: Population, opened: Opened, row: int, gain: np.ndarray, usual: float) -> str:
    """Why an item is worth annotating, in words."""
    q, labels = left.q[row], opened.judge.labels
    first, second = np.argsort(-q, kind="stable")[:2]
    said = f"{labels[first]} {q[first]:.0%}, {labels[second]} {q[second]:.0%}"
    if gain[row] > usual:
        return f"the judge expects people to disagree: {said}"
    return f"a sure item, to check the judge: {said}"
