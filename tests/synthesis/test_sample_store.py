"""Judgments are on the disk as they arrive, and a kill loses none that was whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from judgekit.errors import WorkspaceError
from judgekit.synthesis.questions import Question
from judgekit.synthesis.store import SAMPLES_FILE, Answer, Facts, SampleStore

FACTS = Facts(dataset="votes", content_hash="a", teacher="t", model="m", temperature=0.8, answer_length=64,
              languages=("en",), seed=0)  # fmt: skip


def question(item: str, sample: int = 0) -> Question:
    return Question(item, 0, sample, "asked", 1)


def test_a_judgment_is_there_again_with_what_it_took(tmp_path: Path) -> None:
    SampleStore(tmp_path, FACTS).add(question("ä\n"), Answer("line\none\u2028two \ud800", 7, 3))
    (found,) = SampleStore(tmp_path, FACTS).samples.values()
    assert (found.item, found.prompt_tokens, found.answer_tokens) == ("ä\n", 7, 3)
    assert found.text == "line\none\u2028two ?"


def test_half_a_last_line_is_dropped_and_the_others_stay(tmp_path: Path) -> None:
    store = SampleStore(tmp_path, FACTS)
    store.add(question("a"), Answer("first"))
    store.add(question("b"), Answer("second"))
    path = tmp_path / SAMPLES_FILE
    path.write_bytes(path.read_bytes()[:-9])
    store = SampleStore(tmp_path, FACTS)
    assert [one.item for one in store.samples.values()] == ["a"]
    store.add(question("b"), Answer("again"))
    assert [one.text for one in SampleStore(tmp_path, FACTS).samples.values()] == ["first", "again"]


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    SampleStore(tmp_path, FACTS).add(question("a"), Answer("first"))
    with (tmp_path / SAMPLES_FILE).open("a", encoding="utf-8") as file:
        file.write('{"item": 1}\n')
    with pytest.raises(WorkspaceError, match="line 2"):
        SampleStore(tmp_path, FACTS)


def test_judgments_of_another_temperature_are_not_mixed(tmp_path: Path) -> None:
    SampleStore(tmp_path, FACTS).add(question("a"), Answer("first"))
    with pytest.raises(WorkspaceError, match=r"temperature: 0\.8, and now 0\.2"):
        SampleStore(tmp_path, FACTS.model_copy(update={"temperature": 0.2}))
