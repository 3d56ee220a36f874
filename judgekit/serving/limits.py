"""What is checked of a request before anything reads it: the token, its size, and how long it takes to arrive."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
OPEN_TO_ALL = ("/health",)


class Limits:
    """An ASGI application around another one.

    Args:
        app: the other one.
        token: what `Authorization: Bearer` must hold; None asks for nothing.
        most_bytes: of a request's body.
        seconds: within which the body must be there.
        hosts: names that a request may call this server by; empty allows any. A page of another site that leads its own
            name here is refused.
    """

    def __init__(self, app: App, *, token: str | None, most_bytes: int, seconds: float, hosts: tuple[str, ...]) -> None:
        self._app, self._token, self._most = app, token, most_bytes
        self._seconds, self._hosts = seconds, hosts

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on with its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        host = headers.get(b"host", b"").decode("latin-1").rsplit(":", 1)[0].strip("[]")
        if self._hosts and host not in self._hosts:
            await _refuse(send, 400, f"This server is not called {host!r}.")
        elif not self._may(scope["path"], headers.get(b"authorization", b"")):
            await _refuse(send, 401, "A valid token is needed: Authorization: Bearer TOKEN.")
        elif (length := headers.get(b"content-length", b"0")).isdigit() and int(length) > self._most:
            await _refuse(send, 413, f"The body is larger than {self._most:,} bytes.")
        else:
            try:
                body = await asyncio.wait_for(self._body(receive), self._seconds)
            except TimeoutError:
                await _refuse(send, 408, f"The body was not there within {self._seconds:g} seconds.")
                return
            if body is None:
                await _refuse(send, 413, f"The body is larger than {self._most:,} bytes.")
                return
            if _holds_half_characters(body):
                await _refuse(send, 422, "The body holds half of a character (\\ud83d alone, say), which is no text.")
                return
            await self._app(scope, _given(body, receive), send)

    def _may(self, path: str, given: bytes) -> bool:
        if self._token is None or path in OPEN_TO_ALL:
            return True
        return hmac.compare_digest(given, f"Bearer {self._token}".encode())

    async def _body(self, receive: Receive) -> bytes | None:
        """The whole body; None where it is too large."""
        parts, size = [], 0
        while True:
            message = await receive()
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._most:
                return None
            if message["type"] == "http.disconnect" or not message.get("more_body", False):
                return b"".join(parts)


def _holds_half_characters(body: bytes) -> bool:
    """Whether a text of a JSON body cannot be encoded, neither for a tokenizer nor in an answer.

    Without this, such a text would also fail the requests of others that are computed with it.
    """
    if b"\\ud" not in body.lower():  # else every text is whole, as UTF-8 holds no half characters
        return False
    try:
        json.dumps(json.loads(body), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    except (ValueError, RecursionError):  # no JSON: whoever parses it says so
        return False
    return False


def _given(body: bytes, receive: Receive) -> Receive:
    is_read = False

    async def give() -> Message:
        nonlocal is_read
        if is_read:
            return await receive()
        is_read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return give


async def _refuse(send: Send, status: int, sentence: str) -> None:
    body = json.dumps({"detail": sentence}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
