"""`judgekit serve`: the same numbers as `score`, limits, the token, and a stop that loses nothing."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from made_up_votes import LABELS

from judgekit import score

pytest.importorskip("fastapi", reason="the extra `serve` is not installed")
pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")


class Server:
    """`judgekit serve` in a process of its own."""

    def __init__(self, place: Path, *options: str, **environment: str) -> None:
        command = [
            sys.executable,
            "-m",
            "judgekit",
            "serve",
            "--workspace",
            str(place),
            "--port",
            "0",
            "--device",
            "cpu",
        ]
        self.process = subprocess.Popen(
            [*command, *options], stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}
        )
        assert self.process.stderr is not None
        self.said = ""
        while " at http" not in self.said:
            line = self.process.stderr.readline()
            assert line, self.said
            self.said += line
        self.address = self.said.split(" at ")[1].split(";")[0]

    def ask(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = Request(self.address + path, data, {"Content-Type": "application/json", **headers})
        try:
            with urlopen(request, timeout=60) as answer:
                text = answer.read().decode()
                return answer.status, json.loads(text) if text.startswith("{") else text
        except HTTPError as error:
            return error.code, json.loads(error.read())

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@pytest.fixture(scope="module")
def server(finished: Path) -> Iterator[Server]:
    """One that serves the small judge `votes`, within narrow limits."""
    found = Server(finished, "--most-items", "50", "--most-bytes", "20000", "--slowest", "1")
    yield found
    found.process.kill()
    found.process.wait()


def test_predictions_are_those_of_score(server: Server, finished: Path) -> None:
    items = [{"text": "dirty tea"}, {"text": "clean bed and a kind host"}]
    status, found = server.ask("/predict", {"items": items})
    assert (status, found["judge"], found["labels"]) == (200, "votes", list(LABELS))
    wanted = score(items, workspace=finished, device="cpu")
    for one, other in zip(found["items"], wanted, strict=True):
        assert one["probabilities"] == pytest.approx(other.probabilities, abs=1e-5)
        assert one["label"] == other.label


def test_what_is_malformed_or_too_large_is_refused(server: Server) -> None:
    assert server.ask("/predict", b"{")[0] == 422
    assert server.ask("/predict", {"items": []})[0] == 422
    status, found = server.ask("/predict", {"items": [{"texte": "x"}]})
    assert (status, found["detail"]) == (422, "items.0 lacks text; the judge reads text.")
    assert server.ask("/predict", {"items": [{"text": " "}]})[0] == 422
    status, found = server.ask("/predict", {"items": [{"text": "x"}], "judge": "nobody"})
    assert (status, found["detail"]) == (422, "Say which judge: votes.")
    assert server.ask("/predict", {"items": [{"text": "x"}] * 51})[0] == 413
    assert server.ask("/predict", {"items": [{"text": "x" * 30_000}]})[0] == 413
    assert server.ask("/health", None, Host="elsewhere.example")[0] == 400


def test_half_a_character_is_refused_wherever_it_stands(server: Server) -> None:
    state = rb'{"state": "dirty \ud83d", "model": "votes", "questions": {"a": {"type": "choice"}}}'
    for path, body in (("/predict", rb'{"items": [{"text": "tea \uD83D"}]}'), ("/v1/systemone", state)):
        status, found = server.ask(path, body)
        assert status == 422
        assert "half of a character" in found["detail"]
    whole = rb'{"items": [{"text": "tea \ud83d\ude00"}]}'
    assert server.ask("/predict", whole)[0] == 200


def test_a_refusal_says_what_is_wrong_and_does_not_send_it_back(server: Server) -> None:
    status, found = server.ask("/predict", {"items": [{"text": ["secret"] * 1000}]})
    assert status == 422
    assert "secret" not in json.dumps(found)
    status, found = server.ask("/predict", {"items": [{"text": "tea"}]}, **{"Content-Type": "text/plain"})
    assert (status, found["detail"]) == (422, "Send JSON, with the header Content-Type: application/json.")


def test_a_request_that_does_not_arrive_is_given_up(server: Server) -> None:
    host, port = server.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        assert b"408" in line.recv(100)


def test_the_system_one_format_over_http(server: Server) -> None:
    status, found = server.ask("/v1/models")
    assert [one["name"] for one in found["models"]] == ["judgekit", "votes"]
    question = {"type": "choice", "criteria": dict.fromkeys(LABELS)}
    body = {"model": "votes", "state": "dirty tea", "questions": {"meal": question}}
    status, found = server.ask("/v1/systemone", body)
    assert (status, found["model"]) == (200, "votes")
    assert sum(found["answers"]["meal"]["probabilities"].values()) == pytest.approx(1)
    status, found = server.ask("/v1/systemone", {**body, "model": "judgekit"})
    assert status == 422
    assert "No judge was trained on the question 'meal'" in found["detail"] and "'votes'" in found["detail"]


def test_health_and_metrics_tell_what_was_done(server: Server) -> None:
    assert server.ask("/health")[1]["judges"] == ["votes"]
    text = server.ask("/metrics")[1]
    assert 'judgekit_requests_total{path="/predict",status="200"}' in text
    assert "judgekit_items_total" in text


def test_a_token_is_asked_for(finished: Path) -> None:
    server = Server(finished, JUDGEKIT_SERVE_TOKEN="secret")
    try:
        assert server.ask("/health")[0] == 200
        assert server.ask("/predict", {"items": [{"text": "x"}]})[0] == 401
        assert server.ask("/predict", {"items": [{"text": "x"}]}, Authorization="Bearer wrong")[0] == 401
        assert server.ask("/predict", {"items": [{"text": "x"}]}, Authorization="Bearer secret")[0] == 200
    finally:
        server.process.kill()
        server.process.wait()


def test_requests_that_have_arrived_are_answered_before_the_stop(finished: Path) -> None:
    server = Server(finished)
    body = {"items": [{"text": f"cold tea number {n}"} for n in range(200)]}
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(server.ask, "/predict", body) for _ in range(8)]
        time.sleep(0.3)
        code = server.stop()
    assert code == 0
    assert [one.result()[0] for one in waiting] == [200] * 8


def test_other_machines_need_a_token(judged: Path, run: Callable[..., Any]) -> None:
    refused = run("serve", "--host", "0.0.0.0")
    assert refused.code == 3
    assert "--host 0.0.0.0 lets other machines ask, and no token is set." in refused.err
