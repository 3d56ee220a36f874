"""An OpenAI-compatible server with faults, on this machine."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Fault = Callable[[Any], None]


def complete(handler: Any, text: str = "fine") -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 2}
    send(handler, json.dumps({"choices": [{"message": {"content": text}}], "usage": usage}).encode())


def send(handler: Any, body: bytes, status: int = 200, length: int | None = None, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


FAULTS: dict[str, Fault] = {
    "busy": lambda one: send(one, b"", 429, Retry_After="0.1"),
    "broken": lambda one: send(one, b"oops", 500),
    "garbage": lambda one: send(one, b"<html>"),
    "nothing": lambda one: send(one, b'{"choices": []}'),
    "no text": lambda one: send(one, b'{"choices": [{"message": {"content": null}}]}'),
    "half a stream": lambda one: send(one, b'{"choices": [{"mess', length=500),
    "silence": lambda one: time.sleep(0.8),
    "closed": lambda one: one.connection.close(),
}


class Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        self.fault: Callable[[int], Fault | None] = lambda number: None
        self.seen: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, *_: object) -> None:
        """A client that went away is part of the test."""


@contextmanager
def running() -> Generator[Server]:
    """A server that answers as long as the block runs."""
    with Server() as one:
        thread = threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield one
        finally:
            one.shutdown()
            thread.join()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            number = len(self.server.seen)
            self.server.seen.append(body)
            self.server.keys.append(self.headers.get("Authorization"))
        fault = self.server.fault(number)
        complete(self) if fault is None else fault(self)

    def log_message(self, *_: object) -> None:
        """Silence."""
