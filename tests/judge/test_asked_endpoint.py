"""A chat model behind an endpoint in place of a judge: asked once for each item, calibrated, and never by itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from faulty_endpoint import FAULTS, Fault, Server, complete, running, send
from made_up_votes import text_of, votes_rows, write_csv

from judgekit import Judge, evaluate, ingest, score
from judgekit.errors import BackboneError, DataError, SettingsError
from judgekit.training.reporter import Reporter

ITEMS = [{"text": text_of(101, 0)}, {"text": text_of(102, 2)}, {"text": "tea"}]


class Heard(Reporter):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture(scope="module")
def votes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("endpoint")
    ingest(write_csv(folder / "votes.csv", votes_rows(60)), workspace=folder / "ws")
    return folder / "ws"


@pytest.fixture
def workspace(votes: Path, tmp_path: Path) -> Path:
    return shutil.copytree(votes, tmp_path / "ws")


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as one:
        one.fault = lambda number: knowing(one, number)
        yield one


def knowing(server: Server, number: int) -> Fault:
    """Of a text that says how it is, probabilities; of `tea` none."""
    prompt = server.seen[number]["messages"][0]["content"]
    place = next((k for k, word in enumerate(("dirty", "Text: slow", "clean")) if word in prompt), None)
    shares = [0.8 if k == place else 0.1 for k in range(3)]
    tags = "".join(f"<prob_{one}>{p}</prob_{one}>" for one, p in zip(("bad", "fair", "good"), shares, strict=True))
    return lambda one: complete(one, "No idea." if place is None else f"Here you are: {tags}")


def asked(server: Server, workspace: Path, **more: Any) -> dict[str, Any]:
    return {"judge_model": server.url, "endpoint_model": "m", "workspace": workspace, "offline": True, **more}


def test_every_item_is_asked_once_and_the_answers_are_calibrated(server: Server, workspace: Path) -> None:
    scores = score(ITEMS, **asked(server, workspace))
    assert scores.judge == "votes-asked-m"
    assert scores.label[:2] == ("bad", "good")
    assert scores.is_parsed is not None and scores.is_parsed.tolist() == [True, True, False]
    assert scores.probabilities.sum(axis=1) == pytest.approx(1)
    calls = len(server.seen)
    again = score(ITEMS, **asked(server, workspace))
    assert len(server.seen) == calls
    assert again.probabilities.tolist() == scores.probabilities.tolist()
    found = evaluate(**asked(server, workspace), resamples=20)
    assert found.is_test and found.written is not None and found.written.parsed > 0.5


def test_no_file_names_the_endpoint_and_none_is_asked_unless_it_is_named(
    server: Server, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUDGEKIT_JUDGE_TOKEN", "very-secret")
    score(ITEMS, **asked(server, workspace))
    assert set(server.keys) == {"Bearer very-secret"}
    for path in filter(Path.is_file, workspace.rglob("*")):
        content = path.read_bytes()
        assert b"127.0.0.1" not in content and server.url.encode() not in content and b"very-secret" not in content
    calls = len(server.seen)
    with pytest.raises(BackboneError, match="whose address is kept nowhere") as caught:
        score(ITEMS, judge="votes-asked-m", workspace=workspace)
    assert "--judge-model ADDRESS --endpoint-model m" in str(caught.value.hint)
    assert len(server.seen) == calls
    assert Judge.load(workspace=workspace).name == "votes-asked-m"


def test_calls_and_cost_are_said_before_the_first(server: Server, workspace: Path) -> None:
    heard = Heard()
    with pytest.raises(SettingsError, match="more than the 0 that are allowed") as caught:
        score(ITEMS, **asked(server, workspace, most_calls=0, price_out=1.0), reporter=heard)
    assert server.seen == []
    assert str(caught.value.hint).startswith("Allow them: --most-calls 4")
    assert any("'m'" in note and "calls, with about" in note and "cost at most 0.0" in note for note in heard.notes)


def test_what_was_answered_before_a_failure_is_not_asked_again(server: Server, workspace: Path, tmp_path: Path) -> None:
    new = write_csv(tmp_path / "new.csv", [["text"], *([f"clean room {n}"] for n in range(6))])
    how = asked(server, workspace, concurrency=1, attempts=1)
    score(ITEMS, **how)
    before = len(server.seen)
    server.fault = lambda number: FAULTS["broken"] if number == before + 2 else knowing(server, number)
    with pytest.raises(DataError, match="has answered 5 of 6 questions"):
        score(new, **how)
    assert not (tmp_path / "new.scores.csv").exists()
    server.fault = lambda number: knowing(server, number)
    assert score(new, **how).items == 6
    assert len(server.seen) == before + 6 + 1


def test_a_refusal_ends_it(server: Server, workspace: Path) -> None:
    server.fault = lambda number: lambda one: send(one, b"who are you", 401)
    with pytest.raises(SettingsError, match="401") as caught:
        score(ITEMS, **asked(server, workspace))
    assert "JUDGEKIT_JUDGE_TOKEN" in str(caught.value.hint)


def test_another_address_is_another_model(server: Server, workspace: Path) -> None:
    score(ITEMS, **asked(server, workspace))
    with running() as other:
        other.fault = lambda number: knowing(other, number)
        score(ITEMS, **asked(other, workspace))
        assert len(other.seen) == len(server.seen)
