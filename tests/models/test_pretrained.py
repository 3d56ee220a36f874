"""Weights are read whole: what is missing, left over or of another shape is named, and nothing is drawn at random."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoModelForCausalLM, BertConfig, BertForMaskedLM, BertModel

from judgekit.errors import BackboneError
from judgekit.models.pretrained import read_whole

Weights = dict[str, torch.Tensor]


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Path]:
    """A copy of a backbone with its weights or its config changed."""

    def make(folder: Path, change: Callable[[Weights], Weights] = dict, **config: Any) -> Path:
        copy = tmp_path / "changed"
        shutil.copytree(folder, copy)
        path = copy / "model.safetensors"
        save_file(change(load_file(path)), path, metadata={"format": "pt"})
        written = json.loads((copy / "config.json").read_text()) | config
        (copy / "config.json").write_text(json.dumps(written))
        return copy

    return make


def without(*names: str) -> Callable[[Weights], Weights]:
    return lambda weights: {name: one for name, one in weights.items() if name not in names}


def prefixed(prefix: str) -> Callable[[Weights], Weights]:
    return lambda weights: {prefix + name: one for name, one in weights.items()}


def refusal(folder: Path, auto: Any = AutoModel) -> BackboneError:
    with pytest.raises(BackboneError) as caught:
        read_whole(auto, folder)
    assert str(folder) in caught.value.message
    return caught.value


@pytest.mark.parametrize(
    ("prefix", "how"), [("module.", "model.module.save"), ("_orig_mod.", "model._orig_mod.save"), ("net.", "together")]
)
def test_names_behind_a_prefix_are_refused_with_the_way_to_save(
    prefix: str, how: str, bert: Path, changed: Callable[..., Path]
) -> None:
    error = refusal(changed(bert, prefixed(prefix)))
    assert "embeddings.word_embeddings.weight is missing" in error.problems
    assert how in error.hint


def test_one_missing_weight_is_named_and_no_other(bert: Path, changed: Callable[..., Path]) -> None:
    name = "encoder.layer.1.output.dense.weight"
    assert refusal(changed(bert, without(name))).problems == (f"{name} is missing",)


def test_a_head_that_is_neither_there_nor_tied_is_refused(llama: Path, changed: Callable[..., Path]) -> None:
    error = refusal(changed(llama, without("lm_head.weight")), AutoModelForCausalLM)
    assert error.problems == ("lm_head.weight is missing",)


def test_a_tied_head_needs_no_weights_of_its_own(llama: Path, changed: Callable[..., Path]) -> None:
    model = read_whole(AutoModelForCausalLM, changed(llama, without("lm_head.weight"), tie_word_embeddings=True))
    assert model.lm_head.weight is model.model.embed_tokens.weight


def test_a_missing_pooler_is_harmless_and_the_same_at_every_load(bert: Path, changed: Callable[..., Path]) -> None:
    folder = changed(bert, without("pooler.dense.weight", "pooler.dense.bias"))
    ids = torch.arange(4, 9).unsqueeze(0)
    whole, first, again = read_whole(AutoModel, bert), read_whole(AutoModel, folder), read_whole(AutoModel, folder)
    assert torch.equal(first(ids).last_hidden_state, whole(ids).last_hidden_state)
    assert torch.equal(first.pooler.dense.weight, again.pooler.dense.weight)


def test_shapes_that_the_config_does_not_give_are_named_with_both(bert: Path, changed: Callable[..., Path]) -> None:
    size = json.loads((bert / "config.json").read_text())["vocab_size"]
    error = refusal(changed(bert, vocab_size=size + 5))
    assert error.problems == (
        f"embeddings.word_embeddings.weight: {size} x 32 in the file, {size + 5} x 32 in the config",
    )


def test_layers_that_the_config_does_not_name_are_no_task_head(tmp_path: Path) -> None:
    config = BertConfig(vocab_size=40, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16)
    BertForMaskedLM(config).save_pretrained(tmp_path)
    assert isinstance(read_whole(AutoModel, tmp_path), BertModel)  # the head of the masked LM is left out
    config.num_hidden_layers = 1
    config.save_pretrained(tmp_path)
    problems = refusal(tmp_path).problems
    assert len(problems) == 16 and all("encoder.layer.1." in one and "no place" in one for one in problems)


def test_a_head_beside_a_causal_lm_is_left_out(llama: Path, changed: Callable[..., Path]) -> None:
    folder = changed(llama, lambda weights: weights | {"score.weight": torch.ones(2, 32)})
    read_whole(AutoModelForCausalLM, folder)
    bias = {"model.layers.0.self_attn.q_proj.bias": torch.ones(32)}
    shutil.rmtree(folder)
    assert len(refusal(changed(llama, lambda weights: weights | bias), AutoModelForCausalLM).problems) == 1
