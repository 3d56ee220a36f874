"""Flag before environment before judgekit.toml before default, and every error names where the value came from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from judgekit.training.beginning import Request
from judgekit.verbs import train as verb

Run = Callable[..., Any]


class Reached(Exception):
    """Raised instead of training."""


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch, run: Run) -> Callable[..., dict[str, Any]]:
    """The settings that `judgekit train` hands to its verb."""

    def call(*arguments: object) -> dict[str, Any]:
        seen: list[dict[str, Any]] = []

        def fake(workspace: Path | None, request: Request, *_: Any) -> None:
            seen.append({"workspace": workspace, "dataset": request.dataset, **request.keywords})
            raise Reached

        monkeypatch.setattr(verb, "make_judge", fake)
        with pytest.raises(Reached):
            run("train", *arguments)
        return seen[0]

    return call


@pytest.fixture
def toml(run: Run) -> Callable[[str], Path]:
    """Write the settings file of a workspace made here."""
    assert run("init").code == 0

    def write(text: str) -> Path:
        path = Path(".judgekit/judgekit.toml").absolute()
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_only_what_was_given_travels_on(given: Callable[..., dict[str, Any]]) -> None:
    assert "epochs" not in given()
    assert given("--epochs", 7)["epochs"] == 7


def test_flag_before_environment_before_file_before_default(
    given: Callable[..., dict[str, Any]], toml: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "seed" not in given()
    toml("[train]\nseed = 1\nbatch_size = 8\n")
    assert given()["seed"] == 1
    monkeypatch.setenv("JUDGEKIT_TRAIN_SEED", "2")
    assert given()["seed"] == 2
    settings = given("--seed", 3)
    assert settings["seed"] == 3
    assert settings["batch_size"] == 8


def test_the_settings_file_of_the_workspace_in_use_is_read(
    given: Callable[..., dict[str, Any]], toml: Callable[[str], Path], tmp_path: Path, run: Run, monkeypatch: Any
) -> None:
    toml("[train]\nseed = 1\n")
    assert run("init", "--workspace", tmp_path / "other").code == 0
    (tmp_path / "other" / "judgekit.toml").write_text("[train]\nseed = 5\n")
    assert given("--workspace", tmp_path / "other")["seed"] == 5
    monkeypatch.setenv("JUDGEKIT_WORKSPACE", str(tmp_path / "other"))
    assert given()["seed"] == 5


def test_the_workspace_may_be_named_before_or_after_the_verb(
    given: Callable[..., dict[str, Any]], run: Run, tmp_path: Path
) -> None:
    from judgekit.cli import main

    assert given("--workspace", tmp_path / "here")["workspace"] == tmp_path / "here"
    with pytest.raises(Reached):  # `given` has left its fake in place
        main(["--workspace", str(tmp_path / "here"), "train"])


def test_lists_and_choices_come_from_the_file(toml: Callable[[str], Path], run: Run, votes_csv: Path) -> None:
    toml('[ingest]\ntext = ["text"]\nlabels = "good,fair,bad"\n')
    assert run("ingest", votes_csv, "--json").json["labels"] == ["good", "fair", "bad"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[train]\nepoch = 3\n", ["[train]", "epoch", "epochs"]),
        ("[train]\nalpha = 2.0\n", ["[train]", "--alpha is 2.0", "at most 1"]),
        ('[train]\nepochs = "three"\n', ["[train]", "--epochs is 'three'", "whole number"]),
        ("[trian]\nepochs = 3\n", ["[trian]", "no verb"]),
        ("epochs = 3\n", ["[epochs]", "no verb"]),
        ("[train\n", ["not valid TOML"]),
        ('[train]\ntrain_share = 0.95\n[score]\ndtype = "f8"\n', ["leave nothing", "--dtype is 'f8'"]),
    ],
)
def test_a_mistake_in_the_file_names_it(toml: Callable[[str], Path], run: Run, text: str, words: list[str]) -> None:
    path = toml(text)
    result = run("train")
    assert result.code == 3
    assert result.out == ""
    for word in (str(path), *words):
        assert word in result.err


def test_a_mistake_in_the_environment_or_a_flag_is_a_usage_error_that_names_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run("train", "--epochs", "three")
    assert result.code == 2
    assert "--epochs" in result.err
    monkeypatch.setenv("JUDGEKIT_TRAIN_EPOCHS", "x7")
    result = run("train")
    assert result.code == 2
    assert "--epochs" in result.err
    assert "JUDGEKIT_TRAIN_EPOCHS=x7" in result.err
    monkeypatch.setenv("JUDGEKIT_TRAIN_EPOCHS", "2")
    assert run("ingest", "votes.csv").err.count("JUDGEKIT") == 0  # no error of a setting: nothing to say


def test_a_setting_out_of_range_from_the_environment_names_the_variable(
    run: Run, votes_csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("ingest", votes_csv).code == 0
    monkeypatch.setenv("JUDGEKIT_TRAIN_LEARNING_RATE", "0")
    result = run("train")
    assert result.code == 3
    assert "--learning-rate is 0.0; it must be above 0" in result.err
    assert "JUDGEKIT_TRAIN_LEARNING_RATE=0" in result.err
