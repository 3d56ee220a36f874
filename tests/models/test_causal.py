"""Causal LMs read at their label tokens equal what the whole model says, however the batch is padded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from judgekit.models.base import Batch
from judgekit.models.causal import CausalJudge
from judgekit.models.loading import LoraSettings, find_backbone, load_tokenizer, new_judge
from judgekit.prompts.verbalizer import label_token_ids
from judgekit.training.batches import EncodedItems, collate

LABELS = ("bad", "fair", "good", "a little too good")
# Shorter and longer than the sliding window of 24 tokens that the Gemma 2 fixture has.
PROMPTS = [
    "Label:",
    "the tea was cold. Label:",
    "the room was clean and the view of the lake was very good. Label:",
    "x " * 60 + "Label:",
]
# Two orders of the same float32 sums, of logits up to about 10.
CLOSE = {"rtol": 1e-5, "atol": 2e-5}


def make(folder: Path, labels: tuple[str, ...]) -> tuple[CausalJudge, Any, list[list[int]]]:
    """A judge whose adapter does something, its tokenizer and its label ids."""
    backbone = find_backbone(str(folder))
    tokenizer = load_tokenizer(backbone)
    ids = label_token_ids(tokenizer, PROMPTS[:3], labels)
    judge = new_judge(
        backbone, lora=LoraSettings(4, 8, 0.1), label_bias=torch.zeros(len(labels)), label_ids=ids,
        device=torch.device("cpu"), dtype=torch.float32, seed=1,
    )  # fmt: skip
    assert isinstance(judge, CausalJudge)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in judge.trainable().values():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
    judge.set_training(False)
    return judge, tokenizer, ids


def encode(tokenizer: Any, prompts: list[str]) -> EncodedItems:
    ids = [np.array(tokenizer(prompt)["input_ids"], dtype=np.int64) for prompt in prompts]
    return EncodedItems(ids, None, np.zeros(len(ids), dtype=np.bool_), 0)


def batch_of(tokenizer: Any, prompts: list[str]) -> Batch:
    return collate(encode(tokenizer, prompts), np.arange(len(prompts)), pad_left=True)


def whole_model_logits(judge: CausalJudge, ids: list[int]) -> torch.Tensor:
    """The logits of all positions and tokens, by the model's own forward on one unpadded row, `[T, V]`."""
    with torch.no_grad():
        return judge.backbone(input_ids=torch.tensor([ids])).logits[0]


@pytest.mark.parametrize("name", ["llama_of_words", "gemma2_of_words"])
def test_one_token_labels_have_the_logits_of_the_whole_vocabulary(name: str, request: Any) -> None:
    judge, tokenizer, ids = make(request.getfixturevalue(name), ("bad", "fair", "good"))
    assert [len(one) for one in ids] == [1, 1, 1]
    with torch.no_grad():
        found = judge.label_logits(batch_of(tokenizer, PROMPTS))
    assert found.dtype == torch.float32
    for row, prompt in zip(found, PROMPTS, strict=True):
        expected = whole_model_logits(judge, tokenizer(prompt)["input_ids"])[-1, [one[0] for one in ids]]
        torch.testing.assert_close(row, expected, **CLOSE)


@pytest.mark.parametrize("name", ["llama", "gemma2", "gpt2", "llama_of_words"])
def test_labels_of_several_tokens_have_the_log_probability_of_the_whole_sequence(name: str, request: Any) -> None:
    judge, tokenizer, ids = make(request.getfixturevalue(name), LABELS)
    assert len({len(one) for one in ids}) > 1  # lengths are mixed
    with torch.no_grad():
        found = judge.label_logits(batch_of(tokenizer, PROMPTS))
    for row, prompt in zip(found, PROMPTS, strict=True):
        start = tokenizer(prompt)["input_ids"]
        for value, label_ids in zip(row, ids, strict=True):
            log_p = whole_model_logits(judge, [*start, *label_ids]).log_softmax(-1)
            expected = sum(log_p[len(start) - 1 + n, token] for n, token in enumerate(label_ids))
            torch.testing.assert_close(value, torch.as_tensor(expected), **CLOSE)


@pytest.mark.parametrize("name", ["llama", "llama_of_words", "gemma2", "gpt2"])
def test_padding_changes_nothing(name: str, request: Any) -> None:
    judge, tokenizer, _ = make(request.getfixturevalue(name), ("bad", "fair", "good"))
    with torch.no_grad():
        together = judge.label_logits(batch_of(tokenizer, PROMPTS))
        alone = torch.cat([judge.label_logits(batch_of(tokenizer, [prompt])) for prompt in PROMPTS])
    torch.testing.assert_close(together, alone, **CLOSE)


def test_the_gemma_fixture_caps_its_logits(gemma2_of_words: Path) -> None:
    judge, tokenizer, _ = make(gemma2_of_words, ("bad", "fair", "good"))
    with torch.no_grad():
        found = judge.label_logits(batch_of(tokenizer, PROMPTS))
    assert float(found.abs().max()) <= 3.0
    assert float(found.abs().max()) > 0.5  # and far enough out for the cap to matter


@pytest.mark.parametrize("name", ["llama", "llama_of_words"])
def test_gradients_reach_the_adapter_alone(name: str, request: Any) -> None:
    judge, tokenizer, _ = make(request.getfixturevalue(name), ("bad", "fair", "good"))
    judge.label_logits(batch_of(tokenizer, PROMPTS)).log_softmax(-1)[:, 0].sum().backward()
    for parameter_name, parameter in judge.named_parameters():
        assert ("lora_" in parameter_name) == parameter.requires_grad == (parameter.grad is not None)
    assert all(float(parameter.grad.abs().sum()) > 0 for parameter in judge.trainable().values())
