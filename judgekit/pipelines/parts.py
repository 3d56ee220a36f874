"""The items of a training run: which part each is in, and what the training items' targets are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.config import Split, Targets, TrainSettings
from judgekit.core.distributions import class_prior, empirical_distribution, hard_target
from judgekit.core.targets import empirical_bayes_targets
from judgekit.data.annotators import annotator_weights, weighted_counts
from judgekit.data.items import ItemTable
from judgekit.data.split import PARTS, split_as_given, split_items
from judgekit.errors import DataError
from judgekit.pipelines.datasets import Dataset, load_annotations
from judgekit.training.batches import TokenizedPrompts
from judgekit.training.loop import TrainingItems, ValidationItems


class TrainingParts(NamedTuple):
    """The items of a training run, split and tokenised."""

    training: TrainingItems
    validation: ValidationItems
    sizes: dict[str, int]
    prior: NDArray[np.float64]
    """Of the training items, `[K]`, positive; every annotation counts 1."""
    strength: float | None
    """Of empirical-Bayes targets, in annotations."""
    weights: dict[str, float] | None
    """`annotators`, `min` and `mean` of the annotators' weights; None where all count 1."""


def split_parts(items: ItemTable, settings: TrainSettings) -> NDArray[np.str_]:
    """The part of each item, `train`, `validation` or `test`, `[N]`, as training and evaluation see it."""
    rest = 1 - settings.train_share - settings.validation_share
    fractions = (settings.train_share, settings.validation_share, rest)
    if items.parts is None or settings.split is Split.random:
        return split_items(items.groups, seed=settings.seed, fractions=fractions)
    return split_as_given(items.parts, items.groups, seed=settings.seed, fractions=fractions)


def training_parts(data: Dataset, prompts: TokenizedPrompts, settings: TrainSettings) -> TrainingParts:
    """Split the items of a dataset, tokenise those of training and validation, and make their targets.

    Raises:
        DataError: there are too few groups for the parts, or weights are asked for and no annotator is named.
    """
    part = split_parts(data.items, settings)
    training, validation = data.items.take(part == "train"), data.items.take(part == "validation")
    counts, weights = training.counts, None
    if settings.annotator_weights:
        annotations = named_annotations(data, settings)
        found = annotator_weights(annotations, training.labels)
        counts = weighted_counts(training, annotations, found)
        weights = {"annotators": len(found), "min": min(found.values()), "mean": float(np.mean([*found.values()]))}
    target, strength = empirical_distribution(counts), None
    if settings.targets is Targets.bayes:
        shrunk = empirical_bayes_targets(counts)
        target, strength = shrunk.targets, shrunk.strength
    # A label that no training item has would have prior 0 and log prior minus infinity: add one annotation in all.
    total = training.counts.sum()
    prior = (class_prior(training.counts) * total + 1 / len(training.labels)) / (total + 1)
    encoded = [prompts.encode(part_items.texts.to_dicts()) for part_items in (training, validation)]
    return TrainingParts(
        TrainingItems(encoded[0], target.astype(np.float32), hard_target(counts).astype(np.float32)),
        ValidationItems(encoded[1], empirical_distribution(validation.counts)),
        {name: int((part == name).sum()) for name in PARTS},
        prior,
        strength,
        weights,
    )


def named_annotations(data: Dataset, settings: TrainSettings) -> pl.DataFrame:
    """The annotations of the training items: weights that had seen those of the test part would leak them.

    Raises:
        DataError: they name no annotator.
    """
    training = data.items.item_ids.filter(pl.Series(split_parts(data.items, settings) == "train"))
    annotations = load_annotations(data.folder).filter(pl.col("item_id").is_in(training.implode()))
    if annotations.get_column("annotator").null_count() == annotations.height:
        raise DataError(
            f"The dataset {data.name!r} does not say who gave which annotation, so --annotator-weights has nobody to "
            "weigh.",
            hint="Train without it, or ingest the table anew with its column of annotators: judgekit ingest FILE "
            "--annotator COLUMN --force",
        )
    return annotations
