"""Backbones are found, checked and loaded without a network; adapters come back as they were saved."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest
import torch
from tiny_backbones import build_causal
from transformers import LlamaForCausalLM

from judgekit.errors import BackboneError
from judgekit.models.loading import (
    LoraSettings,
    find_backbone,
    load_judge,
    load_tokenizer,
    new_judge,
    read_adapter,
)
from judgekit.models.reader import Batch

CPU = torch.device("cpu")
WORDS = [[[5, 6]], [[7], [11]], [[8, 9, 10]]]
BATCH = Batch(torch.tensor([[5, 6, 7], [9, 8, 7]]), torch.ones(2, 3, dtype=torch.int64), None)


def judge_of(
    folder: Path, *, dtype: torch.dtype = torch.float32, targets: tuple[str, ...] = ("auto",), **options: Any
) -> Any:
    """A judge model whose adapter does something."""
    backbone = find_backbone(str(folder))
    words = WORDS if backbone.kind == "causal" else None
    judge = new_judge(
        backbone, lora=LoraSettings(4, 8, 0.0, targets), label_bias=torch.tensor([0.5, -0.5, 0.0]), label_words=words,
        device=CPU, dtype=dtype, seed=0, **options,
    )  # fmt: skip
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in judge.trainable().values():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.05)
    judge.set_training(False)
    return judge


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any use of a socket is an error, and the libraries are not told that they are offline."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a network call")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.delenv("HF_HUB_OFFLINE")


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("name", ["bert", "roberta", "llama", "gemma2", "gpt2"])
def test_a_saved_adapter_gives_the_same_logits_and_needs_no_network(name: str, request: Any, tmp_path: Path) -> None:
    folder = request.getfixturevalue(name)
    judge = judge_of(folder)
    judge.save_adapter(tmp_path / "adapter")
    backbone = find_backbone(str(folder))
    load_tokenizer(backbone)
    again = load_judge(
        backbone, read_adapter(tmp_path / "adapter", labels=None if backbone.kind == "causal" else 3),
        label_words=WORDS if backbone.kind == "causal" else None, device=CPU,
        dtype=torch.float32,
    )  # fmt: skip
    with torch.no_grad():
        # An encoder's adapter is merged into its weights for scoring: the same sums in another order.
        torch.testing.assert_close(again.label_logits(BATCH), judge.label_logits(BATCH), rtol=1e-5, atol=1e-5)


def test_loading_leaves_the_callers_random_numbers_alone(bert: Path, tmp_path: Path) -> None:
    judge_of(bert).save_adapter(tmp_path)
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    load_judge(
        find_backbone(str(bert)), read_adapter(tmp_path, labels=3), label_words=None, device=CPU, dtype=torch.float32
    )
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("name", ["bert", "llama"])
def test_the_adapter_folder_holds_no_pickle_and_no_path_of_this_machine(
    name: str, request: Any, tmp_path: Path
) -> None:
    folder = request.getfixturevalue(name)
    judge_of(folder).save_adapter(tmp_path / "adapter")
    files = sorted((tmp_path / "adapter").iterdir())
    assert {path.suffix for path in files} == {".safetensors", ".json"}
    for path in files:
        text = path.read_bytes()
        assert str(folder).encode() not in text
        assert str(tmp_path).encode() not in text
        assert str(folder.parent).encode() not in text


def test_the_adapters_description_does_not_depend_on_the_process(bert: Path, tmp_path: Path) -> None:
    judge_of(bert).save_adapter(tmp_path)
    modules = json.loads((tmp_path / "adapter_config.json").read_text())["target_modules"]
    assert modules == sorted(modules)


def test_damaged_weights_are_an_error_with_their_folder(bert: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(bert, folder)
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackboneError, match="cannot be read") as caught:
        judge_of(folder)
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize("name", ["bert", "llama"])
def test_bfloat16_comes_near_float32(name: str, request: Any) -> None:
    folder = request.getfixturevalue(name)
    with torch.no_grad():
        exact = judge_of(folder).label_logits(BATCH)
        rounded = judge_of(folder, dtype=torch.bfloat16).label_logits(BATCH)
    assert rounded.dtype == torch.float32
    # bfloat16 keeps 8 bits; the weights of these models are six times the usual size.
    torch.testing.assert_close(rounded.softmax(-1), exact.softmax(-1), rtol=0, atol=0.15)


# -- 4 bits ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", ["llama", "gemma2", "gpt2"])
def test_a_judge_in_4_bits_comes_back_with_the_same_logits(
    name: str, dtype: torch.dtype, request: Any, tmp_path: Path
) -> None:
    folder = request.getfixturevalue(name)
    judge = judge_of(folder, dtype=dtype, load_in_4bit=True)
    quantised = {layer for layer, weight in judge.backbone.named_parameters() if weight.dtype == torch.uint8}
    assert len(quantised) == (8 if name == "gpt2" else 14)  # of two layers; neither embeddings nor head
    judge.save_adapter(tmp_path / "adapter")
    again = load_judge(
        find_backbone(str(folder)),
        read_adapter(tmp_path / "adapter"),
        label_words=WORDS,
        device=CPU,
        dtype=dtype,
        load_in_4bit=True,
    )
    judge.backbone.set_attn_implementation(again.backbone.config._attn_implementation)  # slow to train with on a CPU
    with torch.no_grad():
        found = judge.label_logits(BATCH)
        assert torch.equal(again.label_logits(BATCH), found)
        whole = judge_of(folder).label_logits(BATCH)
    assert 1e-3 < float((found - whole).norm() / whole.norm()) < 0.3  # four bits are coarse, but of the same weights


def test_a_judge_in_4_bits_trains_on_after_an_evaluation_and_on_the_same_numbers(llama: Path) -> None:
    judge = judge_of(llama, load_in_4bit=True)
    with torch.no_grad():
        evaluated = judge.label_logits(BATCH)
    judge.set_training(True)
    trained = judge.label_logits(BATCH)
    torch.testing.assert_close(trained, evaluated, rtol=1e-5, atol=1e-5)
    trained.log_softmax(-1)[:, 0].sum().backward()
    assert all(float(parameter.grad.abs().sum()) > 0 for parameter in judge.trainable().values())


# -- LoRA targets ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("targets", "layers"),
    [
        (("q_proj", "self_attn.v_proj"), {"q_proj", "v_proj"}),
        (("auto",), {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}),
        (("auto", "lm_head"), {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "lm_head"}),
    ],
)
def test_lora_lies_on_the_layers_that_are_named(targets: tuple[str, ...], layers: set[str], llama: Path) -> None:
    judge = judge_of(llama, targets=targets)
    assert {name.split(".")[-4] for name in judge.trainable()} == layers


@pytest.mark.parametrize("name", ["llama", "bert"])
def test_a_target_that_is_no_layer_is_refused_with_those_there_are(name: str, request: Any) -> None:
    known = "q_proj" if name == "llama" else "query"
    with pytest.raises(BackboneError, match=rf"(?s)called 'proj', 'queries'\..*ends of their names: .*{known}"):
        judge_of(request.getfixturevalue(name), targets=("auto", "proj", "queries", known))


def test_auto_leaves_out_what_peft_refuses_in_a_family_and_naming_it_is_an_error(tmp_path: Path) -> None:
    folder = build_causal(tmp_path, "mamba", state_size=4)
    assert {name.split(".")[-4] for name in judge_of(folder).trainable()} == {"in_proj", "x_proj", "dt_proj"}
    with pytest.raises(BackboneError, match=r"(?s)can have LoRA and is called 'out_proj'\..*dt_proj, in_proj"):
        judge_of(folder, targets=("out_proj",))


def test_a_model_that_cannot_compute_activations_twice_says_so(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LlamaForCausalLM, "supports_gradient_checkpointing", False)
    with pytest.raises(BackboneError, match="LlamaForCausalLM cannot compute its activations twice"):
        judge_of(llama, gradient_checkpointing=True)


def test_encoders_compute_activations_twice_on_demand(bert: Path) -> None:
    gradients: list[Any] = []
    for checkpointing in (False, True):
        judge = judge_of(bert, gradient_checkpointing=checkpointing)
        judge.label_logits(BATCH).log_softmax(-1)[:, 0].sum().backward()
        gradients.append([parameter.grad for parameter in judge.trainable().values()])
    torch.testing.assert_close(gradients[0], gradients[1])
