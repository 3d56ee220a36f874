"""The shares of the verdicts are the distribution, and what comes to none falls back to the label tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from judgekit.models import reasoned_reader
from judgekit.models.backbones import find_backbone
from judgekit.models.base_model import load_backbone
from judgekit.models.causal import CausalJudge
from judgekit.models.generating import Writing
from judgekit.models.reader import Batch, WritingReader
from judgekit.models.reasoned_reader import LikeliestReader, ReasonedReader, VerdictTokens
from judgekit.models.written import likelihoods

SAID = {5: ["A", "A", "B", "A"], 6: ["?", "?", "?", "?"], 7: ["?", "B", "B", "?"]}


@pytest.fixture(scope="module")
def judge(llama: Path) -> CausalJudge:
    model = load_backbone(find_backbone(str(llama), offline=True), torch.device("cpu"), torch.float32)
    return CausalJudge(model, [[[40]], [[41]]], dtype=torch.float32).eval()


@pytest.fixture
def reader(judge: CausalJudge, monkeypatch: pytest.MonkeyPatch) -> ReasonedReader:
    """Judges a prompt by its last token."""

    def written(_: Any, prompts: Any, *__: Any, **___: Any) -> list[list[str]]:
        return [SAID[int(one[-1])] for one in prompts]

    monkeypatch.setattr(reasoned_reader, "generate", written)
    return ReasonedReader(judge, str, 2, {"A": 0, "B": 1}.get, Writing(8, 1.0, 4))


def batch_of(*last: int) -> Batch:
    ids = torch.tensor([[0, 9, 8, one] for one in last])
    return Batch(ids, (ids > 0).to(torch.int64), None)


def test_half_a_judgment_is_spread_over_the_labels(reader: ReasonedReader) -> None:
    found = reader.read(batch_of(5, 7))
    assert found.logits.softmax(-1)[0].tolist() == pytest.approx([3.25 / 4.5, 1.25 / 4.5])
    assert found.logits.softmax(-1)[1].tolist() == pytest.approx([0.25 / 2.5, 2.25 / 2.5])


def test_every_judgment_is_given(reader: ReasonedReader) -> None:
    assert reader.read(batch_of(5, 7)).texts == (tuple(SAID[5]), tuple(SAID[7]))


def test_a_judgment_is_given_that_comes_to_the_label_it_is_asked_to_argue_for(reader: ReasonedReader) -> None:
    prompts = [np.array([9, 8, one]) for one in (5, 6, 7)]
    assert reader.argue(prompts, 1) == ["B", None, "B"]


def test_labels_are_read_where_the_verdict_stands(judge: CausalJudge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Log-probabilities of whole words behind prompt and reasons, against a forward pass over each."""
    monkeypatch.setattr(reasoned_reader, "generate", lambda *_, **__: [["so"], ["well"]])
    words, begun = [[[40, 30]], [[41]]], [11, 12, 13]
    tokens = VerdictTokens(lambda text: text if text == "so" else None, lambda _: begun, 1, words)
    reader = LikeliestReader(judge, str, 2, {"A": 0, "B": 1}.get, Writing(8), tokens)
    found = reader.read(batch_of(5, 6))
    assert found.is_parsed is not None and found.is_parsed.tolist() == [True, False]
    given = [9, 8, 5, 11, 12]

    def log_p(word: list[int]) -> torch.Tensor:
        with torch.no_grad():
            said = judge.language_model(input_ids=torch.tensor([[*given, *word]])).logits[0].log_softmax(-1)
        return torch.stack([said[len(given) - 1 + n, one] for n, one in enumerate(word)]).sum()

    expected = torch.stack([log_p(word) for (word,) in words]).log_softmax(0)
    torch.testing.assert_close(found.logits[0], expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(found.logits[1:], judge.read(batch_of(6)).logits.log_softmax(-1))


def test_without_any_verdict_the_label_tokens_are_read(reader: ReasonedReader, judge: CausalJudge) -> None:
    found = reader.read(batch_of(5, 6))
    assert found.is_parsed is not None and found.is_parsed.tolist() == [True, False]
    torch.testing.assert_close(found.logits[1:], judge.read(batch_of(6)).logits.log_softmax(-1))


def test_many_judgments_mean_small_batches(judge: CausalJudge) -> None:
    one, many = (ReasonedReader(judge, str, 2, lambda _: None, Writing(8, 1.0, n)) for n in (1, 4))
    assert isinstance(one, WritingReader)
    assert one.tokens_per_batch == 4 * many.tokens_per_batch


def test_the_likelihood_of_a_text_is_the_mean_log_probability_of_its_tokens(judge: CausalJudge) -> None:
    prompt, texts = np.array([5, 6, 7]), [[9], [5, 6, 7, 8], [8, 8], [8, 8]]
    wanted: list[float] = []
    for text in texts:
        with torch.no_grad():
            logits = judge.language_model(input_ids=torch.tensor([[5, 6, 7, *text]])).logits[0, 2:-1]
        log_p = logits.log_softmax(-1)
        wanted.append(float(np.mean([log_p[place, one] for place, one in enumerate(text)])))
    assert likelihoods(judge, prompt, texts) == pytest.approx(wanted, abs=1e-5)
