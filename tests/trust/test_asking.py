"""Asking endpoints that fail in every way that is known, and what is kept of their answers."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from judgekit.config import EndpointSettings
from judgekit.endpoints import calls
from judgekit.errors import DataError, SettingsError
from judgekit.training.reporter import SILENT
from judgekit.trust.asking import KEY_VARIABLE, Asked, Question, ask_endpoint

pytest.importorskip("tenacity", reason="the extra `endpoints` is not installed")

LABELS = ("bad", "fair", "good")
QUESTION = Question("votes", LABELS, ("text",))
ITEMS = [{"text": f"tea number {n}", "other": "not asked for"} for n in range(20)]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(calls, "LONGEST_WAIT", 0.01)
    monkeypatch.setattr(calls, "LONGEST_ASKED", 0.01)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # a proxy of the environment is not asked for this machine


class Faulty:
    """A server whose answers are said beforehand; the last one is said again and again."""

    def __init__(self, *answers: Callable[[Any], tuple[int, Any]] | tuple[int, Any]) -> None:
        self.answers, self.asked = list(answers), list[Any]()
        self.keys = list[str | None]()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.reply(200, {"models": [{"name": "other"}]})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append(body)
                outer.keys.append(self.headers["Authorization"])
                one = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                self.reply(*(one(body) if callable(one) else one))

            def reply(self, status: int, body: Any) -> None:
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                if status == 429:
                    self.send_header("Retry-After", "7200")
                if status == 307:
                    self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> Faulty:
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def good(body: Any) -> tuple[int, Any]:
    (name,) = body["questions"]
    return 200, {"answers": {name: {"type": "choice", "probabilities": {"bad": 0.0, "fair": 0.4, "good": 0.6}}}}


def saying(probabilities: Any) -> tuple[int, Any]:
    return 200, {"answers": {"votes": {"probabilities": probabilities}}}


def slow(body: Any) -> tuple[int, Any]:
    time.sleep(0.4)
    return good(body)


def ask(server: Faulty, folder: Path, **more: Any) -> Asked:
    return ask_endpoint(server.address, QUESTION, ITEMS, EndpointSettings(**more), folder, SILENT, offline=True)


def test_what_is_asked_is_the_judges_question_of_each_item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "k-123")
    with Faulty(good) as server:
        found = ask(server, tmp_path, instructions="How good is the stay?")
    assert (found.model, found.calls, found.q.shape) == ("other", 20, (20, 3))
    assert set(server.keys) == {"Bearer k-123"}
    question = {"type": "choice", "instructions": "How good is the stay?", "criteria": dict.fromkeys(LABELS)}
    assert all(body["questions"] == {"votes": question} and body["model"] == "other" for body in server.asked)
    assert {frozenset(body["state"]) for body in server.asked} == {frozenset({"text"})}
    np.testing.assert_allclose(found.q[0], np.array([0.001, 0.4, 0.6]) / 1.001)  # a zero counts as a thousandth
    kept = "".join(path.read_text() for path in tmp_path.iterdir())
    assert "k-123" not in kept and server.asked[0]["state"]["text"] not in kept


@pytest.mark.parametrize(
    "fault",
    [
        (429, {"detail": "slower"}),
        (500, b"\x1b[31moops"),
        (200, b"<html>"),
        (200, []),
        saying({"bad": 1.0}),
        saying({"bad": "1", "fair": 0, "good": 0}),
        saying({"bad": 0.9, "fair": 0.9, "good": 0.9}),
        saying({"bad": float("nan"), "fair": 0.5, "good": 0.5}),
        (200, b"[" * 100_000),
        (200, b"x" * (2**20 + 1)),
    ],
)
def test_what_may_pass_is_tried_again(tmp_path: Path, fault: tuple[int, Any]) -> None:
    with Faulty(fault, fault, good) as server:
        assert ask(server, tmp_path).calls == 20
        assert len(server.asked) == 22


def test_a_slow_answer_is_given_up_and_asked_for_again(tmp_path: Path) -> None:
    with Faulty(slow, good) as server:
        assert ask(server, tmp_path, call_seconds=0.2).calls == 20
        assert len(server.asked) == 21


def test_a_server_that_stays_broken_ends_the_command_and_what_it_said_is_kept(tmp_path: Path) -> None:
    answers = [good] * 7
    with Faulty(*answers, (503, {"detail": "busy \x1b[2J"})) as server:
        with pytest.raises(DataError, match="has answered 7 of 20 questions") as raised:
            ask(server, tmp_path)
        assert "failed 5 times: HTTP 503" in raised.value.problems[0]
        assert "\x1b" not in str(raised.value)
        assert len(server.asked) <= 7 + 13 * 5
        server.answers = [good]
        server.asked.clear()
        assert ask(server, tmp_path).calls == len(server.asked) == 13
        (kept,) = tmp_path.iterdir()
        lines = kept.read_text().splitlines(keepends=True)
        kept.write_text("".join([*lines[:18], "{}\n", lines[19][:30]]))  # cut off by a crash
        assert ask(server, tmp_path).calls == 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((422, {"detail": "no such question"}), r"refuses what is asked \(HTTP 422\).*no such question"),
        ((401, b""), "asks for a key, which belongs in JUDGEKIT_SYSTEMONE_KEY"),
        ((307, b""), r"sends the call elsewhere \(HTTP 307\)"),
    ],
)
def test_what_will_not_pass_ends_it_at_once(tmp_path: Path, answer: tuple[int, Any], words: str) -> None:
    with Faulty(answer) as server:
        with pytest.raises(DataError, match=words):
            ask(server, tmp_path)
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    "address", ["ftp://x", "example.org", "http://", "http://user:word@x", "http://x:99999", "http://x?a"]
)
def test_what_is_no_address_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(SettingsError, match="is no address of an endpoint"):
        ask_endpoint(address, QUESTION, ITEMS, EndpointSettings(), tmp_path, SILENT, offline=False)


def test_the_network_is_not_used_offline_nor_a_key_sent_openly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(address: str, *, offline: bool) -> Asked:
        return ask_endpoint(address, QUESTION, ITEMS, EndpointSettings(), tmp_path, SILENT, offline=offline)

    with pytest.raises(SettingsError, match=r"example\.org is on the network, which --offline forbids"):
        asked("https://example.org", offline=True)
    monkeypatch.setenv(KEY_VARIABLE, "k-123")
    with pytest.raises(SettingsError, match=r"would go to example\.org unencrypted") as raised:
        asked("http://example.org", offline=False)
    assert "k-123" not in str(raised.value)


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"http://127\.0\.0\.1:9/v1/models failed 5 times"):
        ask_endpoint("http://127.0.0.1:9", QUESTION, ITEMS, EndpointSettings(), tmp_path, SILENT, offline=True)
