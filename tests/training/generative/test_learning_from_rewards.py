"""Reinforcement learning from single annotations: each is an example, and a stopped run ends with the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_votes import votes_rows, write_csv
from small_writers import build_writer

from judgekit import Judge, ingest, train
from judgekit.errors import SettingsError, TrainingStopped
from judgekit.training.generative.grpo import SingleAnnotations
from judgekit.training.reporter import Reporter

SETTINGS: dict[str, Any] = {
    "method": "verbalized", "epochs": 1, "batch_size": 8, "device": "cpu", "dtype": "float32", "max_length": 400,
    "train_share": 0.2, "validation_share": 0.4, "lora_r": 4, "calibrate": False, "label_scoring": "tokens",
}  # fmt: skip
OF_RL: dict[str, Any] = {**SETTINGS, "stage": "rl", "begin_with": "written", "generations": 2, "evaluations": 4}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the judges `written` and `rewarded`, the second from the first, and their backbone."""
    folder = tmp_path_factory.mktemp("rewarded")
    ingest(write_csv(folder / "votes.csv", votes_rows(40, annotators=2)), workspace=folder / "ws")
    build_writer(folder / "writer", folder / "ws")
    how: dict[str, Any] = {"workspace": folder / "ws", "backbone": folder / "writer"}
    train("votes", judge="written", learning_rate=1e-5, **how, **SETTINGS)
    train("votes", judge="rewarded", **how, **OF_RL)
    return folder


def weights(judge: Judge) -> bytes:
    return (judge.folder / "adapter" / "adapter_model.safetensors").read_bytes()


def test_every_annotation_is_an_example() -> None:
    prompts = [np.array([1]), np.array([2])]
    found = SingleAnnotations.of_counts(prompts, np.array([[2, 0, 1], [0, 1, 0]]))
    assert list(zip(found.rows.tolist(), found.labels.tolist(), strict=True)) == [(0, 0), (0, 0), (0, 2), (1, 1)]


def test_it_is_a_judge_as_any_other_with_one_adapter(place: Path) -> None:
    judge = Judge.load("rewarded", workspace=place / "ws", device="cpu", dtype="float32")
    assert judge.predict([{"text": "dirty tea"}]).probabilities.sum() == pytest.approx(1)
    assert len(list((judge.folder / "adapter").iterdir())) == 2
    first = Judge.load("written", workspace=place / "ws")
    assert len(weights(first)) == len(weights(judge))
    assert weights(first) != weights(judge)
    log = (judge.folder / "log.jsonl").read_text()
    assert "rewards/parsed/mean" in log


def test_a_stopped_run_goes_on_to_the_same_bytes(place: Path) -> None:
    seen: list[int] = []

    class Steps(Reporter):
        def training(self, progress: Any) -> None:
            seen.append(progress.step)

    how: dict[str, Any] = {"workspace": place / "ws", "backbone": place / "writer"}
    with pytest.raises(TrainingStopped):
        train("votes", judge="again", reporter=Steps(), should_stop=lambda: seen[-1:] == [1], **how, **OF_RL)
    judge = train(judge="again", workspace=place / "ws", resume=True, reporter=Steps())
    assert seen == [1, 2]
    assert weights(judge) == weights(Judge.load("rewarded", workspace=place / "ws"))
    assert (judge.folder / "log.jsonl").read_bytes() == (
        Judge.load("rewarded", workspace=place / "ws").folder / "log.jsonl"
    ).read_bytes()


def test_a_killed_run_goes_on_to_the_same_bytes(place: Path) -> None:
    class Killed(BaseException):
        """Stands for SIGKILL."""

    class Killing(Reporter):
        def training(self, progress: Any) -> None:
            if progress.step == 2:
                raise Killed

    how: dict[str, Any] = {"workspace": place / "ws", "backbone": place / "writer"}
    with pytest.raises(Killed):
        train("votes", judge="killed", reporter=Killing(), **how, **OF_RL)
    judge = train(judge="killed", workspace=place / "ws", resume=True)
    assert weights(judge) == weights(Judge.load("rewarded", workspace=place / "ws"))


def test_a_judge_that_is_asked_for_something_else_is_no_beginning(place: Path) -> None:
    how: dict[str, Any] = {**OF_RL, "workspace": place / "ws", "backbone": place / "writer", "decimals": 1}
    with pytest.raises(SettingsError, match="what it is asked to write"):
        train("votes", judge="wrong", **how)
