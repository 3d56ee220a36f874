"""What every judge model can do, whatever its backbone: a batch in, label logits out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn


class Batch(NamedTuple):
    """B tokenised items, padded to the longest of them.

    Encoders are padded on the right, causal LMs on the left, so that the judgment position is the last one.
    """

    input_ids: Tensor
    """Token ids, int64 `[B, T]`."""
    attention_mask: Tensor
    """1 where there is a token, 0 where there is padding, int64 `[B, T]`."""
    token_type_ids: Tensor | None
    """0 in the first, 1 in the second segment, int64 `[B, T]`; None for backbones without segments."""

    def to(self, device: torch.device) -> Batch:
        """The same batch on another device."""
        types = None if self.token_type_ids is None else self.token_type_ids.to(device)
        return Batch(self.input_ids.to(device), self.attention_mask.to(device), types)


class Reading(NamedTuple):
    """What a judge model says of B items."""

    logits: Tensor
    """Label logits, float32 `[B, K]`."""
    label_mass: Tensor | None
    """Probability that the LM gives to the label set before it is renormalised, float32 `[B]`; None for encoders."""


class JudgeModel(Protocol):
    """A backbone with an adapter that gives one logit per label."""

    device: torch.device
    pad_left: bool
    """Whether batches are padded on the left."""

    def label_logits(self, batch: Batch) -> Tensor:
        """Label logits, float32 `[B, K]`; softmax over the last axis gives the predicted distribution q."""
        ...

    def read(self, batch: Batch) -> Reading:
        """The same logits, and how much of its probability the model gives to the label set at all."""
        ...

    def trainable(self) -> dict[str, nn.Parameter]:
        """The parameters that training changes, by a name that is stable across processes."""
        ...

    def set_training(self, training: bool) -> None:
        """Switch dropout on or off."""
        ...

    def save_adapter(self, folder: Path) -> None:
        """Write the trainable parameters into a folder, as safetensors."""
        ...


def save_lora(backbone: Any, folder: Path) -> None:
    """Write a PEFT model's adapter into a folder: weights as safetensors, and its shape.

    Where the backbone lies is left out: judgekit's manifest names it, and a folder of this machine says nothing
    elsewhere. So is the model card, a form for others to fill in.
    """
    # "auto" would compare the embeddings with the ones on the hub: a network call nobody asked for.
    backbone.save_pretrained(str(folder), save_embedding_layers=False)
    path = folder / "adapter_config.json"
    shape = json.loads(path.read_text(encoding="utf-8")) | {"base_model_name_or_path": None}
    shape["target_modules"] = sorted(shape["target_modules"])  # a set, in another order in every process
    path.write_text(json.dumps(shape, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    (folder / "README.md").unlink(missing_ok=True)


def unique_parameters(module: nn.Module) -> dict[str, nn.Parameter]:
    """The trainable parameters of a module by name, in the module's order."""
    return {name: parameter for name, parameter in module.named_parameters() if parameter.requires_grad}
