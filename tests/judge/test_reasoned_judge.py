"""A judge that reasons to a verdict is one of several readings: it predicts, and says which verdicts were read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_votes import LABELS, text_of, votes_rows, write_csv
from tiny_backbones import build_causal

from judgekit import Judge, ingest, train
from judgekit.errors import SettingsError

HOW: dict[str, Any] = {"device": "cpu", "dtype": "float32"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a judge that draws two judgments for each item, of a model that knows no words."""
    folder = tmp_path_factory.mktemp("reasoned")
    ingest(write_csv(folder / "votes.csv", votes_rows(40)), workspace=folder / "ws")
    build_causal(folder / "llama", max_position_embeddings=1024)
    how: dict[str, Any] = {"method": "rise", "stage": "none", "answer_length": 16, "judgments": 2, "max_length": 1000}
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


def test_without_judgments_nothing_is_learned(place: Path) -> None:
    with pytest.raises(SettingsError, match="--learn-from"):
        train("votes", judge="two", backbone=place / "llama", workspace=place / "ws", method="rise", **HOW)
