"""A reasoned judge learns a teacher's judgments, then prefers its own better ones; both stages go on after a kill."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from made_up_votes import LABELS, votes_rows, write_csv
from tiny_backbones import build_causal

from judgekit import Judge, ingest, train
from judgekit.dataset.opening import open_dataset, open_workspace
from judgekit.errors import DataError
from judgekit.prompts.verbalized import read_probabilities, verbalized_form
from judgekit.prompts.verdict import verdict_form
from judgekit.training.generative import carrying_out, reasoned
from judgekit.training.generative.dpo import NLL_WEIGHT, Preference
from judgekit.training.generative.reasoned import choose_pair
from judgekit.training.reporter import Reporter

FORM = verdict_form(LABELS, length=24)
HOW: dict[str, Any] = {
    "backbone": "", "method": "rise", "device": "cpu", "dtype": "float32", "epochs": 1, "batch_size": 8,
    "max_length": 1000, "answer_length": 32, "judgments": 2, "lora_r": 4, "learning_rate": 1e-3,
}  # fmt: skip


def said(label: str) -> str:
    return f"so <verdict>{label}</verdict>"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with `votes`, a causal LM, and judgments of a teacher who fails on every third item."""
    folder = tmp_path_factory.mktemp("rise")
    ingest(write_csv(folder / "votes.csv", votes_rows(40)), workspace=folder / "ws")
    build_causal(folder / "writer", max_position_embeddings=1024)
    items = open_dataset(open_workspace(folder / "ws"), "votes").items
    lines: list[str] = []
    for row, item in enumerate(items.item_ids.to_list()):
        right = int(items.counts[row].argmax())
        label = LABELS[right if row % 3 else (right + 1) % 3]
        lines.append(json.dumps({"item": item, "order": 0, "sample": 0, "text": said(label)}))
    (folder / "samples.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def written(*_: Any, prompts: Any = None, **__: Any) -> list[list[str]]:
    """Judgments to prefer among, one for each label: what a judge writes that has learned for longer."""
    found: Sequence[Any] = _[1] if prompts is None else prompts
    return [[said(label) for label in LABELS] for _ in found]


def learned(place: Path, workspace: Path, name: str, **how: Any) -> Judge:
    given = {**HOW, "backbone": place / "writer", "learn_from": str(place / "samples.jsonl"), **how}
    return train("votes", judge=name, workspace=workspace, **given)


def test_the_judge_is_trained_in_two_stages(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reasoned, "generate", written)
    workspace = shutil.copytree(place / "ws", tmp_path / "ws")
    judge = learned(place, workspace, "reasoned")
    log = [json.loads(line) for line in (judge.folder / "log.jsonl").read_text().splitlines()]
    first = next(row for row in log if "rewards/margins" in row)
    assert log.index(first) > 0, "SFT comes before"
    assert [row["step"] for row in log] == sorted(row["step"] for row in log)
    # At the reference the ratios are equal: -log sigma(0), and the likelihood of what is chosen.
    nll = float(first["loss"]) - math.log(2)
    assert first["rewards/margins"] == pytest.approx(0, abs=1e-6)
    assert NLL_WEIGHT == 1.0 and nll > 0
    assert judge.predict([{"text": "tea"}]).probabilities.sum() == pytest.approx(1)


class Killed(BaseException):
    """Stands for SIGKILL."""


class Killing(Reporter):
    """Kills behind a step of a stage."""

    def __init__(self, stage: str, step: int) -> None:
        self.stage, self.step = stage, step

    def training(self, progress: Any) -> None:
        if progress.stage == self.stage and progress.step >= self.step:
            raise Killed


@pytest.mark.parametrize("stage", ["SFT", "DPO"])
def test_a_kill_in_either_stage_ends_with_the_same_bytes(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    monkeypatch.setattr(reasoned, "generate", written)
    one, two = (shutil.copytree(place / "ws", tmp_path / name) for name in ("one", "two"))
    whole = learned(place, one, "reasoned")
    with pytest.raises(Killed):
        learned(place, two, "reasoned", reporter=Killing(stage, 2))
    again = train(judge="reasoned", workspace=two, resume=True)
    names = ("adapter/adapter_model.safetensors", "log.jsonl")
    assert [(whole.folder / name).read_bytes() == (again.folder / name).read_bytes() for name in names] == [True, True]


def test_judgments_that_never_agree_are_refused(place: Path, tmp_path: Path) -> None:
    path = tmp_path / "wrong.jsonl"
    path.write_text(json.dumps({"item": "gone", "order": 0, "sample": 0, "text": said("good")}), encoding="utf-8")
    workspace = shutil.copytree(place / "ws", tmp_path / "ws")
    with pytest.raises(DataError, match="None of the 1 judgments"):
        learned(place, workspace, "none", learn_from=str(path))


def test_reasons_of_a_teacher_are_thoughts_before_the_shares(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(Exception):
        pass

    taught: list[str] = []

    def stop(_: Any, prompts: Any, texts: Any) -> Any:
        taught.extend(texts)
        assert len(prompts) == len(texts)
        raise Stopped

    monkeypatch.setattr(carrying_out, "train_on_answers", stop)
    workspace = shutil.copytree(place / "ws", tmp_path / "ws")
    with pytest.raises(Stopped):
        learned(place, workspace, "thinks", method="verbalized", rationale=True, answer_length=200)
    form = verbalized_form(LABELS, rationale=True)
    assert 15 < len(taught) < 32, "every third item has no judgment that agrees"
    assert all(text.startswith("<think>so</think><prob_") for text in taught)
    assert all(read_probabilities(form, text) is not None for text in taught)
    with pytest.raises(DataError, match="longer than the 32 tokens"):
        learned(place, workspace, "short", method="verbalized", rationale=True)


@pytest.mark.parametrize(
    ("verdicts", "likelihood", "pair"),
    [
        ([0, 1, 2], [-1, -1, -1], (1, 0)),
        ([1, 0, 1, 0], [-2, -3, -1, -1], (2, 3)),  # of one verdict the likeliest
        ([1, None, 0], [-1, -1, -9], (0, 2)),  # another verdict is rejected before none
        ([0, None], [-1, -1], (0, 1)),
        ([0, 0], [-1, -2], None),
        ([None, None], [-1, -2], None),
    ],
)
def test_the_likeliest_judgment_of_the_verdict_of_most_and_of_fewest_people_are_compared(
    verdicts: list[int | None], likelihood: list[float], pair: tuple[int, int] | None
) -> None:
    assert choose_pair(verdicts, np.array(likelihood, dtype=float), np.array([0.2, 0.5, 0.3])) == pair


def test_the_loss_is_that_of_the_paper(place: Path, tmp_path: Path) -> None:
    """Two steps by hand: the loss of TRL's trainer against the formula, with adapters that have moved."""
    from datasets import Dataset
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl.trainer.dpo_config import DPOConfig

    from judgekit.training.generative.dpo import BETA, _Trainer

    pair = Preference([5, 6, 7], [8, 9, 2], [10, 2])
    base = AutoModelForCausalLM.from_pretrained(place / "writer")
    model: Any = get_peft_model(base, LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM"))
    trainer = _Trainer(
        model=model,
        args=DPOConfig(
            output_dir=str(tmp_path), beta=BETA, loss_type=["sigmoid", "sft"], loss_weights=[1.0, NLL_WEIGHT],
            max_length=None, report_to="none", use_cpu=True, bf16=False, gradient_checkpointing=False,
            per_device_train_batch_size=1,
        ),
        train_dataset=Dataset.from_dict(
            {"prompt_ids": [pair.prompt], "chosen_ids": [pair.chosen], "rejected_ids": [pair.rejected]}
        ),
        processing_class=AutoTokenizer.from_pretrained(place / "writer"),
    )  # fmt: skip

    def log_p(answer: list[int]) -> torch.Tensor:
        ids = torch.tensor([[*pair.prompt, *answer]])
        with torch.no_grad():
            logits = trainer.model(input_ids=ids).logits[0].log_softmax(-1)
        return torch.stack([logits[len(pair.prompt) + n - 1, one] for n, one in enumerate(answer)])

    trainer.model.eval()
    reference = [log_p(one).sum() for one in (pair.chosen, pair.rejected)]
    with torch.no_grad():
        for name, weight in trainer.model.named_parameters():
            if "lora_B.default" in name:
                weight.fill_(0.5)
    chosen, rejected = log_p(pair.chosen), log_p(pair.rejected)
    ratio = (chosen.sum() - reference[0]) - (rejected.sum() - reference[1])
    expected = -torch.nn.functional.logsigmoid(BETA * ratio) - chosen.mean()
    batch = trainer.data_collator(list(trainer.train_dataset))
    found = trainer.compute_loss(trainer.model, batch)
    assert abs(float(ratio)) > 0.01
    torch.testing.assert_close(found.detach(), expected, rtol=1e-4, atol=1e-5)
