"""The items of a training run: which part each is in, and what the training items' targets are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.annotators.reliability import annotator_weights, weighted_counts
from judgekit.config import TrainSettings
from judgekit.core.distributions import class_prior, empirical_distribution, hard_target
from judgekit.core.metrics import kl_per_item
from judgekit.core.targets import empirical_bayes_targets
from judgekit.dataset.items import ItemTable
from judgekit.dataset.opening import Dataset, named_annotations
from judgekit.dataset.split import PARTS, split_as_given, split_items
from judgekit.prompts.mirror import Mirror, require_mirror
from judgekit.training.batches import EncodedItems, TokenizedPrompts
from judgekit.training.loop import ValidationItems
from judgekit.training.objectives.alignment import TrainingItems
from judgekit.training.too_long import encode_fitting


class AnnotatorWeights(NamedTuple):
    """The weights of the annotators of the training items, in figures."""

    annotators: int
    min: float
    mean: float


class TrainingData(NamedTuple):
    """The items of a training run, split and tokenised."""

    training: TrainingItems
    validation: ValidationItems
    sizes: dict[str, int]
    """Items of each part of the split."""
    prior: NDArray[np.float64]
    """Of the training items, `[K]`, positive; every annotation counts 1."""
    strength: float | None
    """Of empirical-Bayes targets, in annotations."""
    weights: AnnotatorWeights | None
    """None where all annotators count 1."""
    truncated: int
    """Training and validation items whose texts were shortened."""
    dropped: int
    """Training and validation items left out because they are too long."""

    @property
    def validation_prior_kl(self) -> float:
        """KL of the class prior on the validation items, nats."""
        return float(kl_per_item(self.prior, self.validation.p).mean())


def split_parts(items: ItemTable, settings: TrainSettings) -> NDArray[np.str_]:
    """The part of each item, `train`, `validation` or `test`, `[N]`, as training and evaluation see it."""
    rest = 1 - settings.train_share - settings.validation_share
    fractions = (settings.train_share, settings.validation_share, rest)
    seed = settings.seed if settings.split_seed is None else settings.split_seed
    if items.parts is None or settings.split == "random":
        return split_items(items.groups, seed=seed, fractions=fractions)
    return split_as_given(items.parts, items.groups, seed=seed, fractions=fractions)


def training_data(data: Dataset, prompts: TokenizedPrompts, settings: TrainSettings) -> TrainingData:
    """Split the items of a dataset, tokenise those of training and validation, and make their targets.

    Raises:
        DataError: there are too few groups for the parts, or weights are asked for and no annotator is named.
    """
    part = split_parts(data.items, settings)
    (training, encoded), (validation, encoded_validation) = (
        _fitting(data.items.take(part == name), prompts, settings) for name in ("train", "validation")
    )
    sizes = {name: int((part == name).sum()) for name in PARTS}
    dropped = sizes["train"] + sizes["validation"] - len(training) - len(validation)
    counts, weights = training.counts, None
    if settings.annotator_weights:
        annotations = named_annotations(data, part == "train")
        found = annotator_weights(annotations, training.labels)
        counts = weighted_counts(training, annotations, found)
        weights = AnnotatorWeights(len(found), min(found.values()), float(np.mean([*found.values()])))
    mirror = require_mirror(data.template.fields, training.labels, option="--swap") if settings.swap else None
    target, strength = empirical_distribution(counts), None
    if settings.targets == "bayes":
        shrunk = empirical_bayes_targets(counts)
        target, strength = shrunk.targets, shrunk.strength
    # A label that no training item has would have prior 0 and log prior minus infinity: add one annotation in all.
    total = training.counts.sum()
    prior = (class_prior(training.counts) * total + 1 / len(training.labels)) / (total + 1)
    to_train_on = TrainingItems(encoded, target.astype(np.float32), hard_target(counts).astype(np.float32))
    if mirror is not None:
        to_train_on = _in_both_orders(to_train_on, training, mirror, prompts, settings)
    return TrainingData(
        to_train_on,
        ValidationItems(encoded_validation, empirical_distribution(validation.counts)),
        sizes | {"train": len(training), "validation": len(validation)},
        prior,
        strength,
        weights,
        int(to_train_on.encoded.is_truncated.sum() + encoded_validation.is_truncated.sum()),
        dropped,
    )


def _fitting(items: ItemTable, prompts: TokenizedPrompts, settings: TrainSettings) -> tuple[ItemTable, EncodedItems]:
    """The items that are not left out for their length, and their tokens."""
    found = encode_fitting(prompts, items.texts.to_dicts(), items.item_ids.to_list(), settings.on_too_long)
    return (items.take(found.rows) if found.dropped else items), found.encoded


def _in_both_orders(
    training: TrainingItems, items: ItemTable, mirror: Mirror, prompts: TokenizedPrompts, settings: TrainSettings
) -> TrainingItems:
    """The training items, and behind them the same ones mirrored: texts and targets; after the split, so none leaks."""
    texts = [mirror.item(one) for one in items.texts.to_dicts()]
    found = encode_fitting(prompts, texts, items.item_ids.to_list(), settings.on_too_long)
    labels = list(mirror.labels)
    return TrainingItems(
        training.encoded.joined(found.encoded),
        np.concatenate([training.target, training.target[found.rows][:, labels]]),
        np.concatenate([training.hard, training.hard[found.rows][:, labels]]),
    )
