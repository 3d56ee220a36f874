"""A judge that reasons to a verdict is one of several readings: it predicts, and says which verdicts were read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_votes import LABELS, text_of, votes_rows, write_csv
from tiny_backbones import build_causal

from judgekit import Judge, ingest, score, train
from judgekit.errors import SettingsError
from judgekit.judge import score_file
from judgekit.judge.judge import TrainedJudge
from judgekit.models import reasoned_reader, verbalized_reader

HOW: dict[str, Any] = {"device": "cpu", "dtype": "float32"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a judge that draws two judgments for each item, of a model that knows no words."""
    folder = tmp_path_factory.mktemp("reasoned")
    ingest(write_csv(folder / "votes.csv", votes_rows(40)), workspace=folder / "ws")
    build_causal(folder / "llama", max_position_embeddings=1024)
    how: dict[str, Any] = {
        "method": "rise",
        "stage": "none",
        "calibrate": False,
        "answer_length": 16,
        "judgments": 2,
        "max_length": 1000,
    }
    train("votes", judge="reasoned", backbone=folder / "llama", workspace=folder / "ws", **how, **HOW)
    return folder


def test_what_it_says_of_an_item_does_not_depend_on_the_others(place: Path) -> None:
    judge = Judge.load("reasoned", workspace=place / "ws", **HOW)
    texts = [{"text": text_of(101, 0)}, {"text": text_of(102, 2)}, {"text": "tea"}]
    together = judge.predict(texts).probabilities
    alone = np.concatenate([judge.predict([one]).probabilities for one in texts])
    assert together.sum(axis=1) == pytest.approx(1)
    assert together == pytest.approx(alone, abs=1e-6)


def test_the_judge_keeps_how_it_is_asked(place: Path) -> None:
    manifest = Judge.load("reasoned", workspace=place / "ws", **HOW).manifest
    assert manifest.method == "rise"
    assert manifest.answer is not None
    assert (manifest.answer.names, manifest.answer.judgments, manifest.answer.length) == (LABELS, 2, 16)


def talking(*given: Any, **_: Any) -> list[list[str]]:
    """What is drawn comes to `bad`; the likeliest judgment, of a prompt that asks for reasons, to `fair`."""
    if given[2].temperature == 0:
        return [["So, so. <verdict>fair</verdict>"] for _ in given[1]]
    return [["Cold. <verdict>bad</verdict>", "Ice. <verdict>bad</verdict>"] for _ in given[1]]


def test_reasons_explain_the_likeliest_label_and_the_runner_up(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reasoned_reader, "generate", talking)
    how: Any = {"judge": "reasoned", "workspace": place / "ws", **HOW}
    items = [{"text": text_of(101, 0)}, {"text": "tea"}]
    table = score(items, rationale=("minority", "majority"), **how).to_polars()
    rows = table.select("label", "rationale_majority", "runner_up", "rationale_minority").rows()
    assert rows == [("bad", "Cold.", "fair", "So, so.")] * 2
    assert "runner_up" not in score(items, rationale=("majority",), **how).to_polars().columns


def test_where_the_judge_argues_for_no_label_the_cell_is_empty(place: Path, tmp_path: Path) -> None:
    """The model of this workspace knows no words."""
    new = write_csv(tmp_path / "new.csv", [["text", "rationale"], ["tea", "of the input"]])
    found = score(new, judge="reasoned", workspace=place / "ws", rationale="minority", **HOW)  # type: ignore[call-overload]
    assert found.without_reasons == 1
    assert found.to_polars().select("rationale", "rationale_minority").rows() == [("of the input", None)]


