"""Encoders with a label head: they start at the class prior, and padding changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from judgekit.models.encoder import EncoderJudge
from judgekit.models.loading import LoraSettings, find_backbone, load_tokenizer, new_judge
from judgekit.models.reader import Batch
from judgekit.training.batches import EncodedItems, collate

TEXTS = [("the tea", "was cold"), ("clean " * 12, "dirty"), ("x", "the room was quiet and the bed was warm")]
PRIOR = torch.tensor([0.7, 0.2, 0.1])


def make(folder: Path, *, seed: int = 1) -> tuple[EncoderJudge, Any]:
    backbone = find_backbone(str(folder))
    judge = new_judge(
        backbone, lora=LoraSettings(4, 8, 0.0), label_bias=PRIOR.log(), label_words=None, device=torch.device("cpu"),
        dtype=torch.float32, seed=seed,
    )  # fmt: skip
    assert isinstance(judge, EncoderJudge)
    judge.set_training(False)
    return judge, load_tokenizer(backbone)


def batch_of(tokenizer: Any, texts: list[tuple[str, str]]) -> Batch:
    encoding = tokenizer([a for a, _ in texts], [b for _, b in texts])
    types = encoding.get("token_type_ids")
    arrays = [[np.array(ids, dtype=np.int64) for ids in part] for part in (encoding["input_ids"], types or [])]
    items = EncodedItems(arrays[0], arrays[1] or None, np.zeros(len(texts), dtype=np.bool_), 0)
    return collate(items, np.arange(len(texts)), pad_left=False)


@pytest.mark.parametrize("name", ["bert", "roberta"])
def test_an_untrained_judge_predicts_about_the_class_prior(name: str, request: Any) -> None:
    judge, tokenizer = make(request.getfixturevalue(name))
    with torch.no_grad():
        q = judge.label_logits(batch_of(tokenizer, TEXTS)).softmax(-1)
        judge.head.weight.zero_()
        exact = judge.label_logits(batch_of(tokenizer, TEXTS)).softmax(-1)
    torch.testing.assert_close(exact, PRIOR.expand(3, 3))
    # The head starts at a standard deviation of 0.02: its logits move by a tenth or two around the prior's.
    torch.testing.assert_close(q, PRIOR.expand(3, 3), atol=0.08, rtol=0)
    assert not torch.allclose(q, exact, atol=1e-4)  # it is not blind to the text


@pytest.mark.parametrize("name", ["bert", "roberta"])
def test_padding_changes_nothing(name: str, request: Any) -> None:
    judge, tokenizer = make(request.getfixturevalue(name))
    with torch.no_grad():
        together = judge.label_logits(batch_of(tokenizer, TEXTS))
        alone = torch.cat([judge.label_logits(batch_of(tokenizer, [pair])) for pair in TEXTS])
    torch.testing.assert_close(together, alone, rtol=1e-5, atol=1e-5)


def test_the_segments_are_told_apart_where_the_backbone_knows_them(bert: Path) -> None:
    judge, tokenizer = make(bert)
    batch = batch_of(tokenizer, TEXTS)
    assert batch.token_type_ids is not None
    assert set(batch.token_type_ids.flatten().tolist()) == {0, 1}
    with torch.no_grad():
        told = judge.label_logits(batch)
        blind = judge.label_logits(batch._replace(token_type_ids=torch.zeros_like(batch.token_type_ids)))
    assert not torch.allclose(told, blind, atol=1e-5)


def test_the_seed_decides_adapter_and_head_and_the_callers_random_numbers_stay(bert: Path) -> None:
    torch.manual_seed(123)
    before = torch.random.get_rng_state()
    one, two, other = (make(bert, seed=seed)[0].trainable() for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)
