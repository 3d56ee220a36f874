"""What a training does where its settings leave it open: epochs, learning rate, adapter, loss."""

from __future__ import annotations

import math

from judgekit.config import ModelKind, Projection, TrainSettings
from judgekit.core.perturbation import Project
from judgekit.core.probe import FOLDS
from judgekit.core.projection import project_to_ball_and_simplex
from judgekit.dataset.items import ItemTable
from judgekit.models.loading import LoraSettings
from judgekit.training.loop import LoopSettings
from judgekit.training.objectives.alignment import Alignment, TrainingItems
from judgekit.training.step import Objective

FEWEST_STEPS = 150
FEWEST_EPOCHS = 3
MOST_EPOCHS = 20
FEW_ITEMS = 2_000
"""Below, a half of the items would teach much less than all of them, and there is time for five folds."""
MOST_ITEMS_TO_FOLD = 20_000
HALVES = 2
FEWEST_GROUPS_TO_FOLD = 10
LEARNING_RATE = {"encoder": 1e-3, "causal": 2e-4}
DROPOUT = {"encoder": 0.1, "causal": 0.0}
PUBLISHED_LEARNING_RATE = 5e-5
LEARNING_RATE_OF_REWARDS = 5e-5


def folds_for(settings: TrainSettings, items: ItemTable, kind: ModelKind) -> int:
    """How many judges are trained without a part of the items each; 0 for none.

    Where the settings leave it open: for an encoder and not too many items, of which a validation and a test part would
    take a fifth from the training and say less than all of them; a causal LM takes too long to be trained six times.

    Args:
        settings: of the training.
        items: of the dataset.
        kind: of the backbone.
    """
    if settings.folds is not None or not settings.trains_at_labels:
        return settings.folds or 0
    if kind != "encoder" or items.groups.n_unique() < FEWEST_GROUPS_TO_FOLD or len(items) >= MOST_ITEMS_TO_FOLD:
        return 0
    return FOLDS if len(items) < FEW_ITEMS else HALVES


def lora_settings(settings: TrainSettings, kind: ModelKind) -> LoraSettings:
    """The shape of the adapter for a kind of backbone."""
    scale, dropout = settings.lora_alpha or 2 * settings.lora_r, settings.lora_dropout
    if dropout is None:
        dropout = DROPOUT[kind]
    return LoraSettings(settings.lora_r, scale, dropout, settings.target_modules)


def loop_settings(settings: TrainSettings, kind: ModelKind, items: int) -> LoopSettings:
    """The settings of the loop, with everything decided that was left open.

    Args:
        settings: of the training.
        kind: of the backbone.
        items: to train on.
    """
    steps_per_epoch = math.ceil(items / settings.batch_size)
    epochs = settings.epochs or min(MOST_EPOCHS, max(FEWEST_EPOCHS, math.ceil(FEWEST_STEPS / steps_per_epoch)))
    is_published = kind == "causal" and settings.preset != "default"
    rate = PUBLISHED_LEARNING_RATE if is_published else LEARNING_RATE[kind]
    if settings.stage == "rl":
        rate = LEARNING_RATE_OF_REWARDS
    return LoopSettings(
        epochs=epochs,
        batch_size=settings.batch_size,
        micro_batch_size=settings.micro_batch_size or settings.batch_size,
        learning_rate=settings.learning_rate or rate,
        weight_decay=settings.weight_decay,
        warmup=settings.warmup,
        averaging=settings.averaging,
        optimizer=settings.optimizer,
        evaluations=settings.evaluations,
        patience=settings.patience,
        keep=settings.keep,
        seed=settings.seed,
    )


def objective_of(settings: TrainSettings, items: TrainingItems) -> Objective:
    """What a training on these items minimises."""
    return Alignment(
        items,
        alpha=settings.alpha,
        adversary=settings.adversary,
        project=_projection(settings.projection),
    )


def _projection(projection: Projection) -> Project:
    if projection == "cvxpy":
        # CVXPY takes 1.5 s to import and is the oracle of few.
        from judgekit.core.reference import project_to_ball_and_simplex_cvxpy

        return project_to_ball_and_simplex_cvxpy
    return project_to_ball_and_simplex
