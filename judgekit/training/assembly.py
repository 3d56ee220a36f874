"""A training put together and carried out: what `train` and `study` share.

From a dataset, a backbone that is set up for it, and settings, to a judge model with its data and its loop.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from judgekit.config import TrainSettings
from judgekit.dataset.opening import Dataset
from judgekit.errors import SettingsError
from judgekit.models.causal import CausalJudge
from judgekit.models.encoder import EncoderJudge, FrozenEncoder, middle_and_last
from judgekit.models.frozen_causal import frozen_causal
from judgekit.models.loading import new_judge
from judgekit.models.memory import MemoryEstimate, estimate_memory, free_memory
from judgekit.models.reader import TrainableJudge
from judgekit.training.decisions import loop_settings, lora_settings, objective_of
from judgekit.training.features import StateReader
from judgekit.training.loop import LoopSettings
from judgekit.training.processes import ALONE, Processes
from judgekit.training.setup import Setup
from judgekit.training.step import Objective
from judgekit.training.training_data import TrainingData, training_data

# Beyond this share of the free memory activations are computed twice instead of kept.
MEMORY_TO_USE = 0.8
# Of one item, before the first step: what a judge may read later than in training is tried up to here.
MOST_PROBED = 1_024
MOST_READ_IN_THE_MIDDLE = 5_000
"""Items up to which a probe reads the middle of an encoder as well: twice the features take a multiple of the time."""


class MemoryPlan(NamedTuple):
    """What a training is expected to need, and what is done about it."""

    estimate: MemoryEstimate
    free: int | None
    """Bytes; None where the system does not say."""
    gradient_checkpointing: bool


class Training(NamedTuple):
    """All that one training needs; nothing is left to decide."""

    settings: TrainSettings
    setup: Setup
    data: TrainingData
    loop: LoopSettings
    memory: MemoryPlan
    objective: Objective
    model: TrainableJudge
    """Untrained, or as far as `carry_out` came."""
    frozen: StateReader | None
    """Reads the states of the untrained backbone; None where a probe cannot have them."""
    examples: int
    """That an epoch passes over: items, or where single annotations are learned from these."""

    @property
    def total_steps(self) -> int:
        """Optimiser steps from start to end."""
        if self.settings.stage == "none":
            return 0
        batches = self.examples / self.loop.batch_size
        per_epoch = math.floor(batches) if self.settings.stage == "rl" else math.ceil(batches)  # TRL drops the rest
        return self.loop.epochs * max(1, per_epoch)


def assemble(dataset: Dataset, setup: Setup, settings: TrainSettings, *, processes: Processes = ALONE) -> Training:
    """Put a training together: loads the backbone's weights.

    Args:
        dataset: what is trained on.
        setup: a backbone that is set up for the dataset.
        settings: of the training.
        processes: those that train together; each calls this.

    Raises:
        DataError: there are too few groups for the parts, or what the settings ask for is not in the data.
        BackboneError: the backbone cannot be loaded as the settings ask.
    """
    data = training_data(dataset, setup.prompts, settings)
    shards = processes.count if processes.is_sharded else 1
    lengths = data.training.encoded.lengths
    memory = processes.from_main(lambda: plan_memory(setup, settings, lengths, shards=shards))
    model = make_model(
        setup,
        settings,
        data.prior,
        gradient_checkpointing=memory.gradient_checkpointing,
        is_sharded=processes.is_sharded,
        longest=max(int(lengths.max()), min(setup.prompts.max_length, MOST_PROBED)),
    )
    examples = int(data.learning.counts_shown.sum()) if settings.stage == "rl" else len(lengths)
    loop = loop_settings(settings, setup.backbone.kind, examples)
    frozen = None
    if settings.probe and not processes.is_sharded:
        frozen = _frozen(model, setup, len(data.learning.items))
    if settings.quick and frozen is None:
        raise SettingsError(
            f"--quick fits a probe on the hidden states of the backbone, and {setup.backbone.name} does not give them.",
            hint="Omit --quick, or choose another model with --backbone.",
        )
    objective = objective_of(settings, data.training)
    return Training(settings, setup, data, loop, memory, objective, model, frozen, examples)


def _frozen(model: TrainableJudge, setup: Setup, items: int) -> StateReader | None:
    if isinstance(model, EncoderJudge):
        layers = middle_and_last(model.backbone, setup.dtype) if items <= MOST_READ_IN_THE_MIDDLE else ()
        return FrozenEncoder(model.backbone, layers, dtype=setup.dtype)
    return frozen_causal(model) if isinstance(model, CausalJudge) else None


def plan_memory(setup: Setup, settings: TrainSettings, lengths: NDArray[np.int64], *, shards: int = 1) -> MemoryPlan:
    """What a training on items of these lengths (tokens, `[N]`) needs; decides on gradient checkpointing."""

    def estimate(checkpointing: bool) -> MemoryEstimate:
        return estimate_memory(
            setup.backbone,
            items=settings.micro_batch_size or settings.batch_size,
            tokens=int(lengths.max()),
            lora=lora_settings(settings, setup.backbone.kind),
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
    longest: int | None = None,
) -> TrainableJudge:
    """The untrained judge model.

    Args:
        setup: of `set_up`.
        settings: of the training.
        prior: label shares of the training items, `[K]`, positive; an encoder's fresh head starts there.
        gradient_checkpointing: whether activations are computed twice.
        is_sharded: whether the processes part the backbone among them.
        longest: tokens of the longest input that it must read.
    """
    return new_judge(
        setup.backbone,
        lora=lora_settings(settings, setup.backbone.kind),
        label_bias=torch.from_numpy(np.log(prior)).float(),
        label_words=None if setup.verbalizer is None else setup.verbalizer.words,
        device=setup.device,
        dtype=setup.dtype,
        seed=settings.seed,
        load_in_4bit=settings.load_in_4bit,
        gradient_checkpointing=gradient_checkpointing,
        is_sharded=is_sharded,
        longest=longest,
    )
