"""Before the first step: one forward and backward on the longest items, to learn at once what would fail much later."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from judgekit.errors import SettingsError
from judgekit.models.reader import TrainableJudge
from judgekit.training.out_of_memory import within_memory
from judgekit.training.processes import Processes
from judgekit.training.state import LoopState
from judgekit.training.step import Objective, add_gradients

_PROCESS = Path("/proc/self")


class FirstPass(NamedTuple):
    """What the longest micro-batch costs."""

    items: int
    tokens: int
    """Of the longest item."""
    seconds: float
    """Forward and backward, with what a first pass costs more than a later one."""
    peak_memory: int | None
    """Bytes: of the GPU, allocated by torch; on a CPU of the whole process. None where the system does not say."""


def probe_longest(
    model: TrainableJudge,
    objective: Objective,
    *,
    batch_size: int,
    state: LoopState,
    processes: Processes,
    on_note: Callable[[str], None],
) -> FirstPass:
    """Try the largest micro-batch of a training; the model and its gradients are left as they were.

    Args:
        model: the judge model, in training mode.
        objective: what is minimised, over all items to train on.
        batch_size: items per optimiser step.
        state: holds the micro-batch, which is halved where memory runs out.
        processes: what trains together; each tries the same items.
        on_note: gets a sentence about a halving.

    Raises:
        SettingsError: memory does not suffice for one item, or the loss is not finite.
    """
    lengths = objective.lengths
    most = min(-(-batch_size // processes.count), len(lengths))
    rows = np.argsort(-lengths, kind="stable")[:most]

    def work(size: int) -> tuple[int, float, float]:
        reset_peak_memory(model.device)
        started = time.perf_counter()
        parts = add_gradients(model, objective, rows[:size], whole=size)
        total = float(parts[0])  # waits for the GPU
        return size, total, time.perf_counter() - started

    tokens = int(lengths[rows[0]])
    size, total, seconds = within_memory(
        work, model, state=state, most=most, tokens=tokens, processes=processes, on_note=on_note
    )
    peak = peak_memory(model.device)
    for parameter in model.trainable().values():
        parameter.grad = None
    if processes.any(not math.isfinite(total)):
        raise SettingsError(
            f"The loss of the {size} longest items is {total} before training has changed anything.",
            hint="Try --dtype float32; if it stays so, the weights of the backbone are damaged.",
        )
    return FirstPass(size, tokens, seconds, peak)


def reset_peak_memory(device: torch.device) -> None:
    """Let `peak_memory` count from here."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    elif device.type == "cpu":
        with suppress(OSError):  # no Linux, or not allowed: the peak counts from the start of the process
            (_PROCESS / "clear_refs").write_text("5")


def peak_memory(device: torch.device) -> int | None:
    """Most bytes in use since `reset_peak_memory`: of the GPU, by torch; on a CPU of the whole process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    status = _PROCESS / "status"
    if device.type != "cpu" or not status.is_file():
        return None
    found = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
    return int(found[0]) * 1024 if found else None
