"""A judge that writes probabilities: trained, scored and evaluated as any other, and resumed to the same bytes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from made_up_votes import LABELS, text_of, votes_rows, write_csv
from small_writers import build_writer

from judgekit import Judge, export, ingest, train
from judgekit.config import TrainSettings
from judgekit.errors import SettingsError, TrainingStopped
from judgekit.training.reporter import Reporter

SETTINGS: dict[str, Any] = {
    "method": "verbalized", "epochs": 2, "batch_size": 8, "device": "cpu", "dtype": "float32", "max_length": 400,
    "train_share": 0.5, "validation_share": 0.4, "lora_r": 4, "calibrate": False, "label_scoring": "tokens",
    "learning_rate": 1e-5,
}  # fmt: skip

NEW = (text_of(101, 0), text_of(102, 2))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the dataset `votes`, its judge `written`, and beside it the causal LM that writes answers."""
    folder = tmp_path_factory.mktemp("verbalized")
    ingest(write_csv(folder / "votes.csv", votes_rows(60)), workspace=folder / "ws")
    build_writer(folder / "writer", folder / "ws")
    train("votes", judge="written", workspace=folder / "ws", backbone=folder / "writer", **SETTINGS)
    return folder


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """TRL's usage ping would be a failure."""
    import trl.trainer.base_trainer as base

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a usage ping")

    monkeypatch.setattr(base, "send_telemetry", refuse)
    yield


def test_what_it_writes_is_read_and_scored_as_any_judge(place: Path) -> None:
    judge = Judge.load("written", workspace=place / "ws", device="cpu", dtype="float32")
    assert judge.manifest.method == "verbalized"
    assert judge.manifest.metrics.parsed == 1.0
    scores = judge.predict([{"text": one} for one in NEW])
    assert scores.is_parsed is not None and scores.is_parsed.all()
    assert "parsed" in scores.to_polars().columns
    assert scores.probabilities.sum(axis=1) == pytest.approx(1)
    assert {path.name for path in (judge.folder / "adapter").iterdir()} == {
        "adapter_config.json", "adapter_model.safetensors",
    }  # fmt: skip


def test_a_file_of_scores_says_which_answers_were_read(place: Path, tmp_path: Path) -> None:
    write_csv(tmp_path / "new.csv", [["text"], *([one] for one in NEW)])
    judge = Judge.load("written", workspace=place / "ws", device="cpu", dtype="float32")
    scored = judge.predict_file(tmp_path / "new.csv", output=tmp_path / "out.parquet")
    assert scored.unparsed == 0
    assert pl.read_parquet(tmp_path / "out.parquet").get_column("parsed").to_list() == [True, True]


def test_it_is_evaluated_as_any_judge(place: Path) -> None:
    judge = Judge.load("written", workspace=place / "ws", device="cpu", dtype="float32")
    found = judge.evaluate(part="validation", resamples=20)
    assert len(found.items) == 24
    assert found.metrics["kl"] is not None
    assert found.written is not None
    assert (found.written.parsed, found.written.order_consistency) == (1.0, None)
    assert found.written.distinct == 3


class Stopping(Reporter):
    """Asks to stop, or kills, behind a step."""

    def __init__(self, step: int) -> None:
        self.step, self.seen = step, list[int]()

    def training(self, progress: Any) -> None:
        self.seen.append(progress.step)

    @property
    def is_due(self) -> bool:
        return bool(self.seen) and self.seen[-1] >= self.step


class Killed(BaseException):
    """Stands for SIGKILL."""


def bytes_of(folder: Path) -> dict[str, bytes]:
    names = ("adapter/adapter_model.safetensors", "adapter/adapter_config.json", "log.jsonl")
    return {name: (folder / name).read_bytes() for name in names}


@pytest.fixture
def copied(place: Path, tmp_path: Path) -> Path:
    return shutil.copytree(place / "ws", tmp_path / "ws")


def again(copied: Path, place: Path, **how: Any) -> Judge:
    return train("votes", judge="other", workspace=copied, backbone=place / "writer", **SETTINGS, **how)


def test_a_stopped_training_goes_on_to_the_same_bytes(copied: Path, place: Path) -> None:
    stopping = Stopping(3)
    with pytest.raises(TrainingStopped):
        again(copied, place, reporter=stopping, should_stop=lambda: stopping.is_due)
    going_on = Stopping(99)
    judge = train(judge="other", workspace=copied, resume=True, reporter=going_on)
    assert going_on.seen[0] == 4
    assert bytes_of(judge.folder) == bytes_of(copied / "judges" / "written")


def test_a_killed_training_goes_on_from_its_newest_whole_checkpoint(copied: Path, place: Path) -> None:
    def kill() -> bool:
        if stopping.is_due:
            raise Killed
        return False

    stopping = Stopping(4)
    with pytest.raises(Killed):
        again(copied, place, reporter=stopping, should_stop=kill, evaluations=4)
    stages = next(copied.glob("**/stages/sft"))
    newest = sorted(stages.iterdir())[-1]
    half = stages / "checkpoint-999"  # as if the kill had come while it was written
    shutil.copytree(newest, half)
    (half / "whole").unlink()
    judge = train(judge="other", workspace=copied, resume=True)
    assert not half.exists()
    assert bytes_of(judge.folder) == bytes_of(copied / "judges" / "written")


def test_an_encoder_writes_nothing(copied: Path, bert: Path) -> None:
    with pytest.raises(SettingsError, match=r"(?s)verbalized needs a backbone that writes.*causal LM"):
        train("votes", judge="none", workspace=copied, backbone=bert, method="verbalized", device="cpu")


def test_without_the_extra_one_line_says_what_to_install(
    copied: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import judgekit.training.beginning as beginning

    monkeypatch.setattr(beginning, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"annotation-judgekit\[generative\]"):
        again(copied, place)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"folds": 3}, "--folds and --quick"),
        ({"quick": True}, "--folds and --quick"),
        ({"method": "label", "rationale": True}, "--rationale needs --method verbalized"),
        ({"rationale": True}, "annotations hold no reasons"),
        ({"method": "label", "stage": "rl"}, "--stage rl needs --method verbalized"),
    ],
)
def test_settings_that_contradict_the_method_are_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        TrainSettings(**{"method": "verbalized", **wrong})


def test_labels_are_those_of_the_dataset(place: Path) -> None:
    answer = Judge.load("written", workspace=place / "ws").manifest.answer
    assert answer is not None and answer.names == LABELS


def test_it_is_not_exported_as_a_model_that_is_read_at_its_labels(place: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="writes its answers"):
        export("written", merged=tmp_path / "merged", workspace=place / "ws", device="cpu")
