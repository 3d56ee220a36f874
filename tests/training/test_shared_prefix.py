"""What prompts begin with is read once, and every number stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_backbones import build_causal

from judgekit.models.loading import LoraSettings, find_backbone, new_judge
from judgekit.training.batches import EncodedItems
from judgekit.training.predict import predict
from judgekit.training.shared_prefix import LEAST_SHARED, plan_groups

CPU = torch.device("cpu")


def encoded(*lengths: int, beginnings: int = 1, shared: int = 120) -> EncodedItems:
    """Items that begin with one of some beginnings, themselves half alike."""
    draw = np.random.default_rng(0)
    common = draw.integers(5, 200, shared // 2)
    starts = [np.concatenate([common, draw.integers(5, 200, shared - len(common))]) for _ in range(beginnings)]
    ids = [np.concatenate([starts[n % beginnings], draw.integers(5, 200, size)]) for n, size in enumerate(lengths)]
    return EncodedItems(ids, None, np.zeros(len(ids), dtype=bool), 0)


def causal(folder: Path, family: str, words: Any = (((5,),), ((7,), (11,)), ((8,),))) -> Any:
    judge = new_judge(
        find_backbone(str(build_causal(folder, family))), lora=LoraSettings(4, 8, 0.0), label_bias=torch.zeros(3),
        label_words=words, device=CPU, dtype=torch.float32, seed=0,
    )  # fmt: skip
    with torch.no_grad():
        for parameter in judge.trainable().values():
            parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)) * 0.05)
    return judge


class Counting:
    """A reader that counts the tokens it is given."""

    def __init__(self, reader: Any) -> None:
        self.reader, self.tokens = reader, 0
        self.device, self.dtype, self.pad_left = reader.device, reader.dtype, True

    def read(self, batch: Any) -> Any:
        self.tokens += batch.input_ids.numel()
        return self.reader.read(batch)

    def read_prefix(self, ids: Any) -> Any:
        self.tokens += len(ids)
        return self.reader.read_prefix(ids)

    def read_behind(self, cache: Any, batch: Any) -> Any:
        self.tokens += batch.input_ids.numel()
        return self.reader.read_behind(cache, batch)


@pytest.mark.parametrize("family", ["llama", "qwen2", "mistral", "gemma2", "gpt2", "cohere"])
def test_shared_beginnings_change_no_number_and_save_tokens(family: str, tmp_path: Path) -> None:
    reader = Counting(causal(tmp_path / "model", family))
    for items in (encoded(9, 3, 30, 1, 12, 17), encoded(*range(1, 25), beginnings=3)):
        alone = predict(reader, items)
        tokens, reader.tokens = reader.tokens, 0
        shared = predict(reader, items, shares_beginnings=True)
        assert reader.tokens < 0.7 * tokens
        reader.tokens = 0
        np.testing.assert_allclose(shared.logits, alone.logits, rtol=1e-5, atol=2e-5)
        assert shared.label_mass is not None and alone.label_mass is not None
        np.testing.assert_allclose(shared.label_mass, alone.label_mass, rtol=1e-4, atol=1e-7)


def test_words_of_several_tokens_and_states_without_a_cache_are_read_as_before(tmp_path: Path) -> None:
    items = encoded(9, 3, 30, 1)
    for family, words in (("llama", [[[5, 6]], [[7]], [[8]]]), ("mamba", [[[5]], [[7]], [[8]]])):
        reader = causal(tmp_path / family, family, words)
        assert np.array_equal(predict(reader, items, shares_beginnings=True).logits, predict(reader, items).logits)


def test_a_reader_that_gives_other_numbers_behind_a_cache_is_asked_without(tmp_path: Path) -> None:
    class Wrong(Counting):
        def read_behind(self, cache: Any, batch: Any) -> Any:
            found = super().read_behind(cache, batch)
            return found._replace(logits=found.logits + 1)

    reader = Wrong(causal(tmp_path / "model", "llama"))
    items = encoded(9, 3, 30, 1)
    assert np.array_equal(predict(reader, items, shares_beginnings=True).logits, predict(reader, items).logits)


@given(st.lists(st.lists(st.integers(5, 6), min_size=1, max_size=120), min_size=1, max_size=12), st.booleans())
def test_groups_hold_every_item_once_and_share_what_all_of_them_begin_with(lists: list[list[int]], alike: bool) -> None:
    beginning = [7] * 60 if alike else []
    ids = [np.array(beginning + one) for one in lists]
    groups = plan_groups(ids)
    assert sorted(row for group in groups for row in group.rows.tolist()) == list(range(len(ids)))
    for group in groups:
        assert group.shared == 0 or group.shared >= LEAST_SHARED
        first = ids[group.rows[0]][: group.shared]
        assert all(
            np.array_equal(ids[row][: group.shared], first) and len(ids[row]) > group.shared for row in group.rows
        )
