"""The only optimisation loop: it reports through one callback, keeps the best adapter, and resumes exactly.

Every random number of step s comes from the seed, s and the number of the process alone, and the learning rate is a
function of s, so that a run continued from a checkpoint does what the uninterrupted run would have done.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from judgekit.errors import SettingsError
from judgekit.models.reader import TrainableJudge
from judgekit.training.averaging import exchanged, update_average
from judgekit.training.batches import EncodedItems, epoch_batches
from judgekit.training.first_pass import FirstPass, peak_memory, probe_longest
from judgekit.training.optimizer import OptimizerName, learning_rate_factor, make_optimizer
from judgekit.training.predict import READ_TOGETHER, predict
from judgekit.training.processes import ALONE, Processes
from judgekit.training.state import LoopState
from judgekit.training.step import Objective, batch_gradients

GRADIENT_NORM = 1.0
SECONDS_BETWEEN_SAVES = 600


class ValidationItems(NamedTuple):
    """Items the checkpoint is chosen on."""

    encoded: EncodedItems
    p: NDArray[np.float64]
    """Empirical distributions, `[N, K]`."""


@dataclass(frozen=True, kw_only=True)
class LoopSettings:
    """What the loop needs to know; all decided, nothing left to guess."""

    epochs: int
    batch_size: int
    """Items per optimiser step, of all processes together."""
    micro_batch_size: int
    """Most items per forward pass of one process; halved where memory runs out."""
    learning_rate: float
    weight_decay: float
    warmup: float
    averaging: float
    optimizer: OptimizerName
    evaluations: int
    patience: int
    keep: Literal["best", "last"]
    """`last` trains to the end and takes what is there then."""
    seed: int
    share: float = 1.0
    """How much of the schedule is trained, in `[0, 1]`; the learning rate still falls as in the whole of it."""

    def with_share(self, share: float) -> LoopSettings:
        """The same, with another share of the schedule."""
        return replace(self, share=share)


class Progress(NamedTuple):
    """What the callback gets after every step and evaluation."""

    step: int
    total_steps: int
    items_per_second: float | None
    """None before the first step is timed."""
    seconds_left: float | None
    """None before the first step is timed."""
    loss: dict[str, float] | None
    """The last step's loss and its parts, means over its batch, nats; None before the first step."""
    validation_kl: float
    """Of the last evaluation, nats."""
    best_kl: float
    stage: str = ""
    """Which of several trainings this is, in words; steps are those of all of them."""


class LoopResult(NamedTuple):
    """How a run ended; the model holds the adapter to keep if it is finished, else the last one."""

    state: LoopState
    is_finished: bool
    first_pass: FirstPass
    peak_memory: int | None
    """Most bytes in use in the whole run, as in `FirstPass`."""


