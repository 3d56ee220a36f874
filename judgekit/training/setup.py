"""What `train` and `study` share: from a dataset, a backbone and settings to a judge model and its loop."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from judgekit.config import LabelScoring, ModelKind, Preset, Projection, TrainSettings
from judgekit.core.calibration import apply_temperature, fit_temperature
from judgekit.core.metrics import kl_per_item
from judgekit.core.perturbation import Project
from judgekit.core.projection import project_to_ball_and_simplex
from judgekit.dataset.opening import Dataset
from judgekit.errors import SettingsError
from judgekit.models.loading import (
    Backbone,
    LoraSettings,
    check_4bit,
    choose_device,
    choose_dtype,
    find_backbone,
    load_tokenizer,
    longest_input,
    new_judge,
)
from judgekit.models.memory import MemoryEstimate, estimate_memory, free_memory
from judgekit.models.reader import TrainableJudge
from judgekit.prompts.chat import chat_frame
from judgekit.prompts.verbalizer import Verbalizer, build_verbalizer
from judgekit.training.batches import TokenizedPrompts
from judgekit.training.loop import LoopSettings
from judgekit.training.objectives.alignment import Alignment, TrainingItems
from judgekit.training.optimizer import check_optimizer
from judgekit.training.step import Objective

FEWEST_STEPS = 150
FEWEST_EPOCHS = 3
MOST_EPOCHS = 20
LEARNING_RATE = {ModelKind.encoder: 1e-3, ModelKind.causal: 2e-4}
PUBLISHED_LEARNING_RATE = 5e-5
FEWEST_ITEMS_TO_CALIBRATE = 20
PROMPTS_FOR_VERBALIZER = 8
# Beyond this share of the free memory activations are computed twice instead of kept.
MEMORY_TO_USE = 0.8


class Setup(NamedTuple):
    """A backbone made ready to judge the items of a dataset: all but the weights."""

    backbone: Backbone
    device: torch.device
    dtype: torch.dtype
    prompts: TokenizedPrompts
    verbalizer: Verbalizer | None
    """How a causal LM is read; None for an encoder."""


class MemoryPlan(NamedTuple):
    """What a training is expected to need, and what is done about it."""

    estimate: MemoryEstimate
    free: int | None
    """Bytes; None where the system does not say."""
    gradient_checkpointing: bool


def wanted_backbone(settings: TrainSettings, name: str | None = None, *, offline: bool) -> Backbone:
    """The backbone that the settings ask for, located and not loaded.

    Args:
        settings: of the training.
        name: its name where that is known better, as the whole path of a folder.
        offline: never ask the hub.

    Raises:
        BackboneError: it is not to be had.
    """
    return find_backbone(
        name or settings.backbone,
        settings.revision,
        kind=settings.model_kind,
        offline=offline,
        trust_remote_code=settings.trust_remote_code,
    )


def set_up(data: Dataset, backbone: Backbone, settings: TrainSettings, *, device: torch.device | None = None) -> Setup:
    """Decide device, number format, prompts and how the labels are read; loads a tokenizer but no weights.

    Args:
        data: the dataset.
        backbone: what will be fine-tuned.
        settings: of the training.
        device: where to, if not as the settings say.

    Raises:
        JudgekitError: the device, 4 bits or the optimiser are not to be had here, or the labels cannot be told apart.
    """
    device = device or choose_device(settings.device)
    if settings.load_in_4bit:
        check_4bit(backbone, device)
    check_optimizer(settings.optimizer.value, device)
    tokenizer = load_tokenizer(backbone)
    for_encoder = backbone.kind is ModelKind.encoder
    labels = data.items.labels
    frame = None if for_encoder or not settings.chat else chat_frame(tokenizer)

    def prompts(codes: tuple[str, ...], max_length: int) -> TokenizedPrompts:
        return TokenizedPrompts(
            data.template, labels, tokenizer, for_encoder=for_encoder, max_length=max_length, frame=frame, codes=codes
        )

    most = min(settings.max_length, longest_input(backbone))
    dtype = choose_dtype(settings.dtype, device)
    if for_encoder:
        if settings.label_words or settings.label_scoring is not LabelScoring.auto:
            raise SettingsError(
                f"--label-words and --label-scoring say how a causal LM is read; {backbone.name} is an encoder with a "
                "label head.",
                hint="Leave them away, or choose a causal LM with --backbone.",
            )
        return Setup(backbone, device, dtype, prompts((), most), None)
    sample = data.items.texts.head(PROMPTS_FOR_VERBALIZER).to_dicts()
    verbalizer = build_verbalizer(
        tokenizer,
        lambda codes: prompts(codes, most).texts(sample),
        labels,
        scoring=settings.label_scoring.value,
        label_words=settings.words_of_labels(),
        ordinal=data.items.scale == "ordinal",
    )
    behind = max(len(word) for words in verbalizer.words for word in words)  # the label stands behind the prompt
    return Setup(backbone, device, dtype, prompts(verbalizer.codes, most - behind), verbalizer)


def lora_settings(settings: TrainSettings) -> LoraSettings:
    """The shape of the adapter."""
    scale = settings.lora_alpha or 2 * settings.lora_r
    return LoraSettings(settings.lora_r, scale, settings.lora_dropout, settings.target_modules)


def plan_memory(setup: Setup, settings: TrainSettings, lengths: NDArray[np.int64], *, shards: int = 1) -> MemoryPlan:
    """What a training on items of these lengths (tokens, `[N]`) needs; decides on gradient checkpointing."""

    def estimate(checkpointing: bool) -> MemoryEstimate:
        return estimate_memory(
            setup.backbone,
            items=settings.micro_batch_size or settings.batch_size,
            tokens=int(lengths.max()),
            lora=lora_settings(settings),
            dtype=setup.dtype,
            device=setup.device,
            load_in_4bit=settings.load_in_4bit,
            gradient_checkpointing=checkpointing,
            shards=shards,
        )

    free = free_memory(setup.device)
    checkpointing = settings.gradient_checkpointing
    if checkpointing is None:
        checkpointing = free is not None and estimate(False).total > MEMORY_TO_USE * free
    return MemoryPlan(estimate(checkpointing), free, checkpointing)


def make_model(
    setup: Setup,
    settings: TrainSettings,
    prior: NDArray[np.float64],
    *,
    gradient_checkpointing: bool = False,
    is_sharded: bool = False,
) -> TrainableJudge:
    """The untrained judge model.

    Args:
        setup: of `set_up`.
        settings: of the training.
        prior: label shares of the training items, `[K]`, positive; an encoder's fresh head starts there.
        gradient_checkpointing: whether activations are computed twice.
        is_sharded: whether the processes part the backbone among them.
    """
    return new_judge(
        setup.backbone,
        lora=lora_settings(settings),
        label_bias=torch.from_numpy(np.log(prior)).float(),
        label_words=None if setup.verbalizer is None else setup.verbalizer.words,
        device=setup.device,
        dtype=setup.dtype,
        seed=settings.seed,
        load_in_4bit=settings.load_in_4bit,
        gradient_checkpointing=gradient_checkpointing,
        is_sharded=is_sharded,
    )


def loop_settings(settings: TrainSettings, kind: ModelKind, items: int) -> LoopSettings:
    """The settings of the loop, with everything decided that was left open.

    Args:
        settings: of the training.
        kind: of the backbone.
        items: to train on.
    """
    steps_per_epoch = math.ceil(items / settings.batch_size)
    epochs = settings.epochs or min(MOST_EPOCHS, max(FEWEST_EPOCHS, math.ceil(FEWEST_STEPS / steps_per_epoch)))
    is_published = kind is ModelKind.causal and settings.preset is not Preset.default
    return LoopSettings(
        epochs=epochs,
        batch_size=settings.batch_size,
        micro_batch_size=settings.micro_batch_size or settings.batch_size,
        learning_rate=settings.learning_rate or (PUBLISHED_LEARNING_RATE if is_published else LEARNING_RATE[kind]),
        weight_decay=settings.weight_decay,
        warmup=settings.warmup,
        averaging=settings.averaging,
        optimizer=settings.optimizer.value,
        evaluations=settings.evaluations,
        patience=settings.patience,
        keep=settings.keep.value,
        seed=settings.seed,
    )


def objective_of(settings: TrainSettings, items: TrainingItems) -> Objective:
    """What a training on these items minimises."""
    return Alignment(
        items,
        alpha=settings.alpha,
        epsilon=settings.epsilon,
        adversary=settings.adversary.value,
        project=_projection(settings.projection),
    )


def _projection(projection: Projection) -> Project:
    if projection is Projection.cvxpy:
        # CVXPY takes 1.5 s to import and is the oracle of few.
        from judgekit.core.reference import project_to_ball_and_simplex_cvxpy

        return project_to_ball_and_simplex_cvxpy
    return project_to_ball_and_simplex


def calibrate(logits: NDArray[np.float32], p: NDArray[np.float64], settings: TrainSettings) -> tuple[float, float]:
    """The temperature, 1 where it is not fitted, and the KL in nats with it on the items it was fitted on.

    Args:
        logits: label logits, `[N, K]`.
        p: empirical distributions, `[N, K]`.
        settings: of the training.
    """
    fits = settings.calibrate and len(p) >= FEWEST_ITEMS_TO_CALIBRATE
    temperature = fit_temperature(logits, p) if fits else 1.0
    return temperature, float(kl_per_item(apply_temperature(logits, temperature), p).mean())
