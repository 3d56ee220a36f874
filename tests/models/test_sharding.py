"""A backbone in parts gives the logits and gradients of the whole one, and each process keeps its part alone."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_backbones import build_bert, build_causal
from torch import nn
from transformers import PreTrainedModel

from judgekit.errors import BackboneError
from judgekit.models.loading import LoraSettings, find_backbone, new_judge
from judgekit.models.memory import estimate_memory
from judgekit.models.reader import Batch
from judgekit.models.sharding import repeated_layers

CPU = torch.device("cpu")
LORA = LoraSettings(4, 8, 0.0)
RUNS: dict[str, dict[str, Any]] = {
    "tokens": {"label_words": [[[5]], [[6]]]},
    "checkpointing": {"label_words": [[[5]], [[6]]], "gradient_checkpointing": True},
    "sequences": {"label_words": [[[5, 7]], [[5, 8, 9]]]},
    "encoder": {"label_words": None},
    "bfloat16": {"label_words": [[[5]], [[6]]], "dtype": torch.bfloat16},
}


def one_step(backbones: Path, name: str, *, is_sharded: bool) -> dict[str, Any]:
    """Logits and gradients of a batch, in training and evaluation mode by turns."""
    backbone = find_backbone(str(backbones / ("bert" if name == "encoder" else "qwen2")))
    options: dict[str, Any] = {"lora": LORA, "label_bias": torch.zeros(2), "dtype": torch.float32, "seed": 0}
    judge: Any = new_judge(backbone, device=CPU, is_sharded=is_sharded, **options | RUNS[name])
    judge.set_training(False)  # no dropout
    ids = torch.arange(12).view(2, 6) + 10
    batch = Batch(ids, torch.ones_like(ids), None)
    if name == "checkpointing":
        judge.set_training(True)
    with torch.no_grad():
        read = judge.read(batch).logits
    logits = judge.label_logits(batch)
    logits.square().sum().backward()
    gradients = {key: one.grad.clone() for key, one in judge.trainable().items() if one.grad is not None}
    frozen = [one for one in judge.parameters() if not one.requires_grad]
    kept = sum(getattr(one, "_local_tensor", one).numel() for one in frozen)
    return {"read": read, "logits": logits.detach(), "gradients": gradients, "kept": kept}


def take_part(rank: int, backbones: str, folder: str, port: int) -> None:
    """What each of two processes does."""
    torch.set_num_threads(1)
    address = f"tcp://127.0.0.1:{port}"
    torch.distributed.init_process_group("gloo", init_method=address, rank=rank, world_size=2)
    if rank > 0:  # the first one loads the weights for all
        pytest.MonkeyPatch().setattr(PreTrainedModel, "from_pretrained", None)
    result = {name: one_step(Path(backbones), name, is_sharded=True) for name in RUNS}
    torch.save(result, Path(folder) / f"{rank}.pt")
    torch.distributed.destroy_process_group()


@pytest.fixture(scope="module")
def backbones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A causal LM whose head is tied to its embeddings, and an encoder without dropout."""
    folder = tmp_path_factory.mktemp("parted")
    build_causal(folder / "qwen2", "qwen2")
    build_bert(folder / "bert", hidden_dropout_prob=0.0)
    return folder


@pytest.fixture(scope="module")
def members(backbones: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What two processes came to."""
    folder = tmp_path_factory.mktemp("members")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torch.multiprocessing.spawn(take_part, (str(backbones), str(folder), port), nprocs=2)
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


@pytest.mark.skipif(os.name == "nt", reason="torch has no gloo launcher for Windows")
@pytest.mark.parametrize("name", RUNS)
def test_a_backbone_in_parts_is_the_whole_one(backbones: Path, members: list[dict[str, Any]], name: str) -> None:
    whole = one_step(backbones, name, is_sharded=False)
    for member in members:
        found = member[name]
        torch.testing.assert_close(found["read"], whole["read"])
        torch.testing.assert_close(found["logits"], whole["logits"])
        assert found["gradients"].keys() == whole["gradients"].keys()
        for key, gradient in whole["gradients"].items():
            torch.testing.assert_close(found["gradients"][key], gradient, rtol=1e-4, atol=1e-6, msg=key)


def test_each_process_keeps_half_of_every_layer(backbones: Path, members: list[dict[str, Any]]) -> None:
    whole = one_step(backbones, "tokens", is_sharded=False)["kept"]
    one, other = (member["tokens"]["kept"] for member in members)
    embeddings = 32 * (3 + 256) + 32  # with the last norm
    assert one == other == embeddings + (whole - embeddings) // 2


def test_the_memory_estimate_knows_of_the_parts(tmp_path: Path) -> None:
    backbone = find_backbone(str(build_causal(tmp_path / "deep", num_hidden_layers=10)))

    def weights(shards: int) -> int:
        options: dict[str, Any] = {"items": 2, "tokens": 9, "lora": LORA, "dtype": torch.float32}
        return estimate_memory(backbone, **options, shards=shards).weights

    layer = 4 * (2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 48 + 2 * 32)
    assert weights(1) - weights(2) == (10 - 5 - 2) * layer  # two layers are whole at a time


def test_a_model_that_does_not_name_its_layers_is_refused() -> None:
    with pytest.raises(BackboneError, match=r"(?s)A Linear does not say what its layers are.*--backbone"):
        repeated_layers(nn.Linear(2, 2))
