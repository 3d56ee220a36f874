"""What the next round of annotation will tell, from what a pilot says of the people and the items."""

from __future__ import annotations

import shlex
from typing import Any, NamedTuple

import numpy as np

from judgekit.config import PlanSettings
from judgekit.core.agreement import Level
from judgekit.core.distributions import class_prior
from judgekit.core.json_values import json_values
from judgekit.core.rounds import Round, plan_round, spreads, squared_distances
from judgekit.core.targets import fit_strength
from judgekit.dataset.items import ItemTable
from judgekit.errors import DataError

ITEMS = (100, 300, 1_000, 3_000)
PER_ITEM = (1, 2, 3, 5, 10)
FEWEST_ITEMS = 10
"""With two annotations each: fewer tell nothing of how people disagree."""


class PlanResult(NamedTuple):
    """Rounds of annotation, and what each will tell.

    Examples:
        >>> found = plan("votes", budget=600)
        >>> [(one.items, one.annotations_per_item) for one in found.rounds]
        [(600, 1), (300, 2), (200, 3), (120, 5), (60, 10)]
    """

    dataset: str
    """The pilot."""
    items: int
    """Of the pilot."""
    compared: int
    """Those with two annotations or more, which tell how people disagree."""
    label: str
    """The one whose share is hardest to tell."""
    level: Level
    """Of alpha."""
    strength: float
    """Of the population fitted to the pilot, in annotations."""
    budget: int | None
    confidence: float
    rounds: tuple[Round, ...]

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON values; null where undefined."""
        return json_values(self._replace(rounds=())) | {
            "rounds": [json_values(one) | {"annotations": one.annotations} for one in self.rounds]
        }


def plan_rounds(name: str, items: ItemTable, level: Level, settings: PlanSettings) -> PlanResult:
    """Compare rounds of annotation.

    Args:
        name: of the pilot.
        items: of the pilot.
        level: of alpha.
        settings: the budget, and the confidence of the intervals.

    Raises:
        DataError: too few items have two annotations, or all annotations have one label.
    """
    compared = int((items.counts.sum(axis=1) >= 2).sum())
    if compared < FEWEST_ITEMS:
        raise DataError(
            f"Of {name!r} {compared} items have two annotations or more; a plan rests on how people disagree, and "
            f"{FEWEST_ITEMS} are the least.",
            hint="Have some of the items annotated once more, by other people: judgekit ingest FILE --append --name "
            + shlex.quote(name),
        )
    prior = class_prior(items.counts)
    if (prior > 0).sum() < 2:
        raise DataError(
            f"All annotations of {name!r} have the label {items.labels[int(prior.argmax())]!r}: nothing tells how "
            "people would disagree.",
            hint="Take a pilot in which more labels occur.",
        )
    strength = fit_strength(items.counts, prior)
    distances = squared_distances(prior, level, np.asarray(items.values) if items.values else None)
    of_number = {n: spreads(prior, strength, n, distances=distances, seed=settings.seed) for n in PER_ITEM}
    return PlanResult(
        name,
        len(items),
        compared,
        items.labels[int((prior * (1 - prior)).argmax())],
        level,
        strength,
        settings.budget,
        settings.confidence,
        tuple(plan_round(of_number[n], count, n, confidence=settings.confidence) for count, n in _grid(settings)),
    )


def _grid(settings: PlanSettings) -> list[tuple[int, int]]:
    """Items and annotations per item of each round."""
    if settings.budget is None:
        return [(count, n) for count in ITEMS for n in PER_ITEM]
    return [(settings.budget // n, n) for n in PER_ITEM]
