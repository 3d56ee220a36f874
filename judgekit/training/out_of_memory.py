"""When memory runs out: the pass is done again with fewer items; where one item is too many, that is an error."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from typing import TypeVar

import torch
from torch import nn

from judgekit.errors import SettingsError
from judgekit.models.reader import TrainableJudge
from judgekit.training.processes import Processes
from judgekit.training.state import LoopState

T = TypeVar("T")

# torch.OutOfMemoryError says the first; the CPU's allocator and cuBLAS raise a plain RuntimeError.
_SIGNS = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether a device, or the CPU's allocator, had no memory left."""
    return isinstance(error, torch.OutOfMemoryError) or any(sign in str(error) for sign in _SIGNS)


def attempt(work: Callable[[], T], device: torch.device, parameters: Iterable[nn.Parameter] = ()) -> T | None:
    """What `work` returns; None if memory ran out, with the gradients dropped and the device's cache emptied."""
    try:
        return work()
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
    # Only behind the except block is the traceback gone, which keeps the tensors of the failed pass alive.
    for parameter in parameters:
        parameter.grad = None
    if device.type == "cuda":
        gc.collect()
        torch.cuda.empty_cache()
    return None


def within_memory(
    work: Callable[[int], T],
    model: TrainableJudge,
    *,
    state: LoopState,
    most: int,
    tokens: int,
    processes: Processes,
    on_note: Callable[[str], None],
) -> T:
    """What `work(items per pass)` returns; the micro-batch is halved in every process until it fits in all of them.

    Args:
        work: one step's forward and backward passes of at most so many items each.
        model: the judge model; its gradients are dropped where memory runs out.
        state: holds the micro-batch, which is halved where memory runs out.
        most: items that `work` has at all.
        tokens: of the longest of them.
        processes: what trains together.
        on_note: gets a sentence about a halving.

    Raises:
        SettingsError: not even one item fits, or fewer cannot be tried.
    """
    while True:
        size = min(state.micro_batch_size, most)
        result = attempt(lambda: work(size), model.device, model.trainable().values())  # noqa: B023  # called before the next turn
        # Under FSDP the others wait for this process's part of a layer: they cannot be asked.
        if not (result is None if processes.is_sharded else processes.any(result is None)):
            assert result is not None
            return result
        if size == 1:
            raise SettingsError(
                f"One item of {tokens} tokens does not fit into the memory of {model.device} with its gradients.",
                hint="Lower --max-length or --lora-r, add --gradient-checkpointing or --load-in-4bit, or choose a "
                "smaller --backbone.",
            )
        if processes.is_sharded:
            raise SettingsError(
                f"Memory ran out with {size} items of up to {tokens} tokens in one pass. Under FSDP it cannot be done "
                "again with fewer: the other processes wait for this one's part of a layer.",
                hint=f"Start anew with --micro-batch-size {size // 2}, or with --gradient-checkpointing.",
            )
        state.micro_batch_size = size // 2
        on_note(f"Memory ran out with {size} items in one pass; from here on {size // 2}, with the same batch size.")
