"""The adapter of a PEFT model: its parameters by name, and its files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from torch import nn


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
    shape["target_parameters"] = shape.get("target_parameters") or None  # PEFT empties it for mixtures of experts
    path.write_text(json.dumps(shape, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    (folder / "README.md").unlink(missing_ok=True)


def unique_parameters(module: nn.Module) -> dict[str, nn.Parameter]:
    """The trainable parameters of a module by name, in the module's order."""
    return {name: parameter for name, parameter in module.named_parameters() if parameter.requires_grad}
