"""The settings as keyword arguments: the same names and types as the settings classes, known to a type checker."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

import pytest

from judgekit import config
from judgekit.config import keywords
from judgekit.config.keywords import Place, Texts
from judgekit.config.settings import Settings
from judgekit.errors import SettingsError

PAIRS = {
    settings: getattr(keywords, name.replace("Settings", "Keywords"))
    for name, settings in vars(config).items()
    if name.endswith("Settings") and name != "Settings"
}


def as_keyword(field: dataclasses.Field[Any], hint: Any) -> Any:
    """The type of the keyword for a field: a path also as such, several texts as one."""
    if field.name == "backbone":
        return Place | None if NoneType in get_args(hint) else Place
    return Texts if hint == tuple[str, ...] else hint


@pytest.mark.parametrize("settings", PAIRS, ids=lambda settings: settings.__name__)
def test_keywords_have_the_names_and_types_of_the_fields(settings: type[Settings]) -> None:
    hints = get_type_hints(settings)
    fields = [field for field in dataclasses.fields(settings) if field.init]
    assert get_type_hints(PAIRS[settings]) == {field.name: as_keyword(field, hints[field.name]) for field in fields}


def test_an_object_and_keywords_go_together_and_keywords_win() -> None:
    given = config.TrainSettings(epochs=3, alpha=0.5)
    assert config.TrainSettings.chosen(given, {}) is given
    assert config.TrainSettings.chosen(None, {"epochs": 2}) == config.TrainSettings(epochs=2)
    assert config.TrainSettings.chosen(given, {"epochs": 2}) == config.TrainSettings(epochs=2, alpha=0.5)
    assert config.TrainSettings.chosen(given, {"preset": "paper"}).alpha == 0.5
    assert config.TrainSettings.chosen(given, {"preset": "paper"}).warmup == 0.0


def test_settings_of_another_verb_are_refused() -> None:
    wrong: Any = config.ScoreSettings()
    with pytest.raises(SettingsError, match=r"(?s)ScoreSettings.*TrainSettings"):
        config.TrainSettings.chosen(wrong, {})


CALLS = """
from judgekit.config import TrainSettings
from judgekit.config.keywords import TrainKeywords
from typing import Unpack

def train(**keywords: Unpack[TrainKeywords]) -> None: ...

train(epochs=3, adversary="paper", backbone="starter", target_modules="auto")
train(epochz=3)
train(adversary="serch")
train(learning_rate="high")
"""


@pytest.mark.slow
def test_a_type_checker_finds_wrong_settings(tmp_path: Path) -> None:
    (tmp_path / "calls.py").write_text(CALLS)
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, str(tmp_path / "calls.py")]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    for line in (9, 10, 11):
        assert f"calls.py:{line}:" in found
    assert "3 errors" in found
