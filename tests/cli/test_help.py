"""`--help` in one column: nothing cut, what matters first, every choice and default there."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from judgekit.cli.help import _with_names
from judgekit.cli.settings_file import VERBS
from judgekit.config.settings import range_in_words

Run = Callable[..., Any]

PROGRAM: list[str] = []


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("verb", [PROGRAM, ["show"], ["demo"], ["init"], *([verb] for verb in VERBS)])
def test_help_fits_the_terminal(run: Run, verb: list[str], columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = run(*verb, "--help").out
    assert max(map(len, text.splitlines())) <= columns
    assert "…" not in text.replace("mps …", "") and not re.search(r"<\w", text)


@pytest.mark.parametrize("verb", VERBS)
def test_every_setting_is_a_flag_with_help_default_and_range(run: Run, verb: str) -> None:
    text = " ".join(run(verb, "--help").out.split())
    for name, field in VERBS[verb].__dataclass_fields__.items():
        if not field.init:
            continue
        assert f" --{name.replace('_', '-')} " in text
        assert f"{field.metadata['help']}" in text
        assert range_in_words(field) in text
    assert "--epsilon NUMBER" not in text or "[default: 1.0; at least 0, at most 10]" in text


def test_the_settings_of_a_training_that_matter_most_come_first(run: Run) -> None:
    text = run("train", "--help").out
    first = text[text.index("Settings:") : text.index("Further settings")]
    names = [line.split()[0] for line in first.splitlines() if line.startswith("  --")]
    assert 8 <= len(names) <= 12 and {"--backbone", "--epochs", "--alpha", "--epsilon", "--seed"} <= set(names)
    assert text.index("--dataset") < text.index("Settings:") and text.index("--json") > text.index("--split-seed")


def test_the_formats_can_be_listed_without_a_file(run: Run) -> None:
    found = run("ingest", "--formats")
    assert found.code == 0 and found.err == ""
    assert {"csv", "label-studio"} <= {line.split()[0] for line in found.out.splitlines()}


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("--rationale majority minority", "--rationale majority --rationale minority"),
        ("--rationale=majority minority new.csv", "--rationale=majority --rationale minority new.csv"),
        ("--rationale majority new.csv minority", "--rationale majority new.csv minority"),
        (
            "--rationale minority --rationale majority -- majority",
            "--rationale minority --rationale majority -- majority",
        ),
        ("--judge majority minority", "--judge majority minority"),
    ],
)
def test_an_option_takes_several_choices(typed: str, read: str) -> None:
    option = SimpleNamespace(multiple=True, metavar="majority|minority", opts=["--rationale"])
    plain = SimpleNamespace(multiple=True, metavar="NAME", opts=["--judge"])
    assert _with_names(typed.split(), [option, plain]) == read.split()
