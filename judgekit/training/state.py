"""Where a run stands: all that a checkpoint holds, captured from a running training and restored into a fresh one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from judgekit.training.optimizer import moments, restore_moments


@dataclass
class LoopState:
    """Where a run stands; with it and the same items and settings the run continues exactly."""

    step: int = 0
    evaluated_step: int = -1
    best_step: int = 0
    best_kl: float = math.inf
    without_gain: int = 0
    micro_batch_size: int = 0
    """Items per forward pass, as far as memory has allowed; 0 before the run begins."""
    seconds: float = 0.0
    """Time spent in optimiser steps so far."""
    log: list[dict[str, float]] = field(default_factory=list)
    """One row per evaluation."""
    stage: int = 0
    """Number of the fold, from 0; behind the last fold the judge that learns from all items."""
    readings: list[NDArray[np.float32]] = field(default_factory=list)
    """Label logits of the validation items, `[N, K]`, at each evaluation."""
    tensors: dict[str, Tensor] = field(default_factory=dict)
    """`parameter/…`, `average/…`, `best/…`, `mean/…` and `square/…` (AdamW's moments), by parameter name."""

    def progress(self) -> dict[str, Any]:
        """All but tensors and readings, as JSON values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__ if name not in ("tensors", "readings")}

    def capture(
        self, parameters: Mapping[str, nn.Parameter], average: Mapping[str, Tensor], optimizer: torch.optim.Optimizer
    ) -> None:
        """Copy everything that changes to the CPU; the averaged weights are the best where they were just found so."""
        tensors = moments(optimizer, parameters)
        for name, parameter in parameters.items():
            tensors[f"parameter/{name}"] = parameter.detach().to("cpu", copy=True)
            tensors[f"average/{name}"] = average[name].to("cpu", copy=True)
            is_best = self.best_step == self.step
            best = average[name].to("cpu", copy=True) if is_best else self.tensors[f"best/{name}"]
            tensors[f"best/{name}"] = best
        self.tensors = tensors

    @torch.no_grad()
    def restore(self, parameters: Mapping[str, nn.Parameter], optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
        """Put what was captured back, and return the averaged weights: at the start of a run the weights themselves."""
        average: dict[str, Tensor] = {}
        for name, parameter in parameters.items():
            if self.tensors:
                parameter.copy_(self.tensors[f"parameter/{name}"])
            average[name] = self.tensors.get(f"average/{name}", parameter).detach().to(parameter.device, copy=True)
        restore_moments(optimizer, parameters, self.tensors, step=self.step)
        return average
