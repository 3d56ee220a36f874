"""The items of a training run: which part each is in, and what the training items' targets are."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.annotators.reliability import annotator_weights, weighted_counts
from judgekit.config import TrainSettings
from judgekit.core.distributions import class_prior, empirical_distribution, hard_target
from judgekit.core.metrics import kl_per_item
from judgekit.core.probe import grouped_folds
from judgekit.core.targets import empirical_bayes_targets, posterior_spread
from judgekit.dataset.items import ItemTable
from judgekit.dataset.opening import Dataset, named_annotations
from judgekit.dataset.split import PARTS, split_as_given, split_items
from judgekit.prompts.mirror import Mirror, require_mirror
from judgekit.training.batches import EncodedItems, TokenizedPrompts
from judgekit.training.loop import ValidationItems
from judgekit.training.objectives.alignment import TrainingItems
from judgekit.training.too_long import FittingItems, encode_fitting


class Targets(NamedTuple):
    """What N items are trained towards."""

    soft: NDArray[np.float64]
    """What KL aligns to, `[N, K]`."""
    radius: NDArray[np.float64]
    """L2 distance up to which each is perturbed, `[N]`."""
    strength: float | None
    """Of empirical-Bayes targets, in annotations."""


class AnnotatorWeights(NamedTuple):
    """The weights of the annotators of the training items, in figures."""

    annotators: int
    min: float
    mean: float


class LearningItems(NamedTuple):
    """Items to learn from, tokenised; of a comparison in both orders too, if that is asked for."""

    items: ItemTable
    encoded: EncodedItems
    """In the order of the items, `[N]`."""
    counts: NDArray[Any]
    """Annotations per label as they count in training, `[N, K]`."""
    mirrored: FittingItems | None
    """The items mirrored, those that fit; None where they are shown in one order."""
    mirror: Mirror | None

    def to_train_on(self, rows: NDArray[np.intp], settings: TrainSettings) -> TrainingItems:
        """Some of the items with their targets, and behind them the same ones mirrored, so that none leaks."""
        targets = make_targets(self.counts[rows], settings)
        plain = TrainingItems(
            self.encoded.take(rows),
            targets.soft.astype(np.float32),
            hard_target(self.counts[rows]).astype(np.float32),
            targets.radius.astype(np.float32),
        )
        if self.mirrored is None or self.mirror is None:
            return plain
        place = np.full(len(self.items), -1)
        place[rows] = np.arange(len(rows))
        there = np.flatnonzero(place[self.mirrored.rows] >= 0)
        of = place[self.mirrored.rows[there]]
        labels = list(self.mirror.labels)
        return TrainingItems(
            plain.encoded.joined(self.mirrored.encoded.take(there)),
            np.concatenate([plain.target, plain.target[of][:, labels]]),
            np.concatenate([plain.hard, plain.hard[of][:, labels]]),
            np.concatenate([plain.radius, plain.radius[of]]),
        )

    @property
    def counts_shown(self) -> NDArray[Any]:
        """Annotations per label of each of the items as `to_train_on` shows them all, the mirrored ones behind."""
        if self.mirrored is None or self.mirror is None:
            return self.counts
        return np.concatenate([self.counts, self.counts[self.mirrored.rows][:, list(self.mirror.labels)]])

    def to_choose_on(self, rows: NDArray[np.intp]) -> ValidationItems:
        """Some of the items with people's shares."""
        return ValidationItems(self.encoded.take(rows), empirical_distribution(self.items.counts[rows]))


class TrainingData(NamedTuple):
    """The items of a training run, split and tokenised."""

    learning: LearningItems
    """To train on."""
    training: TrainingItems
    """All of them with their targets."""
    validation: LearningItems | None
    """To choose the checkpoint on; None where folds do that."""
    fold: NDArray[np.int64] | None
    """Of each item to train on; None without folds, `[N]`."""
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
    def held(self) -> LearningItems:
        """The items that predictions are compared with: the validation part, or with folds all items."""
        return self.validation or self.learning

    @property
    def validation_prior_kl(self) -> float:
        """KL of the class prior on them, nats."""
        return float(kl_per_item(self.prior, empirical_distribution(self.held.items.counts)).mean())


def split_parts(items: ItemTable, settings: TrainSettings) -> NDArray[np.str_]:
    """The part of each item, `train`, `validation` or `test`, `[N]`, as training and evaluation see it."""
    if settings.folds:  # every item is predicted by a judge that has not seen it: only a given test part stays apart
        given = None if settings.split == "random" else items.parts
        is_test = np.zeros(len(items), np.bool_) if given is None else (given == "test").fill_null(False).to_numpy()
        return np.where(is_test, "test", "train")
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
    sizes = {name: int((part == name).sum()) for name in PARTS}
    items, weights, annotations = data.items.take(part == "train"), None, None
    if settings.annotator_weights:
        annotations = named_annotations(data, part == "train")
        found = annotator_weights(annotations, items.labels)
        weights = AnnotatorWeights(len(found), min(found.values()), float(np.mean([*found.values()])))
        counts = weighted_counts(items, annotations, found)
    else:
        counts = items.counts
    mirror = require_mirror(data.template.fields, items.labels, option="--swap") if settings.swap else None
    learning = _read(items, counts, mirror, prompts, settings)
    validation = None
    if not settings.folds:
        held = data.items.take(part == "validation")
        validation = _read(held, held.counts, None, prompts, settings)
    # A label that no training item has would have prior 0 and log prior minus infinity: add one annotation in all.
    plain = learning.items.counts
    total = plain.sum()
    prior = (class_prior(plain) * total + 1 / len(items.labels)) / (total + 1)
    training = learning.to_train_on(np.arange(len(learning.items)), settings)
    kept = {"train": len(learning.items), "validation": len(validation.items) if validation else 0}
    groups = learning.items.groups.to_numpy()
    return TrainingData(
        learning,
        training,
        validation,
        grouped_folds(groups, settings.folds, seed=settings.seed) if settings.folds else None,
        sizes | kept,
        prior,
        make_targets(learning.counts, settings).strength,
        weights,
        int(training.encoded.is_truncated.sum()) + (int(validation.encoded.is_truncated.sum()) if validation else 0),
        sizes["train"] + sizes["validation"] - sum(kept.values()),
    )


def make_targets(counts: NDArray[Any], settings: TrainSettings) -> Targets:
    """What a judge is trained towards, and how far the adversary may move it.

    Args:
        counts: annotations per label as they count, `[N, K]`.
        settings: of the training.
    """
    shrunk = empirical_bayes_targets(counts)
    spread = posterior_spread(shrunk, counts) if settings.radius == "posterior" else np.ones(len(counts))
    if settings.targets == "bayes":
        return Targets(shrunk.targets, settings.epsilon * spread, shrunk.strength)
    return Targets(empirical_distribution(counts), settings.epsilon * spread, None)


def _read(
    items: ItemTable,
    counts: NDArray[Any],
    mirror: Mirror | None,
    prompts: TokenizedPrompts,
    settings: TrainSettings,
) -> LearningItems:
    """Tokenise items, without those that are left out for their length."""
    found = encode_fitting(prompts, items.texts.to_dicts(), items.item_ids.to_list(), settings.on_too_long)
    if found.dropped:
        items, counts = items.take(found.rows), counts[found.rows]
    mirrored = None
    if mirror is not None:
        texts = [mirror.item(one) for one in items.texts.to_dicts()]
        mirrored = encode_fitting(prompts, texts, items.item_ids.to_list(), settings.on_too_long)
    return LearningItems(items, found.encoded, counts, mirrored, mirror)
