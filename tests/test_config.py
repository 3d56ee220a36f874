"""Settings: kinds, ranges and names are checked when they are made, and all problems are said at once."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pytest

from judgekit.config import (
    CheckSettings,
    EvaluateSettings,
    IngestSettings,
    ScoreSettings,
    Settings,
    TrainSettings,
)
from judgekit.errors import MOST_PROBLEMS_SHOWN, JudgekitError, SettingsError

VERBS = (IngestSettings, CheckSettings, TrainSettings, ScoreSettings, EvaluateSettings)


@pytest.mark.parametrize("verb", VERBS)
def test_the_defaults_are_valid_and_survive_json(verb: type[Settings]) -> None:
    settings = verb()
    assert verb.from_json(json.loads(json.dumps(settings.to_json()))) == settings


def test_settings_survive_json() -> None:
    settings = TrainSettings(backbone="x", epochs=3, learning_rate=2e-4, adversary="off", calibrate=False)
    assert TrainSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings
    columns = IngestSettings(text=("a", "b"), labels="x,y")
    assert IngestSettings.from_json(json.loads(json.dumps(columns.to_json()))) == columns


@pytest.mark.parametrize(
    ("name", "outside", "inside"),
    [
        ("alpha", (-0.01, 1.01, math.nan), (0, 1, 0.5)),
        ("epsilon", (-0.1, 10.5, math.inf), (0, 1.414, 10)),
        ("epochs", (0, -1), (1, None)),
        ("batch_size", (0,), (1,)),
        ("learning_rate", (0.0, -1e-3, math.inf), (1e-9, None)),
        ("warmup", (-0.1, 1.0), (0.0, 0.99)),
        ("lora_dropout", (1.0,), (0.0,)),
        ("max_length", (7,), (8,)),
        ("train_share", (0.0, 1.0), (0.5,)),
        ("seed", (-1,), (0,)),
    ],
)
def test_ranges_hold_at_their_ends(name: str, outside: tuple[Any, ...], inside: tuple[Any, ...]) -> None:
    for value in outside:
        with pytest.raises(SettingsError, match="--" + name.replace("_", "-")):
            TrainSettings.from_json({name: value})
    for value in inside:
        assert getattr(TrainSettings.from_json({name: value}), name) == value


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("epochs", "3", "a whole number"),
        ("epochs", 2.5, "a whole number"),
        ("batch_size", True, "a whole number"),
        ("batch_size", None, "a whole number"),
        ("alpha", "0.5", "a number"),
        ("calibrate", "no", "true or false"),
        ("calibrate", 0, "true or false"),
        ("backbone", 3, "a text"),
        ("adversary", "strong", "one of search, paper, off"),
        ("model_kind", None, "one of auto, encoder, causal"),
    ],
)
def test_a_value_of_another_kind_is_refused(name: str, value: Any, expected: str) -> None:
    with pytest.raises(SettingsError) as caught:
        TrainSettings.from_json({name: value})
    assert f"--{name.replace('_', '-')} is {value!r}" in str(caught.value)
    assert expected in str(caught.value)


def test_choices_are_taken_by_their_name() -> None:
    assert TrainSettings.from_json({"model_kind": "causal"}).model_kind == "causal"


def test_a_path_and_a_single_column_are_taken_for_what_they_mean() -> None:
    assert TrainSettings.from_json({"backbone": Path("a") / "b"}).backbone == str(Path("a/b"))
    assert IngestSettings.from_json({"text": "premise"}).text == ("premise",)
    assert IngestSettings.from_json({"text": ["a", "b"]}).text == ("a", "b")


def test_unknown_settings_are_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"(?s)Unknown settings: bath_size, epoch\..*batch_size.*epochs"):
        TrainSettings.from_json({"epoch": 3, "bath_size": 1})


def test_all_problems_are_said_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        TrainSettings.from_json({"alpha": 2, "epochs": 0, "adversary": "x", "seed": "y"})
    assert len(caught.value.problems) == 4
    for flag in ("--alpha", "--epochs", "--adversary", "--seed"):
        assert flag in str(caught.value)


def test_settings_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(SettingsError, match="leave nothing for the test part"):
        TrainSettings(train_share=0.9, validation_share=0.1)
    with pytest.raises(SettingsError, match="needs --adversary paper"):
        TrainSettings.from_json({"projection": "cvxpy"})
    assert TrainSettings.from_json({"projection": "cvxpy", "adversary": "paper"})
    with pytest.raises(SettingsError, match="expected long, wide, counts, list, probabilities or respondents"):
        IngestSettings(layout="tall")


@pytest.mark.parametrize("verb", VERBS)
def test_settings_cannot_be_changed_and_each_has_help(verb: type[Settings]) -> None:
    for field in dataclasses.fields(verb):
        assert field.metadata["help"].endswith((".", "…", ")"))
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(verb(), field.name, None)


def test_an_error_shows_its_first_problems_and_counts_the_rest() -> None:
    error = JudgekitError("Found:", problems=[f"problem {n}" for n in range(MOST_PROBLEMS_SHOWN + 3)], hint="Mend it.")
    lines = str(error).splitlines()
    assert lines[0] == "Found:"
    assert lines[MOST_PROBLEMS_SHOWN] == f"  - problem {MOST_PROBLEMS_SHOWN - 1}"
    assert lines[-2:] == ["  … and 3 more", "Mend it."]


@pytest.mark.parametrize("value", [1e308, -1e308, 2.0])
def test_a_share_beyond_all_numbers_is_out_of_range_and_no_crash(value: float) -> None:
    with pytest.raises(SettingsError, match=r"--sets is .*; it must be"):
        ScoreSettings(sets=value)
