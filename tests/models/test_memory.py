"""The memory estimate counts weights exactly, and comes near what a forward pass keeps for its backward pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_backbones import build_bert, build_causal

from judgekit.models.backbones import Backbone, find_backbone
from judgekit.models.loading import LoraSettings, new_judge
from judgekit.models.memory import MemoryEstimate, estimate_memory, free_memory
from judgekit.models.reader import Batch

CPU = torch.device("cpu")
LORA = LoraSettings(8, 16, 0.0)
ITEMS, TOKENS = 3, 64


def estimate(backbone: Backbone, **changes: Any) -> MemoryEstimate:
    options: dict[str, Any] = {"items": ITEMS, "tokens": TOKENS, "lora": LORA, "dtype": torch.float32}
    return estimate_memory(backbone, **options | changes)


def judge_of(backbone: Backbone, **changes: Any) -> Any:
    words = [[[5]], [[6]]] if backbone.kind == "causal" else None
    options: dict[str, Any] = {"device": CPU, "dtype": torch.float32, "seed": 0, "lora": LORA} | changes
    return new_judge(backbone, label_bias=torch.zeros(2), label_words=words, **options)


def kept_bytes(judge: Any) -> int:
    """Bytes of all tensors that the forward pass of a batch keeps, besides the weights."""
    weights = {parameter.untyped_storage().data_ptr() for parameter in judge.parameters()}
    kept: dict[int, torch.Tensor] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.untyped_storage().data_ptr() not in weights:
            kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    judge.set_training(True)
    batch = Batch(torch.full((ITEMS, TOKENS), 7), torch.ones(ITEMS, TOKENS, dtype=torch.int64), None)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        judge.label_logits(batch)
    return sum(tensor.untyped_storage().nbytes() for tensor in kept.values())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", ["llama", "gemma2", "gpt2", "bert"])  # tied and not, with biases and not
def test_weights_and_adapter_are_counted_exactly(name: str, dtype: torch.dtype, request: Any) -> None:
    backbone = find_backbone(str(request.getfixturevalue(name)))
    judge = judge_of(backbone, dtype=dtype)
    frozen = [one for one in judge.backbone.parameters() if not one.requires_grad]
    adapter = [one for one in judge.backbone.parameters() if one.requires_grad]
    found = estimate(backbone, dtype=dtype)
    assert found.weights == sum(one.numel() * one.itemsize for one in frozen)
    assert found.adapter == 20 * sum(one.numel() for one in adapter)
    assert found.total == found.weights + found.adapter + found.activations


def test_weights_in_4_bits_are_counted_with_what_scales_them(tmp_path: Path) -> None:
    build_causal(tmp_path, hidden_size=128, intermediate_size=512)
    backbone = find_backbone(str(tmp_path))
    judge = judge_of(backbone, load_in_4bit=True)
    held = 0
    for parameter in judge.backbone.parameters():
        held += 0 if parameter.requires_grad else parameter.numel() * parameter.itemsize
        state = getattr(parameter, "quant_state", None)
        held += 0 if state is None else state.absmax.nbytes + state.state2.absmax.nbytes
    found = estimate(backbone, load_in_4bit=True).weights
    assert found == pytest.approx(held, rel=0.01)  # the layers' blocks are rounded up
    assert found < 0.5 * estimate(backbone).weights


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("family", ["llama", "qwen2", "gemma2", "gpt2", "bert"])
def test_activations_are_within_a_factor_of_two_of_what_is_kept(
    family: str, dtype: torch.dtype, tmp_path: Path
) -> None:
    sizes: dict[str, Any] = {"hidden_size": 128, "intermediate_size": 384, "head_dim": 32, "num_hidden_layers": 6}
    if family == "bert":
        build_bert(tmp_path, **sizes)
    else:
        sizes = {"n_embd": 128, "n_layer": 6} if family == "gpt2" else sizes
        build_causal(tmp_path, family, **sizes)
    backbone = find_backbone(str(tmp_path))
    kept = kept_bytes(judge_of(backbone, dtype=dtype))  # here for six layers, and the estimate counts one more
    assert kept / 2 < estimate(backbone, dtype=dtype).activations < 2 * kept


def test_gradient_checkpointing_needs_less_and_more_items_or_tokens_need_more(llama: Path) -> None:
    backbone = find_backbone(str(llama))
    usual = estimate(backbone)
    computed_twice = estimate(backbone, gradient_checkpointing=True)
    assert computed_twice.activations < 0.7 * usual.activations  # of two layers, one is kept whole
    assert computed_twice[:2] == usual[:2]
    assert estimate(backbone, items=2 * ITEMS).activations == 2 * usual.activations
    assert estimate(backbone, tokens=2 * TOKENS).activations >= 2 * usual.activations
    assert estimate(backbone, lora=LORA._replace(rank=16)).adapter == 2 * usual.adapter
    assert estimate(backbone, lora=LORA._replace(targets=("q_proj",))).adapter < usual.adapter / 4


def test_free_memory_is_a_number_of_bytes_where_the_device_tells() -> None:
    found = free_memory(CPU)
    assert found is not None and found > 2**20
    assert free_memory(torch.device("meta")) is None
