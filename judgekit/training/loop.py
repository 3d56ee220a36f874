"""The only optimisation loop: it reports through one callback, keeps the best adapter, and resumes exactly.

What is evaluated and kept is a running mean of the weights, which is less noisy than the last ones.

Every random number of step s comes from the seed and s alone, and the learning rate is a function of s, so that a run
continued from a checkpoint does what the uninterrupted run would have done.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from judgekit.core.losses import JudgeLoss, judge_loss
from judgekit.core.perturbation import Project
from judgekit.errors import SettingsError
from judgekit.models.base import JudgeModel
from judgekit.training.batches import EncodedItems, collate, epoch_batches
from judgekit.training.predict import predict_logits

GRADIENT_NORM = 1.0


class TrainingItems(NamedTuple):
    """N items to train on."""

    encoded: EncodedItems
    target: NDArray[np.float32]
    """What KL aligns to, `[N, K]`."""
    hard: NDArray[np.float32]
    """What CE aligns to: the most voted label, shared in a tie, `[N, K]`."""


class ValidationItems(NamedTuple):
    """Items the checkpoint is chosen on."""

    encoded: EncodedItems
    p: NDArray[np.float64]
    """Empirical distributions, `[N, K]`."""


@dataclass(frozen=True, kw_only=True)
class LoopSettings:
    """What the loop needs to know; all decided, nothing left to guess."""

    alpha: float
    epsilon: float
    adversary: Literal["search", "paper", "off"]
    project: Project
    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    warmup: float
    averaging: float
    evaluations: int
    patience: int
    seed: int


@dataclass
class LoopState:
    """Where a run stands; with it and the same items and settings the run continues exactly."""

    step: int = 0
    evaluated_step: int = -1
    best_step: int = 0
    best_kl: float = math.inf
    without_gain: int = 0
    seconds: float = 0.0
    """Time spent in optimiser steps so far."""
    log: list[dict[str, Any]] = field(default_factory=list)
    """One row per evaluation."""
    tensors: dict[str, Tensor] = field(default_factory=dict)
    """`parameter/…`, `average/…`, `best/…`, `mean/…` and `square/…` (AdamW's moments), by parameter name."""

    def progress(self) -> dict[str, Any]:
        """All but the tensors, as JSON values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "tensors"}


class Progress(NamedTuple):
    """What the callback is told after every step and evaluation."""

    step: int
    total_steps: int
    items_per_second: float
    seconds_left: float
    loss: JudgeLoss | None
    """Parts of the last step's loss per item; None before the first step."""
    validation_kl: float
    """Of the last evaluation, nats."""
    best_kl: float


class LoopResult(NamedTuple):
    """How a run ended; the model holds the best adapter if it is finished, else the last one."""

    state: LoopState
    is_finished: bool


def train_model(
    model: JudgeModel,
    training: TrainingItems,
    validation: ValidationItems,
    *,
    settings: LoopSettings,
    state: LoopState | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    save: Callable[[LoopState], None] = lambda state: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> LoopResult:
    """Fine-tune a judge model; the adapter with the smallest validation KL is the result.

    Args:
        model: the judge model; changed in place.
        training: items to train on.
        validation: items to choose the checkpoint on.
        settings: see there.
        state: a saved state to continue from; None starts anew.
        on_progress: told about every step and evaluation.
        save: given the state after every evaluation and when stopped early by `should_stop`.
        should_stop: asked after every step; true ends the run with a saved state.

    Raises:
        SettingsError: the loss is not finite.
    """
    parameters = model.trainable()
    optimizer = _optimizer(parameters, settings)
    state = state or LoopState()
    if state.tensors:
        _restore(parameters, optimizer, state)
    average = {
        name: state.tensors.get(f"average/{name}", parameter).detach().to(parameter.device, copy=True)
        for name, parameter in parameters.items()
    }
    steps_per_epoch = math.ceil(len(training.hard) / settings.batch_size)
    total = steps_per_epoch * settings.epochs
    evaluate_every = max(1, math.ceil(total / settings.evaluations))
    target, hard = torch.from_numpy(training.target), torch.from_numpy(training.hard)
    lengths = training.encoded.lengths
    batches: list[NDArray[np.int64]] = []
    loss: JudgeLoss | None = None
    model.set_training(True)
    # The caller's random numbers stay as they are: dropout is seeded step by step inside the fork.
    with torch.random.fork_rng(devices=[model.device] if model.device.type == "cuda" else []):
        while True:
            is_last = state.step >= total
            if state.evaluated_step < state.step and (is_last or state.step % evaluate_every == 0):
                with _exchanged(parameters, average):
                    _evaluate(model, validation, state, loss)
                state.tensors = _snapshot(parameters, average, optimizer, state)
                save(state)
                model.set_training(True)
                on_progress(_progress(state, total, settings, loss))
            if is_last or state.without_gain >= settings.patience:
                break
            if should_stop():
                state.tensors = _snapshot(parameters, average, optimizer, state)
                save(state)
                return LoopResult(state, False)
            started = time.perf_counter()
            epoch, place = divmod(state.step, steps_per_epoch)
            if not batches or place == 0:
                batches = epoch_batches(lengths, settings.batch_size, seed=settings.seed, epoch=epoch)
            rows = batches[place]
            torch.manual_seed(int(np.random.SeedSequence([settings.seed, state.step]).generate_state(1)[0]))
            for group in optimizer.param_groups:
                group["lr"] = settings.learning_rate * learning_rate_factor(state.step, total, settings.warmup)
            logits = model.label_logits(collate(training.encoded, rows, pad_left=model.pad_left).to(model.device))
            loss = judge_loss(
                logits,
                target[rows].to(model.device),
                hard[rows].to(model.device),
                alpha=settings.alpha,
                epsilon=settings.epsilon,
                adversary=settings.adversary,
                project=settings.project,
            )
            mean = loss.total.mean()
            if not bool(torch.isfinite(mean)):
                raise SettingsError(
                    f"The loss is not finite at step {state.step + 1} of {total}.",
                    hint="Lower --learning-rate, or try --dtype float32.",
                )
            mean.backward()
            torch.nn.utils.clip_grad_norm_(parameters.values(), GRADIENT_NORM)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            state.step += 1
            _update_average(average, parameters, min(settings.averaging, state.step / (state.step + 9)))
            state.seconds += time.perf_counter() - started
            on_progress(_progress(state, total, settings, loss))
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(state.tensors[f"best/{name}"])
    model.set_training(False)
    return LoopResult(state, True)


def learning_rate_factor(step: int, total: int, warmup: float) -> float:
    """Share of the peak learning rate at a step: a linear rise over the warm-up, then a linear fall to 0.

    Args:
        step: from 0.
        total: steps of the run.
        warmup: share of the steps with a rising rate.
    """
    rising = max(1, round(warmup * total))
    if step < rising:
        return (step + 1) / rising
    return (total - step) / max(1, total - rising)


def _optimizer(parameters: dict[str, torch.nn.Parameter], settings: LoopSettings) -> torch.optim.AdamW:
    matrices = [parameter for parameter in parameters.values() if parameter.ndim > 1]
    vectors = [parameter for parameter in parameters.values() if parameter.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": settings.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=settings.learning_rate, fused=True)


def _evaluate(model: JudgeModel, validation: ValidationItems, state: LoopState, loss: JudgeLoss | None) -> None:
    log_q = torch.from_numpy(predict_logits(model, validation.encoded)).double().log_softmax(-1).numpy()
    p = validation.p
    terms = np.where(p > 0, p * (np.log(np.where(p > 0, p, 1.0)) - log_q), 0.0)
    kl = float(terms.sum(1).mean())
    state.evaluated_step = state.step
    row: dict[str, Any] = {"step": state.step, "validation_kl": kl}
    if loss is not None:
        row |= {name: float(part.detach().mean()) for name, part in loss._asdict().items()}
    state.log.append(row)
    if kl < state.best_kl:
        state.best_kl, state.best_step, state.without_gain = kl, state.step, 0
    else:
        state.without_gain += 1


@torch.no_grad()
def _update_average(average: dict[str, Tensor], parameters: dict[str, torch.nn.Parameter], decay: float) -> None:
    """Move the running mean of the weights towards the present ones, by 1 - decay."""
    for name, parameter in parameters.items():
        average[name].lerp_(parameter, 1 - decay)


@contextmanager
def _exchanged(parameters: dict[str, torch.nn.Parameter], average: dict[str, Tensor]) -> Generator[None]:
    """The model with its averaged weights inside the block, and with its own again after it."""

    def exchange() -> None:
        for name, parameter in parameters.items():
            parameter.data, average[name] = average[name], parameter.data

    exchange()
    try:
        yield
    finally:
        exchange()


def _snapshot(
    parameters: dict[str, torch.nn.Parameter],
    average: dict[str, Tensor],
    optimizer: torch.optim.AdamW,
    state: LoopState,
) -> dict[str, Tensor]:
    """Copies of everything that changes, on the CPU."""
    tensors: dict[str, Tensor] = {}
    is_best = state.best_step == state.step
    for name, parameter in parameters.items():
        tensors[f"parameter/{name}"] = parameter.detach().to("cpu", copy=True)
        tensors[f"average/{name}"] = average[name].to("cpu", copy=True)
        tensors[f"best/{name}"] = average[name].to("cpu", copy=True) if is_best else state.tensors[f"best/{name}"]
        moments = optimizer.state.get(parameter)
        if moments:
            tensors[f"mean/{name}"] = moments["exp_avg"].to("cpu", copy=True)
            tensors[f"square/{name}"] = moments["exp_avg_sq"].to("cpu", copy=True)
    return tensors


def _restore(parameters: dict[str, torch.nn.Parameter], optimizer: torch.optim.AdamW, state: LoopState) -> None:
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(state.tensors[f"parameter/{name}"])
            if f"mean/{name}" in state.tensors:
                optimizer.state[parameter] = {
                    "step": torch.tensor(float(state.step), device=parameter.device),  # where the fused AdamW wants it
                    "exp_avg": state.tensors[f"mean/{name}"].to(parameter.device, copy=True),
                    "exp_avg_sq": state.tensors[f"square/{name}"].to(parameter.device, copy=True),
                }


def _progress(state: LoopState, total: int, settings: LoopSettings, loss: JudgeLoss | None) -> Progress:
    rate = state.step * settings.batch_size / state.seconds if state.seconds > 0 else 0.0
    left = (total - state.step) * state.seconds / state.step if state.step else 0.0
    latest = state.log[-1]["validation_kl"] if state.log else math.nan
    return Progress(state.step, total, rate, left, loss, latest, state.best_kl)
