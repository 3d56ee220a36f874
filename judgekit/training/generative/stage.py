"""One stage of a generative training: TRL's trainer under judgekit's habits.

Progress goes to the reporter, checkpoints lie in the run's folder and count only when they are whole, and every random
number of a step comes from the seed and the step, so that a stage that was killed ends with the same bytes. Nothing is
printed, sent or asked of the hub. What a stage learns is not known here.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import datasets
import numpy as np
import torch
from peft.tuners.lora import LoraLayer
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from judgekit.errors import SettingsError
from judgekit.models.quiet import quiet_libraries
from judgekit.training.assembly import Training
from judgekit.training.first_pass import peak_memory
from judgekit.training.loop import SECONDS_BETWEEN_SAVES, Progress
from judgekit.training.reporter import Reporter
from judgekit.training.run_folder import WHOLE_FILE, newest_whole
from judgekit.training.state import LoopState
from judgekit.workspace.claims import remove

Arguments = TypeVar("Arguments", bound=TrainingArguments)
_NOT_LOGGED = ("step_time", "runtime", "per_second", "total_flos", "epoch", "num_tokens")
"""Parts of the names of what differs from run to run, or says nothing."""


class Stage(NamedTuple):
    """Which stage of a training this is, and what surrounds it."""

    name: str
    """In words, as progress shows it."""
    folder: Path
    """Of its checkpoints."""
    training: Training
    examples: int
    """That it learns from."""
    reporter: Reporter
    should_stop: Callable[[], bool]
    drops_rest: bool = False
    """Whether an epoch leaves out the last examples that fill no batch."""

    @property
    def total_steps(self) -> int:
        """Optimiser steps from start to end."""
        loop = self.training.loop
        batches = self.examples / loop.batch_size
        return loop.epochs * max(1, math.floor(batches) if self.drops_rest else math.ceil(batches))

    def at_once(self, together: int) -> int:
        """Of so many examples of an optimiser step, how many go into one pass: a divisor, within the micro-batch."""
        most = min(self.training.loop.micro_batch_size, together)
        return next(size for size in range(most, 0, -1) if together % size == 0)

    def arguments(self) -> dict[str, Any]:
        """What every trainer of TRL is told."""
        loop, device = self.training.loop, self.training.setup.device
        return {
            "output_dir": str(self.folder),
            "max_steps": self.total_steps,
            "learning_rate": loop.learning_rate,
            "weight_decay": loop.weight_decay,
            "warmup_steps": math.ceil(loop.warmup * self.total_steps),
            "lr_scheduler_type": "linear",
            "max_grad_norm": 1.0,
            "seed": loop.seed,
            "data_seed": loop.seed,
            "bf16": self.training.setup.dtype == torch.bfloat16,
            "use_cpu": device.type == "cpu",
            "gradient_checkpointing": self.training.memory.gradient_checkpointing,
            "logging_steps": 1,
            "save_strategy": "no",  # the callback says when
            "save_total_limit": 2,  # a kill while the newest is written leaves the one before it
            "report_to": "none",
            "disable_tqdm": True,
            "push_to_hub": False,
            "dataloader_pin_memory": False,
        }


class StageResult(NamedTuple):
    """How a stage ended."""

    state: LoopState
    is_finished: bool
    peak_memory: int | None


class Unheard:
    """Beside a trainer of TRL: it sends no usage ping and writes no model card."""

    def _send_telemetry(self) -> None:
        """Nowhere."""

    def create_model_card(self, *arguments: object, **options: object) -> None:
        """None: judgekit's export writes one."""


def on_one_device(arguments: Arguments) -> Arguments:
    """The same arguments, of a trainer that uses one GPU although there are several; TRL refuses to part a batch."""
    arguments._n_gpu = min(arguments.n_gpu, 1)
    return arguments


