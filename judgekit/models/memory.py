"""How much memory a training takes, from the config alone, and how much there is.

The model is built without weights, so its parameters are counted exactly. Activations are estimated: what a layer keeps
for the backward pass is about `12 H + s (8 H + 4 I)` bytes a token, H the hidden and I the intermediate size, s the
bytes of a number: two norms in float32, then the inputs of the LoRA matrices, queries, keys, values, and the four
products of the feed-forward block. Attention that is not fused, as on a CPU, keeps `2 s` bytes more for each of its
heads and each other token. Labels of several tokens come on top: their prompt's keys and values once per word.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import psutil
import torch
from transformers import AutoModel, AutoModelForCausalLM

from judgekit.models.backbones import Backbone
from judgekit.models.base_model import read_model_config
from judgekit.models.loading import LoraSettings, lora_layers
from judgekit.models.quiet import quiet_libraries
from judgekit.models.sharding import repeated_layers

# The parameter, its gradient, AdamW's two moments and the running mean of the weights, all in float32.
BYTES_PER_ADAPTER_PARAMETER = 5 * 4
# NF4 with double quantisation: half a byte, one byte for 64 weights, four bytes for 256 of those.
BYTES_PER_4BIT_WEIGHT = 1 / 2 + 1 / 64 + 4 / (64 * 256)


class MemoryEstimate(NamedTuple):
    """Bytes that a training is expected to take on its device."""

    weights: int
    """Frozen weights."""
    adapter: int
    """LoRA matrices with their gradients, AdamW's moments and running mean."""
    activations: int
    """What one micro-batch keeps for its backward pass."""

    @property
    def total(self) -> int:
        """The sum."""
        return sum(self)


def estimate_memory(
    backbone: Backbone,
    *,
    items: int,
    tokens: int,
    lora: LoraSettings,
    dtype: torch.dtype,
    device: torch.device | None = None,
    load_in_4bit: bool = False,
    gradient_checkpointing: bool = False,
    shards: int = 1,
) -> MemoryEstimate:
    """Estimate what training takes; loads no weights.

    Args:
        backbone: what is fine-tuned.
        items: of one micro-batch.
        tokens: of its longest item.
        lora: the adapter's shape.
        dtype: number format of the matrix products.
        device: where it is trained; None for the CPU.
        load_in_4bit: as at `new_judge`.
        gradient_checkpointing: as at `new_judge`.
        shards: processes that the backbone is parted among.

    Raises:
        BackboneError: a LoRA target names no layer.
    """
    config = read_model_config(backbone, device or torch.device("cpu"))
    auto = AutoModelForCausalLM if backbone.kind == "causal" else AutoModel
    with quiet_libraries(), torch.random.fork_rng(), torch.device("meta"):
        model: Any = auto.from_config(config, trust_remote_code=backbone.trust_remote_code)
    layer = items * tokens * _activation_bytes(model, tokens, dtype.itemsize)
    shape = model.config.get_text_config()
    kept = items * tokens * shape.hidden_size * dtype.itemsize if gradient_checkpointing else layer
    return MemoryEstimate(
        weights=_weight_bytes(model, dtype, load_in_4bit) - (_spared_bytes(model, dtype, shards) if shards > 1 else 0),
        adapter=BYTES_PER_ADAPTER_PARAMETER
        * sum(lora.rank * sum(one.weight.shape) for one in lora_layers(model, lora.targets).values()),  # type: ignore[misc, arg-type]
        activations=shape.num_hidden_layers * kept + layer,  # the backward pass works on one layer at a time
    )


def _weight_bytes(model: Any, dtype: torch.dtype, load_in_4bit: bool) -> int:
    all_weights = sum(parameter.numel() for parameter in model.parameters())
    quantised = 0
    if load_in_4bit:
        quantised = sum(layer.weight.numel() for layer in lora_layers(model, ("auto",)).values())  # type: ignore[union-attr, operator]
    return int((all_weights - quantised) * dtype.itemsize + quantised * BYTES_PER_4BIT_WEIGHT)


def _spared_bytes(model: Any, dtype: torch.dtype, shards: int) -> int:
    """What the other processes keep for this one, but for the two layers that are gathered at a time."""
    layers = repeated_layers(model)
    sizes = [sum(parameter.numel() for parameter in layer.parameters()) for layer in layers]
    return max(0, sum(sizes) - sum(sizes) // shards - 2 * max(sizes)) * dtype.itemsize


def _activation_bytes(model: Any, tokens: int, size: int) -> int:
    """What one layer keeps of one token."""
    config = model.config.get_text_config()
    hidden = config.hidden_size
    inner = getattr(config, "intermediate_size", None) or getattr(config, "n_inner", None) or 4 * hidden
    experts = getattr(config, "num_experts_per_tok", None) or 1
    inner = max(inner, experts * (getattr(config, "moe_intermediate_size", None) or 0))
    square = 0 if getattr(config, "_attn_implementation", "") != "eager" else 2 * config.num_attention_heads * tokens
    return 12 * hidden + size * (8 * hidden + 4 * inner + square)


def free_memory(device: torch.device) -> int | None:
    """Bytes that are free on a device; None where it does not say."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return psutil.virtual_memory().available if device.type == "cpu" else None
