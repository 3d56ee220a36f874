"""An endpoint may time out, be busy, fail, talk nonsense or stop in the middle: no answer that arrived is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from faulty_endpoint import FAULTS, Fault, Server, complete, running, send

from judgekit.endpoints.calls import check_address
from judgekit.endpoints.chat import Answer, Chat
from judgekit.errors import SettingsError

TOKEN_VARIABLE = "JUDGEKIT_TEACHER_TOKEN"


class Question(NamedTuple):
    item: str
    prompt: str
    seed: int


QUESTIONS = [Question(f"i{n}", f"prompt {n}", n) for n in range(6)]


def check(url: str, *, offline: bool) -> None:
    check_address(url, TOKEN_VARIABLE, offline=offline, example="--teacher http://localhost:8000/v1")


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as one:
        yield one


def teacher(server: Server, **changes: Any) -> Chat:
    given = Chat(
        server.url, "m", 0.7, 32, TOKEN_VARIABLE, "--teacher", "generative", timeout_seconds=0.4, concurrency=2,
        longest_wait=0.02,
    )  # fmt: skip
    return given._replace(**changes)


@pytest.mark.parametrize("fault", FAULTS)
def test_what_fails_once_is_asked_again(server: Server, fault: str) -> None:
    server.fault = lambda number: FAULTS[fault] if number in (1, 2) else None
    found: dict[str, Answer] = {}
    assert teacher(server).ask(QUESTIONS, lambda question, answer: found.update({question.item: answer})) == []
    assert found == {one.item: Answer("fine", 5, 2) for one in QUESTIONS}
    assert len(server.seen) == len(QUESTIONS) + 2


def test_the_wait_is_as_long_as_the_endpoint_says(server: Server) -> None:
    server.fault = lambda number: (lambda one: send(one, b"", 429, Retry_After="0.3")) if number == 0 else None
    start = time.monotonic()
    teacher(server).ask(QUESTIONS[:1], lambda *_: None)
    assert time.monotonic() - start >= 0.3


def test_a_refusal_ends_it_and_keeps_what_arrived(server: Server) -> None:
    server.fault = lambda number: (lambda one: send(one, b"who are you", 401)) if number == 3 else None
    found: list[str] = []
    with pytest.raises(SettingsError, match=r"401 Unauthorized\. who are you"):
        teacher(server, concurrency=1).ask(QUESTIONS, lambda question, _: found.append(question.item))
    assert found == ["i0", "i1", "i2"]
    assert len(server.seen) == 4


def test_an_answer_on_its_way_is_waited_for_when_another_is_refused(server: Server) -> None:
    def fault(number: int) -> Fault | None:
        if number == 0:
            return lambda one: (time.sleep(0.25), complete(one))[1]
        return lambda one: send(one, b"", 403)

    server.fault = fault
    found: list[str] = []
    with pytest.raises(SettingsError, match="403"):
        teacher(server).ask(QUESTIONS, lambda question, _: found.append(question.item))
    assert len(found) == 1


def test_one_question_without_an_answer_leaves_the_others(server: Server) -> None:
    def fault(number: int) -> Fault | None:
        return FAULTS["broken"] if server.seen[number]["messages"][0]["content"] == "prompt 2" else None

    server.fault = fault
    found: list[str] = []
    failures = teacher(server, attempts=3).ask(QUESTIONS, lambda question, _: found.append(question.item))
    assert len(failures) == 1 and "500" in failures[0]
    assert sorted(found) == ["i0", "i1", "i3", "i4", "i5"]


def test_a_dead_endpoint_is_not_asked_for_ever(server: Server) -> None:
    server.fault = lambda number: FAULTS["broken"]
    many = [Question(f"i{n}", "p", n) for n in range(100)]
    failures = teacher(server, attempts=1).ask(many, lambda *_: None)
    assert len(failures) <= 10
    assert len(server.seen) <= 10


def test_the_key_is_sent_and_follows_no_redirect(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "secret")
    server.fault = lambda number: lambda one: send(one, b"", 302, Location=f"{server.url}/elsewhere")
    with pytest.raises(SettingsError, match="302"):
        teacher(server).ask(QUESTIONS[:1], lambda *_: None)
    assert server.keys == ["Bearer secret"]


def test_what_is_asked_is_what_was_set(server: Server) -> None:
    teacher(server).ask(QUESTIONS[:1], lambda *_: None)
    assert server.seen == [
        {"model": "m", "messages": [{"role": "user", "content": "prompt 0"}], "temperature": 0.7, "max_tokens": 32,
         "seed": 0}
    ]  # fmt: skip


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/v1", "http://localhost:8000/v1", "http://[::1]:8000/v1"])
def test_this_machine_may_be_asked_offline(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "secret")
    check(url, offline=True)


@pytest.mark.parametrize("url", ["https://api.example.com/v1", "http://localhost.example.com/v1", "http://10.0.0.1/v1"])
def test_another_machine_is_refused_offline(url: str) -> None:
    with pytest.raises(SettingsError, match="--offline forbids"):
        check(url, offline=True)


def test_a_key_is_not_sent_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    check("http://10.0.0.1/v1", offline=False)
    monkeypatch.setenv(TOKEN_VARIABLE, "secret")
    with pytest.raises(SettingsError, match="could be read on its way") as caught:
        check("http://10.0.0.1/v1", offline=False)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["ftp://x/v1", "http:///v1", "localhost:8000", "https://user:key@x/v1", "https://x?k=1"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="no address"):
        check(url, offline=False)
