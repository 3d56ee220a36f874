"""The verbs as Python functions: they return objects and print nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_votes import LABELS, votes_rows, write_csv

import judgekit
from judgekit import JudgekitError, Reporter, TrainingStopped, evaluate, ingest, init, score, show, train
from judgekit.dataset.opening import open_dataset, open_workspace


def test_the_verbs_return_objects_and_print_nothing(
    tmp_path: Path, bert: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    votes, new = write_csv(tmp_path / "votes.csv", votes_rows(60)), tmp_path / "new.csv"
    write_csv(new, [["item_id", "text"], ["a", "dirty tea"], ["b", "clean bed"]])
    place = init(tmp_path / "ws")
    capfd.readouterr()
    dataset = ingest(votes, workspace=place)
    judge = train(workspace=place, backbone=bert, epochs=1, device="cpu")
    scores = score(new, workspace=place)
    figures = evaluate(votes, workspace=place)
    contents = show(workspace=place)
    assert capfd.readouterr() == ("", "")

    assert len(dataset.items) == 60
    assert dataset.items.labels == LABELS
    assert dataset.items.counts.sum() == 180
    assert judge.folder == place / "judges" / "votes"
    assert judge.training is not None
    assert judge.training.validation_kl <= judge.training.validation_prior_kl * 1.5
    assert len(scores) == 2
    assert np.allclose(scores.to_polars().select([f"prob_{label}" for label in LABELS]).to_numpy().sum(1), 1, atol=1e-7)
    kl: Any = figures.metrics["kl"]
    assert kl.low <= kl.value <= kl.high
    assert (len(figures.items), figures.left_out) == (6, 54)
    assert [found.name for found in contents.judges] == ["votes"]


SCRIPT = """
import sys
from judgekit import ingest, train, score, evaluate
votes, place, backbone = sys.argv[1:]
ingest(votes, workspace=place)
train(workspace=place, backbone=backbone, epochs=1, device="cpu")
score(votes, workspace=place)
evaluate(votes, workspace=place)
"""


@pytest.mark.slow
def test_a_new_interpreter_prints_nothing_either(tmp_path: Path, bert: Path) -> None:
    votes = write_csv(tmp_path / "votes.csv", votes_rows(60))
    words = [sys.executable, "-c", SCRIPT, str(votes), str(tmp_path / "ws"), str(bert)]
    ended = subprocess.run(words, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_a_reporter_is_told_what_happens(tmp_path: Path, bert: Path) -> None:
    class Listener(Reporter):
        def __init__(self) -> None:
            self.notes: list[str] = []
            self.steps: list[int] = []
            self.done: list[tuple[int, int]] = []

        def note(self, text: str) -> None:
            self.notes.append(text)

        def training(self, progress: Any) -> None:
            self.steps.append(progress.step)

        def items(self, done: int, total: int) -> None:
            self.done.append((done, total))

    votes = write_csv(tmp_path / "votes.csv", votes_rows(60))
    ingest(votes, workspace=tmp_path / "ws")
    listener = Listener()
    train(workspace=tmp_path / "ws", backbone=bert, epochs=1, batch_size=16, device="cpu", reporter=listener)
    assert any("48 items to train on" in note for note in listener.notes)
    assert listener.steps == sorted(listener.steps)
    assert listener.steps[-1] == 3
    score(votes, workspace=tmp_path / "ws", reporter=listener)
    assert listener.done[-1] == (60, 60)


def test_what_the_user_can_mend_is_a_judgekit_error(tmp_path: Path) -> None:
    with pytest.raises(JudgekitError, match="no judgekit workspace"):
        score(tmp_path / "new.csv", workspace=tmp_path / "nowhere")
    with pytest.raises(JudgekitError, match="Unknown settings: epoch"):
        ingest(write_csv(tmp_path / "votes.csv", votes_rows(9)), workspace=tmp_path / "ws")
        train(workspace=tmp_path / "ws", epoch=3)  # pyright: ignore[reportCallIssue]


def test_a_run_that_is_asked_to_stop_can_be_resumed(tmp_path: Path, bert: Path) -> None:
    ingest(write_csv(tmp_path / "votes.csv", votes_rows(60)), workspace=tmp_path / "ws")
    options: dict[str, Any] = {"workspace": tmp_path / "ws", "backbone": bert, "epochs": 2, "device": "cpu"}
    with pytest.raises(
        TrainingStopped, match=r"stopped after step 0; its checkpoint is kept(?s:.*)resume=True"
    ) as stop:
        train(**options, should_stop=lambda: True)
    assert (stop.value.judge, stop.value.steps) == ("votes", 0)
    resumed = train(open_dataset(open_workspace(tmp_path / "ws")), judge=stop.value.judge, resume=True)
    assert resumed.training is not None
    assert resumed.training.steps > 0


def test_training_twice_makes_two_judges_with_the_same_adapter(tmp_path: Path, bert: Path) -> None:
    ingest(write_csv(tmp_path / "votes.csv", votes_rows(60)), workspace=tmp_path / "ws")
    folders = [train(workspace=tmp_path / "ws", backbone=bert, epochs=2, device="cpu").folder for _ in range(2)]
    one, two = (folder for folder in folders)
    assert (one.name, two.name) == ("votes", "votes-2")
    for path in (one / "adapter").iterdir():
        assert path.read_bytes() == (two / "adapter" / path.name).read_bytes()


def test_the_names_of_the_api_are_there_and_no_others() -> None:
    for name in judgekit.__all__:
        assert getattr(judgekit, name) is not None
    assert dir(judgekit) == sorted(judgekit.__all__)
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        judgekit.trian  # noqa: B018