def train_model(
    model: TrainableJudge,
    objective: Objective,
    validation: ValidationItems | None,
    *,
    settings: LoopSettings,
    state: LoopState | None = None,
    processes: Processes = ALONE,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_note: Callable[[str], None] = lambda note: None,
    save: Callable[[LoopState], None] = lambda state: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> LoopResult:
    """Fine-tune a judge model; the adapter with the smallest validation KL is the result, or the last one.

    Args:
        model: the judge model; changed in place.
        objective: what is minimised, over all items to train on.
        validation: items to choose the checkpoint on; without any, the last adapter is the result.
        settings: see there.
        state: a saved state to continue from; None starts anew.
        processes: those that train together, each with the same arguments; all come to the same result.
        on_progress: called after every step and evaluation; like `on_note` and `save`, in the main process alone.
        on_note: gets what the user should know, a sentence at a time.
        save: gets the state after every evaluation, every ten minutes, and when stopped early by `should_stop`.
        should_stop: asked after every step; true in any process ends the run with a saved state.

    Raises:
        SettingsError: the loss is not finite, or memory does not suffice for one item.
    """
    if not processes.is_main:
        on_note = on_progress = save = _silent
    parameters = model.trainable()
    optimizer = make_optimizer(
        parameters, settings.optimizer, learning_rate=settings.learning_rate, weight_decay=settings.weight_decay
    )
    state = state or LoopState()
    state.micro_batch_size = state.micro_batch_size or settings.micro_batch_size
    average = state.restore(parameters, optimizer)
    steps_per_epoch = math.ceil(len(objective.lengths) / settings.batch_size)
    total = steps_per_epoch * settings.epochs
    end = round(settings.share * total)
    evaluate_every = max(1, math.ceil(total / settings.evaluations))
    batches: list[NDArray[np.int64]] = []
    loss: dict[str, float] | None = None

    def keep() -> None:
        nonlocal saved
        state.capture(parameters, average, optimizer)
        save(state)
        saved = time.monotonic()

    model.set_training(True)
    saved = time.monotonic()
    # The caller's random numbers stay as they are: dropout is seeded step by step inside the fork.
    with torch.random.fork_rng(devices=[model.device] if model.device.type == "cuda" else []):
        first_pass = probe_longest(
            model, objective, batch_size=settings.batch_size, state=state, processes=processes, on_note=on_note
        )
        while True:
            is_last = state.step >= end
            if state.evaluated_step < state.step and (is_last or state.step % evaluate_every == 0):
                model.set_training(False)
                if validation is None:
                    _note_step(state, loss)
                else:
                    with exchanged(parameters, average):
                        _evaluate(model, validation, state, loss, settings, processes)
                keep()
                model.set_training(True)
                on_progress(_progress(state, end, settings, loss))
            # Not in the first half: while the learning rate rises a short run has hardly begun.
            if is_last or (state.without_gain >= settings.patience and 2 * state.step >= end):
                break
            if processes.any(should_stop()):
                keep()
                return LoopResult(state, False, first_pass, peak_memory(model.device))
            if processes.is_main and time.monotonic() - saved > SECONDS_BETWEEN_SAVES:
                keep()
            started = time.perf_counter()
            epoch, place = divmod(state.step, steps_per_epoch)
            if not batches or place == 0:
                batches = epoch_batches(objective.lengths, settings.batch_size, seed=settings.seed, epoch=epoch)
            for group in optimizer.param_groups:
                group["lr"] = settings.learning_rate * learning_rate_factor(state.step, total, settings.warmup)
            rows = batches[place]
            loss = batch_gradients(
                model, objective, rows, seed=settings.seed, state=state, processes=processes, on_note=on_note
            )
            if not math.isfinite(loss["total"]):
                raise SettingsError(
                    f"The loss is not finite at step {state.step + 1} of {total}.",
                    hint="Lower --learning-rate, or try --dtype float32.",
                )
            nn.utils.clip_grad_norm_(parameters.values(), GRADIENT_NORM)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            state.step += 1
            update_average(average, parameters, min(settings.averaging, state.step / (state.step + 9)))
            state.seconds += time.perf_counter() - started
            on_progress(_progress(state, end, settings, loss))
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(state.tensors[f"best/{name}"])
    model.set_training(False)
    return LoopResult(state, True, first_pass, peak_memory(model.device))


def _silent(_: Any) -> None:
    """Stands for the callbacks in a process that is not the main one."""


def reading_size(state: LoopState, processes: Processes) -> int:
    """Items per forward pass of an evaluation: under FSDP, which cannot try again, as many as training has tried."""
    return min(state.micro_batch_size, READ_TOGETHER) if processes.is_sharded else READ_TOGETHER


def _evaluate(
    model: TrainableJudge,
    validation: ValidationItems,
    state: LoopState,
    loss: dict[str, float] | None,
    settings: LoopSettings,
    processes: Processes,
) -> None:
    predicted = predict(model, validation.encoded, batch_size=reading_size(state, processes), processes=processes)
    log_q = torch.from_numpy(predicted.logits).double().log_softmax(-1).numpy()
    p = validation.p
    terms = np.where(p > 0, p * (np.log(np.where(p > 0, p, 1.0)) - log_q), 0.0)
    kl = float(terms.sum(1).mean())
    row = {"validation_kl": kl}
    if predicted.label_mass is not None:
        row["label_mass"] = float(predicted.label_mass.mean())
    state.evaluated_step = state.step
    state.log.append({"step": state.step, "validation_kl": kl, **(loss or {}), **row})
    state.readings.append(predicted.logits)
    if kl < state.best_kl or settings.keep == "last":
        state.best_kl, state.best_step, state.without_gain = kl, state.step, 0
    else:
        state.without_gain += 1


def _note_step(state: LoopState, loss: dict[str, float] | None) -> None:
    """Where there is nothing to choose on, the latest step is the one to keep."""
    state.evaluated_step = state.best_step = state.step
    state.log.append({"step": state.step, **(loss or {})})


def _progress(state: LoopState, total: int, settings: LoopSettings, loss: dict[str, float] | None) -> Progress:
    is_timed = state.step > 0 and state.seconds > 0
    rate = state.step * settings.batch_size / state.seconds if is_timed else None
    left = (total - state.step) * state.seconds / state.step if is_timed else None
    latest = state.log[-1].get("validation_kl", math.nan) if state.log else math.nan
    return Progress(state.step, total, rate, left, loss, latest, state.best_kl)
