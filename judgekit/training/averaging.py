"""The running mean of the weights, which is evaluated and kept: it is less noisy than the last weights."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


@torch.no_grad()
def update_average(average: Mapping[str, Tensor], parameters: Mapping[str, nn.Parameter], decay: float) -> None:
    """Move the running mean of the weights, in place, towards the present ones, by 1 - decay."""
    for name, parameter in parameters.items():
        average[name].lerp_(parameter, 1 - decay)


@contextmanager
def exchanged(parameters: Mapping[str, nn.Parameter], average: dict[str, Tensor]) -> Generator[None]:
    """The model with its averaged weights inside the block, and with its own again after it."""

    def exchange() -> None:
        for name, parameter in parameters.items():
            parameter.data, average[name] = average[name], parameter.data

    exchange()
    try:
        yield
    finally:
        exchange()
