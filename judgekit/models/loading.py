"""From a backbone to a judge model that training can change: its weights loaded, with fresh LoRA on them.

Imports PEFT, which takes seconds: what only reads takes its names from the files beside this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import torch
from transformers.pytorch_utils import Conv1D

from judgekit.errors import BackboneError
from judgekit.models.backbones import Backbone, find_backbone, longest_input
from judgekit.models.base_model import load_backbone, load_base_model
from judgekit.models.causal import CausalJudge
from judgekit.models.devices import check_4bit, choose_device, choose_dtype
from judgekit.models.encoder import EncoderJudge
from judgekit.models.first_forward import OF_FAMILIES, check_forward
from judgekit.models.longest import check_longest
from judgekit.models.quiet import quiet_libraries
from judgekit.models.saved_adapter import read_adapter
from judgekit.models.saved_judge import as_judge, load_judge
from judgekit.models.sharding import shard_layers
from judgekit.models.tokenizer import embeddings, has_segments, load_tokenizer

with quiet_libraries():
    from peft import LoraConfig, get_peft_model
    from peft.tuners import tuners_utils
    from peft.tuners.lora import LoraLayer
    from peft.utils.transformers_weight_conversion import convert_peft_config_for_transformers

# Those who train take all they need of a backbone from here.
__all__ = [
    "Backbone",
    "LoraSettings",
    "check_4bit",
    "choose_device",
    "choose_dtype",
    "embeddings",
    "find_backbone",
    "load_backbone",
    "load_judge",
    "load_tokenizer",
    "longest_input",
    "new_judge",
    "read_adapter",
]

AUTO = "auto"
_LINEAR = (torch.nn.Linear, Conv1D)


class LoraSettings(NamedTuple):
    """The LoRA adapter: the update is scaled by `alpha / rank`."""

    rank: int
    alpha: int
    dropout: float
    targets: tuple[str, ...] = (AUTO,)
    """Linear layers by the end of their names; auto stands for all but the LM head."""


def new_judge(
    backbone: Backbone,
    *,
    lora: LoraSettings,
    label_bias: torch.Tensor,
    label_words: Sequence[Sequence[Sequence[int]]] | None,
    device: torch.device,
    dtype: torch.dtype,
    seed: int,
    load_in_4bit: bool = False,
    gradient_checkpointing: bool = False,
    is_sharded: bool = False,
    longest: int | None = None,
) -> EncoderJudge | CausalJudge:
    """A judge model with a fresh adapter, in evaluation mode.

    Args:
        backbone: what to load.
        lora: the adapter's shape.
        label_bias: initial logits of an encoder's head, float `[K]`; a causal LM takes nothing from it.
        label_words: of each label its words, each a sequence of token ids; needed for a causal LM.
        device: where to put it.
        dtype: number format of the matrix products.
        seed: of the adapter's and the head's random numbers.
        load_in_4bit: keep the linear layers' frozen weights as NF4 with double quantisation; `check_4bit` says where.
        gradient_checkpointing: compute activations twice instead of keeping them; labels of several tokens then share
            no cache of their prompt in training.
        is_sharded: part the backbone among the processes of torch's default group, each of which calls this. The first
            one loads it into the memory of its CPU, and the others get their parts from there.
        longest: tokens of the longest input that it must read; None asks for none in particular.

    Raises:
        BackboneError: a target names no layer, the weights do not fit the config, the longest input does not fit, or
            the backbone cannot be used that way.
    """
    with quiet_libraries(), torch.random.fork_rng():
        torch.manual_seed(seed)
        base = load_base_model(backbone, device, dtype, load_in_4bit=load_in_4bit, is_sharded=is_sharded)
        if not is_sharded:
            if longest is not None:
                check_longest(base, longest)
            check_forward(base, longest=longest, has_segments=has_segments(backbone))
        settings = LoraConfig(
            r=lora.rank,
            lora_alpha=lora.alpha,
            lora_dropout=lora.dropout,
            target_modules=lora_targets(base, lora.targets),
            bias="none",
        )
        if gradient_checkpointing:
            _enable_checkpointing(base)
        model = get_peft_model(base, settings)
        for module in model.modules():
            if isinstance(module, LoraLayer):
                # PEFT would turn bfloat16 activations into float32, only for autocast to turn them back.
                module.cast_input_dtype_enabled = False
        if is_sharded:
            shard_layers(model, device)
        judge = as_judge(backbone, model, label_bias, label_words, dtype)
    judge.set_training(False)
    return judge


def lora_targets(model: Any, targets: Sequence[str]) -> str | list[str]:
    """What PEFT is to put LoRA on: its own word for all linear layers but the head, or their names."""
    chosen, head, all_linear = lora_layers(model, targets), model.get_output_embeddings(), LoraConfig()
    all_linear.target_modules = "all-linear"
    convert_peft_config_for_transformers(all_linear, model, None)
    is_all = all_linear.target_modules == "all-linear" and chosen.keys() == {
        name for name, layer in model.named_modules() if isinstance(layer, _LINEAR) and layer is not head
    }
    return "all-linear" if is_all and tuple(targets) == (AUTO,) else sorted(chosen)


def lora_layers(model: Any, targets: Sequence[str]) -> dict[str, torch.nn.Module]:
    """The linear layers that get LoRA matrices, by name; auto leaves those out that PEFT refuses in this family.

    Raises:
        BackboneError: a target is the end of no such layer's name, or there is none; lists the ends there are.
    """
    head, linear = model.get_output_embeddings(), _linear_layers(model)
    usable = {name: layer for name, layer in linear.items() if _takes_lora(model, name)}
    unknown = [target for target in targets if target != AUTO and not any(_ends(name, target) for name in usable)]
    found = {
        name: layer
        for name, layer in usable.items()
        if (AUTO in targets and layer is not head) or any(_ends(name, target) for target in targets)
    }
    if unknown or not found:
        is_there = any(_ends(name, target) for target in unknown for name in linear)
        why = "can have LoRA and is called" if is_there else "is called"
        what = f"{why} {', '.join(map(repr, unknown))}" if unknown else "can have LoRA"
        raise BackboneError(
            f"No linear layer of this {type(model).__name__} {what}.",
            hint="--target-modules takes auto, or ends of their names: "
            f"{', '.join(sorted({name.rpartition('.')[2] for name in usable}))}."
            if usable
            else "Choose another backbone.",
        )
    return found


def _linear_layers(model: Any) -> dict[str, torch.nn.Module]:
    return {name: layer for name, layer in model.named_modules() if isinstance(layer, _LINEAR) and _is_plain(layer)}


def _is_plain(layer: torch.nn.Module) -> bool:
    """Whether a layer gives one tensor for one: a router of experts may be a linear layer that gives several."""
    if not type(layer).__module__.startswith("transformers.models."):
        return True
    weight: Any = layer.weight
    given = torch.zeros(1, weight.shape[1], dtype=weight.dtype, device=weight.device)
    with torch.no_grad(), suppress(*OF_FAMILIES):
        return isinstance(found := layer(given), torch.Tensor) and found.shape == (1, weight.shape[0])
    return False


def _takes_lora(model: Any, name: str) -> bool:
    """Whether PEFT puts LoRA on a layer itself, and not elsewhere.

    Fused kernels of Mamba and its kin read weights past the layer. In some mixtures of experts PEFT takes the names of
    layers beside the experts for those of the experts, which are one matrix for all of them and no layers.
    """
    config = LoraConfig(target_modules=[name])
    try:
        tuners_utils._check_lora_target_modules_mamba(LoraConfig(), model, name.rpartition(".")[2])
        convert_peft_config_for_transformers(config, model, None)
    except ValueError:
        return False
    return config.target_modules == {name}


def _ends(name: str, target: str) -> bool:
    return name == target or name.endswith(f".{target}")


def _enable_checkpointing(model: Any) -> None:
    if not getattr(model, "supports_gradient_checkpointing", False):
        raise BackboneError(
            f"A {type(model).__name__} cannot compute its activations twice.",
            hint="Omit --gradient-checkpointing, or lower --micro-batch-size or --max-length.",
        )
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
