"""The processes that train one judge together. The only file that knows of accelerate.

Each does its share of every batch; what they add up are the gradients of the adapter, which is small and whole in every
process: the sum is the one process's gradient up to rounding. The backbone is whole in every process, or, where the
launcher asks for FSDP, parted among them by models/sharding.py.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import torch
from numpy.typing import NDArray
from torch import Tensor

from judgekit.errors import JudgekitError, SettingsError

T = TypeVar("T")

_REFUSED = {
    "ACCELERATE_USE_DEEPSPEED": "DeepSpeed",
    "ACCELERATE_USE_MEGATRON_LM": "Megatron-LM",
}
# What judgekit does of FSDP; anything else that the launcher is asked for is refused.
_FSDP_DONE = {
    "FSDP_VERSION": "2",
    "FSDP_CPU_RAM_EFFICIENT_LOADING": "true",
    "FSDP_OFFLOAD_PARAMS": "false",
    "FSDP_RESHARD_AFTER_FORWARD": "true",
    "FSDP_AUTO_WRAP_POLICY": "TRANSFORMER_BASED_WRAP",
    "FSDP_TRANSFORMER_CLS_TO_WRAP": None,
    "FSDP_IGNORED_MODULES": None,
    "FSDP_STATE_DICT_TYPE": "FULL_STATE_DICT",
    "FSDP_BACKWARD_PREFETCH": "BACKWARD_PRE",
    "FSDP_FORWARD_PREFETCH": "false",
    "FSDP_USE_ORIG_PARAMS": "true",
    "FSDP_SYNC_MODULE_STATES": "true",
    "FSDP_ACTIVATION_CHECKPOINTING": "false",
    "FSDP_ACTIVATION_CHECKPOINTING_OFFLOAD": "false",
}


class Processes:
    """One process that trains alone."""

    rank = 0
    count = 1
    is_sharded = False
    """Whether each keeps a part of the backbone, so that all must run the model equally often."""

    @property
    def is_main(self) -> bool:
        """Whether this process writes, and speaks to the user."""
        return self.rank == 0

    def device(self, device: torch.device) -> torch.device:
        """The device of this process, where `device` is the one that the settings name.

        Raises:
            SettingsError: the processes cannot have one each.
        """
        return device

    def share(self, rows: NDArray[Any]) -> NDArray[Any]:
        """This process's part of some rows; neighbours, which are of similar length, go to different processes."""
        return rows[self.rank :: self.count]

    def sum(self, tensors: Sequence[Tensor]) -> None:
        """Replace each float tensor by its sum over the processes; the same bytes everywhere."""

    def any(self, flag: bool) -> bool:
        """Whether the flag is true in some process."""
        return flag

    def from_main(self, work: Callable[[], T]) -> T:
        """Do something in the main process; every process gets its result, or its JudgekitError."""
        return work()

    def end(self) -> None:
        """Wait for all, and part."""


ALONE = Processes()


class LaunchedProcesses(Processes):
    """One of several processes of a launcher; each calls every method, in the same order."""

    def __init__(self, *, is_sharded: bool) -> None:
        from accelerate import PartialState  # a tenth of a second, for those who train in several processes

        has_cuda = torch.cuda.is_available()
        # Flags and results travel between CPUs, gradients between GPUs. The others wait for the main process's
        # download, and none waits for one that is dead: the launcher ends them.
        kind: dict[str, Any] = {"backend": "cpu:gloo,cuda:nccl"} if has_cuda else {"cpu": True}
        state = PartialState(**kind, timeout=timedelta(hours=12))
        self.rank, self.count = state.process_index, state.num_processes
        self.is_sharded = is_sharded
        self._state = state

    def device(self, device: torch.device) -> torch.device:  # noqa: D102
        if device.type == "cpu":
            return device
        here, found = int(os.environ.get("LOCAL_WORLD_SIZE", self.count)), torch.cuda.device_count()
        if device.type != "cuda" or device.index is not None or here > found:
            raise SettingsError(
                f"{here} processes on this machine cannot have a device {device} each; there are {found} GPUs.",
                hint="Start at most one process per GPU, with --device auto, cuda or cpu.",
            )
        return torch.device("cuda", self._state.local_process_index)

    def sum(self, tensors: Sequence[Tensor]) -> None:  # noqa: D102
        flat = torch.cat([tensor.detach().float().flatten() for tensor in tensors])
        torch.distributed.all_reduce(flat)
        start = 0
        for tensor in tensors:
            tensor.detach().copy_(flat[start : start + tensor.numel()].view_as(tensor))
            start += tensor.numel()

    def any(self, flag: bool) -> bool:  # noqa: D102
        total = torch.tensor(float(flag))
        torch.distributed.all_reduce(total)
        return bool(total > 0)

    def from_main(self, work: Callable[[], T]) -> T:  # noqa: D102
        answer: list[Any] = [None, None]
        if self.is_main:
            try:
                answer[0] = work()
            except JudgekitError as error:
                answer[1] = error
        torch.distributed.broadcast_object_list(answer, src=0, device=torch.device("cpu"))
        if answer[1] is not None:
            answer[1].is_shown_elsewhere = not self.is_main
            raise answer[1]
        return answer[0]

    def end(self) -> None:  # noqa: D102
        gc.collect()  # layers that were parted hold the group, in cycles; it must not outlive its threads
        self.any(False)
        self._state.destroy_process_group()


def join_processes() -> Processes:
    """The processes that a launcher (`accelerate launch`, `torchrun`) started together; else this one alone.

    Raises:
        SettingsError: the launcher was asked for something that judgekit does not do.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) <= 1:
        return Processes()
    refused = [word for name, word in _REFUSED.items() if _is_asked(name)]
    if os.environ.get("ACCELERATE_MIXED_PRECISION", "no") != "no":
        refused.append("mixed precision")
    if refused:
        raise SettingsError(
            f"accelerate is asked for {' and '.join(refused)}, which judgekit does not take from it.",
            hint="Launch with --multi_gpu --mixed_precision no; the number format is judgekit's --dtype.",
        )
    is_sharded = _is_asked("ACCELERATE_USE_FSDP")
    if is_sharded:
        _check_fsdp()
    return LaunchedProcesses(is_sharded=is_sharded)


def _is_asked(name: str) -> bool:
    return os.environ.get(name, "").lower() == "true"


def _check_fsdp() -> None:
    """Refuse what the launcher was asked for of FSDP and judgekit does not do, all at once."""
    found = {name: os.environ.get(name) for name in _FSDP_DONE}
    wrong = {
        f"{name.lower()} {value}": f"--{name.lower()} {done}" if done else f"no --{name.lower()}"
        for (name, value), done in zip(found.items(), _FSDP_DONE.values(), strict=True)
        if value is not None and value.lower() != (done or "").lower()
    }
    if wrong:
        raise SettingsError(
            f"accelerate is asked for {', '.join(wrong)}, which judgekit does not do.",
            hint=f"Launch with {', '.join(wrong.values())}; judgekit's own are --gradient-checkpointing and --dtype.",
        )
