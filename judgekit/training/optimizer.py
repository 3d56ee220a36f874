"""AdamW, in torch's or in paged memory, its learning rate, and its moments on their way to a checkpoint and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn

from judgekit.errors import BackboneError

OptimizerName = Literal["adamw", "paged"]

# A checkpoint's words for what torch and bitsandbytes call the same two moments.
_WORDS = {"exp_avg": "mean", "exp_avg_sq": "square", "state1": "mean", "state2": "square"}


def check_optimizer(name: OptimizerName, device: torch.device) -> None:
    """Refuse an optimiser that cannot run on a device.

    Raises:
        BackboneError: it cannot; says why.
    """
    if name == "adamw":
        return
    if device.type != "cuda":
        raise BackboneError(
            f"--optimizer paged keeps its moments in CUDA's managed memory, and the device is {device}.",
            hint="Omit it, or train with --device cuda.",
        )
    try:
        _paged()
    except ImportError as error:
        raise BackboneError(
            f"--optimizer paged needs bitsandbytes, which cannot be imported: {error}",
            hint="Install it with: pip install bitsandbytes",
        ) from error


def make_optimizer(
    parameters: Mapping[str, nn.Parameter], name: OptimizerName, *, learning_rate: float, weight_decay: float
) -> torch.optim.Optimizer:
    """AdamW over the trainable parameters; vectors are not decayed."""
    matrices = [parameter for parameter in parameters.values() if parameter.ndim > 1]
    vectors = [parameter for parameter in parameters.values() if parameter.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    if name == "paged":
        return _paged()(groups, lr=learning_rate)
    return torch.optim.AdamW(groups, lr=learning_rate, fused=True)


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


def moments(optimizer: torch.optim.Optimizer, parameters: Mapping[str, nn.Parameter]) -> dict[str, Tensor]:
    """Copies of all that the optimiser keeps of the parameters but the number of steps, on the CPU."""
    kept: dict[str, Tensor] = {}
    for name, parameter in parameters.items():
        for key, value in optimizer.state.get(parameter, {}).items():
            if key != "step" and isinstance(value, Tensor):
                kept[f"{_WORDS.get(key, key)}/{name}"] = value.detach().to("cpu", copy=True)
    return kept


def restore_moments(
    optimizer: torch.optim.Optimizer, parameters: Mapping[str, nn.Parameter], kept: Mapping[str, Tensor], *, step: int
) -> None:
    """Give a fresh optimiser the moments of one that has taken `step` steps.

    Args:
        optimizer: of `make_optimizer`; changed in place.
        parameters: by name.
        kept: what `moments` returned, and more.
        step: optimiser steps that were taken.
    """
    names = {parameter: name for name, parameter in parameters.items()}
    for group_index, group in enumerate(optimizer.param_groups):
        for index, parameter in enumerate(group["params"]):
            if f"mean/{names[parameter]}" in kept:
                _fill(optimizer, group, parameter, (group_index, index))
                state = optimizer.state[parameter]
                for key, value in state.items():
                    if key != "step" and isinstance(value, Tensor):
                        value.copy_(kept[f"{_WORDS.get(key, key)}/{names[parameter]}"])
                state["step"] = state["step"] + step


def _fill(optimizer: Any, group: dict[str, Any], parameter: nn.Parameter, place: tuple[int, int]) -> None:
    """Make the empty state that the optimiser would make itself before its first step."""
    if isinstance(optimizer, torch.optim.AdamW):
        optimizer.state[parameter] = {
            "step": torch.tensor(0.0, device=parameter.device),  # where the fused AdamW wants it
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }
    else:
        optimizer.init_state(group, parameter, *place)  # paged tensors come from bitsandbytes' own allocator


def _paged() -> Any:
    # bitsandbytes takes long to import and is the optimiser of few. 32 bits: LoRA's moments are small beside the
    # backbone, and in paged memory they can leave the GPU anyway.
    from bitsandbytes.optim.adamw import PagedAdamW32bit

    return PagedAdamW32bit
