"""A backbone's own model, as transformers loads it: in which number format, with which attention, in 4 bits or not."""

from __future__ import annotations

from typing import Any

import torch
from transformers import AutoModel, AutoModelForCausalLM, BitsAndBytesConfig

from judgekit.models.backbones import Backbone, model_config
from judgekit.models.devices import check_4bit
from judgekit.models.first_forward import check_forward
from judgekit.models.pretrained import read_whole
from judgekit.models.quiet import quiet_libraries


def load_backbone(backbone: Backbone, device: torch.device, dtype: torch.dtype, *, load_in_4bit: bool = False) -> Any:
    """A backbone as it is, without an adapter, in evaluation mode.

    Raises:
        BackboneError: it cannot be loaded, or does not read a text.
    """
    with quiet_libraries(), torch.random.fork_rng():
        model = load_base_model(backbone, device, dtype, load_in_4bit=load_in_4bit, is_trained=False)
        check_forward(model)
    return model


def read_model_config(backbone: Backbone, device: torch.device, *, is_trained: bool = True) -> Any:
    """The config that the backbone is loaded with on a device, to be trained or to read alone."""
    config = model_config(backbone)
    # Dropout of attention weights buys nothing here and its random numbers cost: all-MiniLM-L6-v2 on SNLI came to
    # validation KL 0.407 without and 0.417 with it.
    for name in ("attention_probs_dropout_prob", "attention_dropout"):
        if hasattr(config, name):
            setattr(config, name, 0.0)
    if device.type == "cpu" and is_trained:
        # The fused attention's backward pass is slow on CPUs: a step of MiniLM on 32 x 28 tokens took 425 ms with it,
        # 298 without; one of a Qwen2 of 8 layers x 256 on 4 x 512 tokens 780 and 580.
        config._attn_implementation = "eager"
    return config


def load_base_model(
    backbone: Backbone,
    device: torch.device,
    dtype: torch.dtype,
    *,
    load_in_4bit: bool,
    is_sharded: bool = False,
    is_trained: bool = True,
) -> Any:
    """The model of a backbone, to put LoRA on; the caller keeps the libraries quiet.

    Raises:
        BackboneError: it cannot be loaded.
    """
    # Frozen weights are kept in the format they are multiplied in: autocast would convert them anew at every step.
    options: dict[str, Any] = {
        "config": read_model_config(backbone, device, is_trained=is_trained),
        "dtype": dtype,
        "trust_remote_code": backbone.trust_remote_code,
    }
    if load_in_4bit:
        check_4bit(backbone, device)
        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        )
        options["device_map"] = {"": device}
    auto = AutoModelForCausalLM if backbone.kind == "causal" else AutoModel
    if is_sharded and torch.distributed.get_rank() > 0:
        with torch.device("meta"):
            return auto.from_config(options["config"], dtype=dtype, trust_remote_code=backbone.trust_remote_code)
    model = read_whole(auto, backbone.folder, **options)
    for layer in model.modules():
        if hasattr(layer, "support_avx512bf16_for_cpu"):
            # In evaluation bitsandbytes would pack the weights for a CPU kernel of bfloat16, for good: other numbers
            # than in training, no gradient from then on, and a failed assertion for widths not divisible by 32.
            layer.support_avx512bf16_for_cpu = False
    return model if load_in_4bit or is_sharded else model.to(device)
