"""The items of a study: one split for all its runs, and the same budget spent on its training items in several ways."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.config import StudyPlan, StudySettings
from judgekit.core.subsampling import Budget, largest_budget, spend
from judgekit.dataset.opening import Dataset
from judgekit.errors import DataError, SettingsError
from judgekit.studies.plans import WAYS
from judgekit.training.training_data import split_parts

FEWEST_TEST_ITEMS = 5


def with_fixed_split(data: Dataset, settings: StudySettings) -> Dataset:
    """The dataset with its split written down, and with no more training items than asked for, drawn at random.

    Raises:
        DataError: the test part is too small for intervals.
    """
    part = split_parts(data.items, settings)
    if (part == "test").sum() < FEWEST_TEST_ITEMS:
        raise DataError(
            f"The test part of {data.name!r} has {int((part == 'test').sum())} items; a study needs at least "
            f"{FEWEST_TEST_ITEMS} to tell its variants apart.",
            hint="Ingest more items, or lower --train-share.",
        )
    training = np.flatnonzero(part == "train")
    kept = np.ones(len(part), dtype=np.bool_)
    if settings.train_items is not None and settings.train_items < len(training):
        random = np.random.default_rng(split_seed(settings))
        kept[random.choice(training, size=len(training) - settings.train_items, replace=False)] = False
    items = dataclasses.replace(data.items, parts=pl.Series(part.tolist(), dtype=pl.String)).take(kept)
    return data._replace(items=items)


def split_seed(settings: StudySettings) -> int:
    """The seed of the split, which is the same for all runs."""
    return settings.seed if settings.split_seed is None else settings.split_seed


def rows_of(data: Dataset, part: str) -> NDArray[np.intp]:
    """The items of a part of the fixed split."""
    assert data.items.parts is not None
    return np.flatnonzero((data.items.parts == part).to_numpy())


def find_budget(data: Dataset, settings: StudySettings, plans: list[StudyPlan]) -> Budget | None:
    """The annotations that the budget plan spends; None where it is not asked for.

    Raises:
        DataError: most training items have too few annotations to spend them in two ways.
        SettingsError: annotators are to be weighed, which a draw of anonymous counts cannot follow.
    """
    if "budget" not in plans:
        return None
    if settings.annotator_weights:
        raise SettingsError(
            "--plan budget cannot be used with --annotator-weights: it draws from the counts, which name nobody.",
            hint="Omit one of them.",
        )
    counts = data.items.counts[rows_of(data, "train")]
    budget = largest_budget(counts, WAYS)
    if len(budget.per_item) < 2 or budget.annotations == 0:
        raise DataError(
            f"--plan budget spends the same annotations as {', '.join(map(str, WAYS))} per item, but of the "
            f"{len(counts):,} training items of {data.name!r} only {int((counts.sum(axis=1) >= WAYS[1]).sum()):,} have "
            f"{WAYS[1]} annotations or more.",
            hint="Choose other plans: --plan table1 --plan ablation --plan alpha --plan epsilon --plan robustness",
        )
    return budget


def spent(data: Dataset, budget: Budget, per_item: int, *, seed: int) -> Dataset:
    """The dataset with a budget's draw of its training items and of their annotations; the other parts stay whole."""
    training = rows_of(data, "train")
    random = np.random.default_rng([seed, per_item])
    drawn = spend(data.items.counts[training], budget, per_item, random=random)
    others = np.setdiff1d(np.arange(len(data.items)), training)
    items = data.items.take(np.concatenate([training[drawn.rows], others]))
    counts = np.concatenate([drawn.counts, data.items.counts[others]])
    return data._replace(items=dataclasses.replace(items, counts=counts))
