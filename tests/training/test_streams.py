"""Batches read side by side are those read one after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from judgekit.models.loading import LoraSettings, find_backbone, new_judge
from judgekit.training import streams
from judgekit.training.batches import EncodedItems
from judgekit.training.predict import predict


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def judge(bert: Path) -> Any:
    return new_judge(
        find_backbone(str(bert)), lora=LoraSettings(4, 8, 0.0), label_bias=torch.zeros(3), label_words=None,
        device=torch.device("cpu"), dtype=torch.float32, seed=0,
    )  # fmt: skip


def items(number: int) -> EncodedItems:
    draw = np.random.default_rng(0)
    ids = [draw.integers(5, 100, 1 + n * 7 % 50) for n in range(number)]
    return EncodedItems(ids, [np.zeros_like(one) for one in ids], np.zeros(number, dtype=bool), 0)


def test_streams_give_the_same_numbers_in_order_and_leave_the_threads_as_they_were(
    two_threads: None, judge: Any
) -> None:
    done: list[int] = []
    seen: set[int] = set()
    read = judge.read
    judge.read = lambda batch: (seen.add(threading.get_ident()), read(batch))[1]
    found = predict(judge, items(60), batch_size=4, in_streams=True, on_batch=done.append)
    assert threading.get_ident() not in seen and 1 <= len(seen) <= 2
    np.testing.assert_allclose(found.logits, predict(judge, items(60), batch_size=4).logits, rtol=1e-6, atol=1e-6)
    assert sum(done) == 60 and torch.get_num_threads() == 2


def test_where_memory_runs_out_in_a_stream_batches_are_halved(two_threads: None, judge: Any) -> None:
    read = judge.read

    def small(batch: Any) -> Any:
        if len(batch.input_ids) > 3:
            raise torch.OutOfMemoryError
        return read(batch)

    judge.read = small
    found = predict(judge, items(20), batch_size=8, in_streams=True)
    judge.read = read
    np.testing.assert_allclose(found.logits, predict(judge, items(20)).logits, rtol=1e-5, atol=1e-5)
    assert torch.get_num_threads() == 2


def test_an_error_in_a_stream_ends_all_and_leaves_the_threads_as_they_were(two_threads: None) -> None:
    called: list[int] = []

    def work(number: int) -> int:
        called.append(number)
        if number == 3:
            raise KeyError(number)
        time.sleep(0.001)  # else all is done before the caller is told
        return number

    with pytest.raises(KeyError):
        streams.read_in_streams(work, range(10_000), 2, lambda _: None)
    assert len(called) < 10_000 and torch.get_num_threads() == 2