def test_reasons_are_the_same_after_a_kill(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reasoned_reader, "generate", talking)
    monkeypatch.setattr(score_file, "WINDOW_ITEMS", {"encoder": 2, "causal": 2})
    new = write_csv(tmp_path / "new.csv", [["text"], *([f"tea {n}"] for n in range(6))])
    how: Any = {"judge": "reasoned", "workspace": place / "ws", "rationale": ("majority", "minority"), **HOW}
    whole = score(new, output=tmp_path / "whole.csv", **how).output.read_bytes()
    asked = TrainedJudge.ask

    def dying(self: TrainedJudge, window: Any, *rest: Any) -> Any:
        if window.names[0] == "5":
            raise KeyboardInterrupt
        return asked(self, window, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(TrainedJudge, "ask", dying)
        with pytest.raises(KeyboardInterrupt):
            score(new, output=tmp_path / "again.csv", **how)
    assert score(new, output=tmp_path / "again.csv", **how).output.read_bytes() == whole
    assert b"Cold." in whole


def test_a_judge_that_writes_no_reasons_is_not_asked_for_any(place: Path, tmp_path: Path) -> None:
    how: dict[str, Any] = {
        "backbone": place / "llama",
        "workspace": place / "ws",
        "stage": "none",
        "calibrate": False,
        **HOW,
    }
    train("votes", judge="numbers", method="verbalized", max_length=1000, **how)
    new = write_csv(tmp_path / "new.csv", [["text"], ["tea"]])
    with pytest.raises(SettingsError, match="probabilities and no thoughts"):
        score(new, judge="numbers", workspace=place / "ws", rationale=("majority",), **HOW)
    assert not (tmp_path / "new.scores.csv").exists()


def test_thoughts_before_probabilities_are_a_column(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "<think>Clean, and cold.</think><prob_bad>0.5</prob_bad><prob_fair>0.3</prob_fair><prob_good>0.2</prob_good>"
    monkeypatch.setattr(verbalized_reader, "generate", lambda _, prompts, __: [[said] for _ in prompts])
    how: dict[str, Any] = {
        "backbone": place / "llama",
        "workspace": place / "ws",
        "stage": "none",
        "calibrate": False,
        **HOW,
    }
    train("votes", judge="thinks", method="verbalized", rationale=True, answer_length=16, max_length=1000, **how)
    scores = score([{"text": "tea"}], judge="thinks", workspace=place / "ws", rationale=("majority",), **HOW)
    assert scores.to_polars()["rationale"].to_list() == ["Clean, and cold."]


def test_the_labels_are_read_behind_the_likeliest_reasons(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reasoned_reader, "generate", talking)
    how: dict[str, Any] = {
        "method": "rise",
        "stage": "none",
        "calibrate": False,
        "judgments": 0,
        "answer_length": 16,
        "max_length": 1000,
    }
    judge = train("votes", judge="likeliest", backbone=place / "llama", workspace=place / "ws", **how, **HOW)
    scores = judge.predict([{"text": "tea"}, {"text": text_of(101, 0)}])
    assert scores.is_parsed is not None and scores.is_parsed.all()
    assert scores.probabilities.sum(axis=1) == pytest.approx(1)
    assert len({tuple(one) for one in scores.probabilities.round(6)}) == 2


def test_a_trained_judge_is_read_in_another_way(place: Path) -> None:
    how: dict[str, Any] = {
        "method": "rise",
        "stage": "none",
        "calibrate": False,
        "answer_length": 16,
        "max_length": 1000,
        "judgments": 1,
    }
    given: dict[str, Any] = {"backbone": place / "llama", "workspace": place / "ws", **how, **HOW}
    judge = train("votes", judge="other", begin_with="reasoned", **given)
    assert judge.manifest.answer is not None and judge.manifest.answer.judgments == 1
    assert judge.training is not None and judge.training.steps == 0
    names = [f"{name}/adapter/adapter_model.safetensors" for name in ("reasoned", "other")]
    assert len({(place / "ws" / "judges" / name).read_bytes() for name in names}) == 1


def test_without_judgments_nothing_is_learned(place: Path) -> None:
    with pytest.raises(SettingsError, match="--learn-from"):
        train("votes", judge="two", backbone=place / "llama", workspace=place / "ws", method="rise", **HOW)