def run_stage(stage: Stage, make: Callable[[TrainerCallback], Trainer]) -> StageResult:
    """Train the model of a stage, from its newest whole checkpoint on.

    Args:
        stage: which one.
        make: gives TRL's trainer, with this callback.

    Raises:
        SettingsError: the loss is not finite.
    """
    found = newest_whole(stage.folder)
    for path in stage.folder.glob("checkpoint-*"):
        if not (path / WHOLE_FILE).is_file():
            remove(path)
    watch = _Watch(stage)
    with _own_world(stage.training):
        trainer = make(watch)
        trainer.remove_callback(PrinterCallback)
        trainer.train(resume_from_checkpoint=None if found is None else str(found))
    state = LoopState(
        step=trainer.state.global_step,
        best_step=trainer.state.global_step,
        seconds=watch.seconds * trainer.state.global_step / max(1, watch.steps),
        log=[row for entry in trainer.state.log_history if (row := _row(entry))],
    )
    return StageResult(state, not watch.is_stopped, peak_memory(stage.training.setup.device))


class _Watch(TrainerCallback):
    """Between TRL and the reporter: progress, checkpoints, and the end of it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.is_stopped = False
        self.steps, self.seconds = 0, 0.0
        loop = stage.training.loop
        self.save_every = max(1, math.ceil(stage.total_steps / loop.evaluations))
        self.saved = self.started = time.monotonic()

    def on_step_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object) -> None:
        """Seed what the step draws."""
        self.started = time.monotonic()
        sequence = np.random.SeedSequence([self.stage.training.loop.seed, state.global_step])
        seed = int(sequence.generate_state(1)[0])
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object) -> None:
        """Show progress; keep a checkpoint where it is time; stop where that is asked for."""
        self.steps += 1
        self.seconds += time.monotonic() - self.started
        stage, loop, total = self.stage, self.stage.training.loop, self.stage.total_steps
        per_step = self.seconds / self.steps
        stage.reporter.training(
            Progress(
                state.global_step, total, loop.batch_size / max(per_step, 1e-9),
                (total - state.global_step) * per_step, None, math.nan, math.inf, stage.name,
            )
        )  # fmt: skip
        if stage.should_stop() and state.global_step < total:
            self.is_stopped = control.should_save = control.should_training_stop = True
        is_late = time.monotonic() - self.saved > SECONDS_BETWEEN_SAVES
        if is_late or state.global_step % self.save_every == 0 or state.global_step >= total:
            control.should_save = True

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, logs: Any = None, **_: object
    ) -> None:
        """Refuse a loss that is no number."""
        loss = (cast("dict[str, float]", logs) or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            raise SettingsError(
                f"The loss is not finite at step {state.global_step} of {self.stage.total_steps}.",
                hint="Lower --learning-rate, or try --dtype float32.",
            )

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object) -> None:
        """Mark the checkpoint as whole: without the mark it is not gone on from."""
        (self.stage.folder / f"checkpoint-{state.global_step}" / WHOLE_FILE).touch()
        self.saved = time.monotonic()


def _row(entry: Mapping[str, Any]) -> dict[str, float]:
    """What of a log entry is the same in every run of the same training; nothing of the last, which sums up."""
    if "train_runtime" in entry:
        return {}
    kept = {name: float(value) for name, value in entry.items()
            if isinstance(value, int | float) and not any(part in name for part in _NOT_LOGGED)}  # fmt: skip
    return {"step": kept.pop("step"), **dict(sorted(kept.items()))}


@contextmanager
def _own_world(training: Training) -> Generator[None]:
    """A block in which the libraries keep quiet, with random numbers of its own."""
    python, of_numpy, bars = random.getstate(), np.random.get_state(), datasets.are_progress_bars_disabled()
    cuda = [training.setup.device] if training.setup.device.type == "cuda" else []
    for module in cast("Any", training.model).modules():
        if isinstance(module, LoraLayer):
            module.cast_input_dtype_enabled = True  # TRL generates without autocast
    datasets.disable_progress_bars()
    try:
        with quiet_libraries(), torch.random.fork_rng(devices=cuda):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(of_numpy)
        if not bars:
            datasets.enable_progress_bars()
