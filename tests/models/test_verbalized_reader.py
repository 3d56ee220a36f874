"""Written probabilities become label logits, and what cannot be read falls back to the label tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from judgekit.models.backbones import find_backbone
from judgekit.models.base_model import load_backbone
from judgekit.models.causal import CausalJudge
from judgekit.models.reader import Batch, WritingReader
from judgekit.models.verbalized_reader import VerbalizedReader

ANSWERS = {5: "0.25 0.75", 6: "nothing", 7: "1 0"}
END = 2


def parse(text: str) -> Sequence[float] | None:
    return None if text == "nothing" else [float(one) for one in text.split()]


@pytest.fixture(scope="module")
def judge(llama: Path) -> CausalJudge:
    model = load_backbone(find_backbone(str(llama), offline=True), torch.device("cpu"), torch.float32)
    return CausalJudge(model, [[[40]], [[41]]], dtype=torch.float32).eval()


@pytest.fixture
def reader(judge: CausalJudge, monkeypatch: pytest.MonkeyPatch) -> VerbalizedReader:
    """Answers a prompt by its last token."""

    def generate(input_ids: torch.Tensor, **_: Any) -> torch.Tensor:
        ends = torch.full_like(input_ids[:, :1], END)
        return torch.cat([input_ids, input_ids[:, -1:], ends, ends + 3], dim=1)

    monkeypatch.setattr(judge.language_model, "generate", generate)
    return VerbalizedReader(judge, lambda ids: ANSWERS[ids[0]], END, parse, length=8, least=0.005)


def batch_of(*last: int) -> Batch:
    ids = torch.tensor([[0, 9, 8, one] for one in last])
    return Batch(ids, (ids > 0).to(torch.int64), None)


def test_a_written_distribution_is_the_softmax_of_the_logits(reader: VerbalizedReader) -> None:
    found = reader.read(batch_of(5, 7))
    assert found.logits.softmax(-1)[0].tolist() == pytest.approx([0.25, 0.75])
    assert found.logits.softmax(-1)[1].tolist() == pytest.approx([1 / 1.005, 0.005 / 1.005])
    assert found.is_parsed is not None and found.is_parsed.tolist() == [True, True]
    assert found.texts == (("0.25 0.75",), ("1 0",))


def test_an_answer_that_says_none_falls_back_to_the_label_tokens(reader: VerbalizedReader, judge: CausalJudge) -> None:
    found = reader.read(batch_of(5, 6, 6))
    assert found.is_parsed is not None and found.is_parsed.tolist() == [True, False, False]
    read = judge.read(batch_of(6)).logits.log_softmax(-1)
    torch.testing.assert_close(found.logits[1:], read.expand(2, -1))


def test_it_is_a_reader_that_writes_and_a_plain_judge_is_none(reader: VerbalizedReader, judge: CausalJudge) -> None:
    assert isinstance(reader, WritingReader)
    assert not isinstance(judge, WritingReader)


def test_the_likeliest_answer_is_the_models_own_however_a_batch_is_padded(judge: CausalJudge) -> None:
    reader = VerbalizedReader(judge, lambda ids: " ".join(map(str, ids)), END, lambda text: None, length=6, least=0.1)
    ids = torch.tensor([5, 6, 7, 8, 9])
    alone = reader.read(Batch(ids.unsqueeze(0), torch.ones(1, 5, dtype=torch.int64), None))
    both = torch.stack([torch.cat([torch.zeros(2, dtype=torch.int64), ids]), torch.arange(10, 17)])
    mask = torch.ones_like(both)
    mask[0, :2] = 0
    assert alone.texts is not None
    found = reader.read(Batch(both, mask, None)).texts
    assert found is not None and found[0] == alone.texts[0]
    rows = ids.unsqueeze(0)
    with torch.no_grad():
        for number in alone.texts[0][0].split():
            best = judge.language_model(input_ids=rows).logits[0, -1].argmax()
            assert int(best) == int(number)
            rows = torch.cat([rows, best.view(1, 1)], dim=1)
