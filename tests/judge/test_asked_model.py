"""A chat model that nobody trained, asked in place of a judge: it is calibrated, kept, and compared as any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_votes import text_of, votes_rows, write_csv
from small_writers import build_writer

from judgekit import Judge, evaluate, ingest, score, train
from judgekit.errors import SettingsError

HOW: dict[str, Any] = {"device": "cpu", "dtype": "float32"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the dataset `votes`, and beside it a causal LM that writes answers."""
    folder = tmp_path_factory.mktemp("asked")
    ingest(write_csv(folder / "votes.csv", votes_rows(40)), workspace=folder / "ws")
    build_writer(folder / "writer", folder / "ws")
    return folder


def test_a_model_is_asked_calibrated_and_kept_as_a_judge(place: Path) -> None:
    how: dict[str, Any] = {**HOW, "judge_model": str(place / "writer"), "workspace": place / "ws"}
    scores = score([{"text": text_of(101, 0)}, {"text": text_of(102, 2)}], **how)
    assert scores.judge == "votes-asked-writer"
    assert scores.probabilities.sum(axis=1) == pytest.approx(1)
    kept = Judge.load("votes-asked-writer", workspace=place / "ws", **HOW)
    assert (kept.manifest.method, kept.manifest.settings.stage) == ("verbalized", "none")
    again = score([{"text": text_of(101, 0)}], **how)
    assert Judge.load(workspace=place / "ws").manifest.created == kept.manifest.created
    assert again.probabilities[0] == pytest.approx(scores.probabilities[0])
    found = evaluate(**how, resamples=20)
    assert found.is_test and found.judge == "votes-asked-writer"


def test_its_weights_are_the_models_own(place: Path) -> None:
    from safetensors.numpy import load_file

    how: dict[str, Any] = {**HOW, "workspace": place / "ws", "backbone": place / "writer", "max_length": 400}
    judge = train("votes", judge="read", stage="none", label_scoring="tokens", **how)
    assert judge.manifest.method == "label" and judge.training is not None and judge.training.steps == 0
    weights = load_file(judge.folder / "adapter" / "adapter_model.safetensors")
    assert all(not np.any(one) for name, one in weights.items() if "lora_B" in name)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"judge": "one", "judge_model": "two"}, "name two judges"),
        ({"dataset": "votes"}, "--dataset belongs to --judge-model"),
        ({"judge_model": "https://example.org/v1"}, "--endpoint-model is not given"),
        (
            {"judge_model": "http://[::1]/v1", "endpoint_model": "m", "engine": "ray"},
            "--engine ray computes a judge here",
        ),
        ({"judge_model": "folder", "endpoint_model": "m"}, "--judge-model names none"),
    ],
)
def test_what_contradicts_itself_is_refused(place: Path, how: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        score([{"text": "tea"}], workspace=place / "ws", **how)


def test_an_encoder_says_nothing_before_it_is_trained(place: Path, bert: Path) -> None:
    with pytest.raises(SettingsError, match="knows nothing before it is trained"):
        train("votes", judge="none", stage="none", workspace=place / "ws", backbone=bert, device="cpu")
