"""A training put together and carried out: what `train` and `study` share.

From a dataset, a backbone that is set up for it, and settings, to a judge model with its data and its loop.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from judgekit.config import TrainSettings
from judgekit.core.calibration import Calibration
from judgekit.core.metrics import kl_per_item
from judgekit.dataset.opening import Dataset
from judgekit.models.loading import new_judge
from judgekit.models.memory import MemoryEstimate, estimate_memory, free_memory
from judgekit.models.reader import TrainableJudge
from judgekit.training.decisions import loop_settings, lora_settings, objective_of
from judgekit.training.loop import LoopSettings, reading_size, train_model
from judgekit.training.predict import predict
from judgekit.training.processes import ALONE, Processes
from judgekit.training.reporter import Reporter
from judgekit.training.result import TrainResult
from judgekit.training.setup import Setup
from judgekit.training.state import LoopState
from judgekit.training.step import Objective
from judgekit.training.training_data import TrainingData, training_data

FEWEST_ITEMS_TO_CALIBRATE = 20
# Beyond this share of the free memory activations are computed twice instead of kept.
MEMORY_TO_USE = 0.8
# Of one item, before the first step: what a judge may read later than in training is tried up to here.
MOST_PROBED = 1_024


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
    """Untrained, or as far as `run` came."""

    @property
    def total_steps(self) -> int:
        """Optimiser steps from start to end."""
        return self.loop.epochs * math.ceil(len(self.objective.lengths) / self.loop.batch_size)

    def run(
        self,
        reporter: Reporter,
        *,
        state: LoopState | None = None,
        processes: Processes = ALONE,
        save: Callable[[LoopState], None] = lambda state: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Trained:
        """Train the model, calibrate it on the validation part, and measure it there.

        Args:
            reporter: gets notes and progress.
            state: where to go on; None begins.
            processes: those that train together.
            save: gets the state now and then, to be kept.
            should_stop: asked after every step; true ends the run with a saved state.

        Raises:
            SettingsError: the loss is not finite, or memory does not suffice for one item.
            BackboneError: the trained model gives infinite numbers or none.
        """
        validation = self.data.validation
        outcome = train_model(
            self.model,
            self.objective,
            validation,
            settings=self.loop,
            state=state,
            processes=processes,
            on_progress=reporter.training,
            on_note=reporter.note,
            save=save,
            should_stop=should_stop,
        )
        end = outcome.state
        if not outcome.is_finished:
            return Trained(end, False, Calibration(), end.best_kl, None, outcome.peak_memory)
        size = reading_size(end, processes)
        predicted = predict(self.model, validation.encoded, batch_size=size, processes=processes)
        predicted.check_finite("the trained model")
        fits = self.settings.calibrate and len(validation.p) >= FEWEST_ITEMS_TO_CALIBRATE
        calibration = Calibration.fit(predicted.logits, validation.p) if fits else Calibration()
        kl = float(kl_per_item(calibration.apply(predicted.logits), validation.p).mean())
        return Trained(end, True, calibration, kl, predicted.mean_label_mass, outcome.peak_memory)

    def result(self, judge: str, dataset: str, trained: Trained) -> TrainResult:
        """What became of a training, in figures.

        Args:
            judge: name of the judge.
            dataset: name of the dataset.
            trained: of `run`.
        """
        end = trained.state
        return TrainResult(
            judge=judge,
            folder=None,
            dataset=dataset,
            items=self.data.sizes,
            steps=end.step,
            total_steps=self.total_steps,
            best_step=end.best_step,
            validation_kl=trained.validation_kl,
            validation_prior_kl=self.data.validation_prior_kl,
            calibration=trained.calibration,
            label_mass=trained.label_mass,
            truncated=self.data.truncated,
            dropped=self.data.dropped,
            items_per_second=end.step * self.loop.batch_size / end.seconds if end.seconds else 0.0,
        )


class Trained(NamedTuple):
    """How a training ended."""

    state: LoopState
    is_finished: bool
    calibration: Calibration
    validation_kl: float
    """Of the kept adapter, nats: after calibration, or of an interrupted run before it."""
    label_mass: float | None
    """Probability a causal LM gives to the label set, mean over the validation part; None for encoders."""
    peak_memory: int | None
    """Most bytes in use; None where the system does not say."""


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
    loop = loop_settings(settings, setup.backbone.kind, len(lengths))
    return Training(settings, setup, data, loop, memory, objective_of(settings, data.training), model)


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
        lora=lora_settings(settings),
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
