"""Texts are drawn from the model's distribution, each by its own seed, whatever is generated beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from judgekit.models import generating
from judgekit.models.backbones import find_backbone
from judgekit.models.base_model import load_backbone
from judgekit.models.generating import Writer, Writing, generate

PROMPTS = [np.array(ids, dtype=np.int64) for ids in ([5, 6, 7], [8], [9, 10, 11, 12, 13, 14], [5, 6, 7])]
DRAWN = Writing(6, temperature=1.0, samples=3, seed=4)


def decode(ids: Sequence[int]) -> str:
    return "".join(f"{one}." for one in ids)


@pytest.fixture(scope="module")
def writer(llama: Path) -> Writer:
    model = load_backbone(find_backbone(str(llama), offline=True), torch.device("cpu"), torch.float32)
    return Writer(model, decode, None, torch.device("cpu"))


def test_a_text_does_not_depend_on_what_is_beside_it(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    together = generate(writer, PROMPTS, DRAWN)
    alone = [generate(writer, [one], DRAWN, names=[place])[0] for place, one in enumerate(PROMPTS)]
    monkeypatch.setitem(generating.TOKENS_AT_ONCE, "cpu", 20)
    in_small_batches = generate(writer, PROMPTS, DRAWN)
    assert together == alone == in_small_batches


def test_samples_and_seeds_and_names_differ(writer: Writer) -> None:
    texts = generate(writer, PROMPTS, DRAWN)
    assert len(set(texts[0])) == 3
    assert texts[0] != texts[3], "the same prompt under another name"
    assert texts != generate(writer, PROMPTS, DRAWN._replace(seed=5))


def test_greedy_texts_are_the_likeliest_tokens(writer: Writer) -> None:
    ids = [int(one) for one in PROMPTS[2]]
    with torch.no_grad():
        for _ in range(4):
            ids.append(int(writer.model(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
    assert generate(writer, PROMPTS, Writing(4, samples=5))[2] == [decode(ids[-4:])]


def test_draws_follow_the_distribution_at_its_temperature(writer: Writer) -> None:
    with torch.no_grad():
        logits = writer.model(input_ids=torch.from_numpy(PROMPTS[0]).unsqueeze(0)).logits[0, -1]
    p = (logits / 3).softmax(-1).numpy()
    texts = generate(writer, PROMPTS[:1], Writing(1, temperature=3.0, samples=3_000))[0]
    found = np.bincount([int(one[:-1]) for one in texts], minlength=len(p)) / 3_000
    assert np.abs(found - p).max() < 4 * np.sqrt(0.25 / 3_000)  # four standard errors of a share at most


def test_nothing_stands_behind_the_end(writer: Writer) -> None:
    whole = generate(writer, PROMPTS, Writing(6))[1][0]
    second = whole.split(".")[1]
    assert generate(writer, PROMPTS, Writing(6, stop=f".{second}."))[1][0] == ".".join(whole.split(".")[:2]) + "."
    ended = generate(writer._replace(end=int(second)), PROMPTS, Writing(6))[1][0]
    assert ended == decode([int(one) for one in whole.split(".")[: whole.split(".").index(second)]])


def test_each_text_is_told_of_once(writer: Writer) -> None:
    told: list[tuple[int, int, str]] = []
    texts = generate(writer, PROMPTS, DRAWN, on_text=lambda *one: told.append(one))
    assert sorted(told) == [(n, k, text) for n, of in enumerate(texts) for k, text in enumerate(of)]
