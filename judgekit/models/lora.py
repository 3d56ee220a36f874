"""LoRA for reading alone: the numbers of PEFT's forward and merge, without importing PEFT, which takes seconds.

Training runs on PEFT itself; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear
from transformers.pytorch_utils import Conv1D

from judgekit.models.saved_adapter import SavedAdapter


class AdaptedLinear(nn.Module):
    """A linear layer of any kind, and beside it LoRA's two small matrices.

    Args:
        base: the layer.
        reduction: A, float32 `[r, inputs]`.
        expansion: B, float32 `[outputs, r]`.
        scale: what the update is multiplied by.
    """

    def __init__(self, base: Any, reduction: Tensor, expansion: Tensor, scale: float) -> None:
        super().__init__()
        self.base = base
        self.reduction = nn.Parameter(reduction, requires_grad=False)
        self.expansion = nn.Parameter(expansion, requires_grad=False)
        self.scale = scale
        self.is_on = True

    @property
    def weight(self) -> Any:
        """Of the base layer, as the model's other parts ask for it."""
        return self.base.weight

    @property
    def bias(self) -> Any:
        """Of the base layer."""
        return self.base.bias

    def forward(self, hidden: Tensor) -> Tensor:
        """The layer's output with the update, or where that is off as it was pretrained."""
        result = self.base(hidden)
        if not self.is_on:
            return result
        update = linear(linear(hidden, self.reduction), self.expansion) * self.scale
        return (result + update).to(result.dtype)

    @torch.no_grad()
    def merged(self) -> Any:
        """The base layer with the update in its weights, which are changed."""
        update = merged_update(self.reduction, self.expansion, self.scale)
        self.base.weight += update.T if isinstance(self.base, Conv1D) else update
        return self.base


def merged_update(reduction: Tensor, expansion: Tensor, scale: float) -> Tensor:
    """What LoRA adds to a weight `[outputs, inputs]`."""
    return (expansion @ reduction) * scale


def put_on(adapter: SavedAdapter, model: Any) -> None:
    """Put a saved adapter on a loaded model, whose linear layers are replaced.

    Raises:
        BackboneError: it does not fit.
    """
    modules = {name: linear_shape(module) for name, module in model.named_modules()}
    adapter.check_fits(modules, hidden_size=getattr(model.config, "hidden_size", 0), family=type(model).__name__)
    for name, reduction, expansion in adapter.matrices():
        layer: Any = model.get_submodule(name)
        device = layer.weight.device
        _replace(model, name, AdaptedLinear(layer, reduction.to(device), expansion.to(device), adapter.scale))


def merge(model: Any) -> None:
    """Fold the adapter on a model into its weights."""
    for name, module in [*model.named_modules()]:
        if isinstance(module, AdaptedLinear):
            _replace(model, name, module.merged())


@contextmanager
def without_adapter(model: Any) -> Generator[None]:
    """A block in which a model computes as it was pretrained."""
    layers = [module for module in model.modules() if isinstance(module, AdaptedLinear)]
    for layer in layers:
        layer.is_on = False
    try:
        yield
    finally:
        for layer in layers:
            layer.is_on = True


def linear_shape(module: Any) -> tuple[int, int] | None:
    """Inputs and outputs of a linear layer; None for another module."""
    if isinstance(module, nn.Linear):
        return module.in_features, module.out_features
    if isinstance(module, Conv1D):
        return module.weight.shape[0], module.weight.shape[1]
    return None


def _replace(model: Any, name: str, module: Any) -> None:
    parent, _, own = name.rpartition(".")
    setattr(model.get_submodule(parent), own, module)
