"""A teacher's judgments: asked once each, gone on with after a failure, counted by what they say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from faulty_endpoint import Fault, Server, complete, running, send
from made_up_votes import votes_rows, write_csv

from judgekit.errors import SettingsError, WorkspaceError
from judgekit.verbs.ingest import ingest
from judgekit.verbs.synthesize import synthesize


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as one:
        yield one


@pytest.fixture(autouse=True)
def votes(tmp_path: Path) -> None:
    ingest(write_csv(tmp_path / "votes.csv", votes_rows(30)), workspace=tmp_path)


def ask(server: Server, folder: Path, **changes: Any) -> Any:
    given: dict[str, Any] = {"teacher": server.url, "teacher_model": "m", "samples": 2, "items": 8, "offline": True}
    return synthesize("votes", workspace=folder, **given | changes)


def knowing(server: Server) -> Callable[[int], Fault | None]:
    """A teacher that is right where the text says how it is."""

    def fault(number: int) -> Fault | None:
        prompt = server.seen[number]["messages"][0]["content"]
        said = next(label for word, label in (("dirty", "bad"), ("Text: slow", "fair"), ("", "good")) if word in prompt)
        return lambda one: complete(one, f"I see. <verdict>{said}</verdict>")

    return fault


def test_judgments_are_counted_and_kept_for_learning(server: Server, tmp_path: Path) -> None:
    server.fault = knowing(server)
    found = ask(server, tmp_path, price_in=2.0, price_out=10.0)
    assert (found.calls, found.answered, found.failures) == (16, 16, {})
    assert (found.prompt_tokens, found.answer_tokens) == (80, 32)
    assert found.cost == pytest.approx((80 * 2 + 32 * 10) / 1e6)
    assert found.items["kept"] >= 4
    assert sum(found.items.values()) == 8
    lines = [json.loads(line) for line in found.file.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 16
    assert {"item", "order", "sample", "text"} <= set(lines[0])


def test_a_failure_loses_no_judgment_and_none_is_asked_for_twice(server: Server, tmp_path: Path) -> None:
    server.fault = lambda number: (lambda one: send(one, b"", 401)) if number == 5 else None
    with pytest.raises(SettingsError, match="JUDGEKIT_TEACHER_TOKEN"):
        ask(server, tmp_path, concurrency=1)
    server.fault = lambda number: None
    assert ask(server, tmp_path).calls == 16 - 5
    assert ask(server, tmp_path).calls == 0
    assert len(server.seen) == 16 + 1
    assert ask(server, tmp_path, samples=3, items=10).calls == 10 * 3 - 16


def test_a_dry_run_asks_nothing(server: Server, tmp_path: Path) -> None:
    found = ask(server, tmp_path, dry_run=True, answer_length=100, price_out=1.0)
    assert (found.calls, found.answer_tokens, found.file) == (16, 1600, None)
    assert found.prompt_tokens > 16 * 50
    assert server.seen == []
    assert not (tmp_path / "syntheses").exists()


def test_the_key_is_in_no_file(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGEKIT_TEACHER_TOKEN", "very-secret")
    ask(server, tmp_path)
    assert set(server.keys) == {"Bearer very-secret"}
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files and not any(b"very-secret" in path.read_bytes() for path in files)


def test_judgments_of_another_teacher_are_replaced_on_request_alone(server: Server, tmp_path: Path) -> None:
    ask(server, tmp_path)
    with pytest.raises(WorkspaceError, match="model: m, and now n"):
        ask(server, tmp_path, teacher_model="n")
    assert ask(server, tmp_path, teacher_model="n", force=True).answered == 16


def test_a_local_model_goes_on_to_the_same_judgments(llama: Path, tmp_path: Path) -> None:
    def local(items: int, **changes: Any) -> Any:
        given: dict[str, Any] = {"teacher": str(llama), "samples": 2, "answer_length": 16, "items": items}
        return synthesize("votes", workspace=tmp_path, offline=True, **given | changes)

    whole = local(4)
    assert (whole.answered, whole.judgments["no verdict"]) == (8, 8)
    lines = sorted(whole.file.read_bytes().splitlines())
    local(2, force=True)
    again = local(4)
    assert again.calls == 4
    assert sorted(again.file.read_bytes().splitlines()) == lines


def test_a_prompt_too_long_for_a_local_model_loses_its_middle(llama: Path, tmp_path: Path) -> None:
    limit = json.loads((llama / "config.json").read_text(encoding="utf-8"))["max_position_embeddings"]
    given: dict[str, Any] = {"teacher": str(llama), "samples": 1, "items": 1, "workspace": tmp_path, "offline": True}
    found = synthesize("votes", answer_length=limit - 100, force=True, **given)
    assert (found.answered, found.prompt_tokens) == (1, 100)
    found = synthesize("votes", answer_length=limit, force=True, **given)
    assert (found.answered, found.file, len(found.failures)) == (0, None, 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"teacher": None}, "--teacher is not given"),
        ({"teacher_model": None}, "--teacher-model is not given"),
        ({"teacher": "folder"}, "--teacher-model is of an endpoint"),
        ({"languages": ("tlh",)}, "asked in en, de, fr, es"),
        ({"teacher": "https://api.example.com/v1"}, "--offline forbids"),
    ],
)
def test_what_cannot_be_asked_is_said_before(server: Server, tmp_path: Path, changes: Any, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        ask(server, tmp_path, **changes)
    assert server.seen == []
