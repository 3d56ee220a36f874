"""Calls to an HTTP endpoint that answers JSON: what may pass is told from what is refused, and tried again.

Knows nothing of what is asked. A key goes to the given host alone, never over an open line, and stands in no message.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from judgekit.errors import SettingsError

if TYPE_CHECKING:
    from tenacity import Retrying

FIRST_WAIT, LONGEST_WAIT, LONGEST_ASKED = 0.5, 60.0, 120.0
"""Seconds between attempts, which double up to the longest; an endpoint may ask for other ones, up to the last."""
MOST_BYTES = 10_000_000
"""Of an answer."""
_MAY_PASS = {408, 409, 425, 429}


class MayPass(Exception):
    """A failure that may be gone at the next attempt.

    Args:
        words: what happened.
        after: seconds that the endpoint asks to wait; None where it does not say.
    """

    def __init__(self, words: str, after: float | None = None) -> None:
        super().__init__(words)
        self.after = after


class Refused(Exception):
    """What is asked is refused, as it would be at the next attempt.

    Args:
        code: the status.
        reason: its name.
        words: what the endpoint says of it.
    """

    def __init__(self, code: int, reason: str, words: str) -> None:
        super().__init__(f"{code} {reason}. {words}".strip())
        self.code, self.words = code, words


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would take key and texts to another host."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def is_loopback(address: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_address(address: str, key_variable: str, *, offline: bool, example: str) -> None:
    """Refuse an address that may not or cannot be asked, before anything is sent.

    Args:
        address: of the endpoint.
        key_variable: the environment variable that may hold a key.
        offline: whether only this machine may be asked.
        example: how an address is given.

    Raises:
        SettingsError: it is none, it is on the network and that may not be used, or a key would travel openly.
    """
    try:
        parts = urlsplit(address)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address, parts = False, urlsplit("")
    if not is_address or parts.username or parts.query or parts.fragment:
        raise SettingsError(f"{address!r} is no address of an endpoint.", hint=f"As in {example}")
    if is_loopback(address):
        return
    if offline:
        raise SettingsError(
            f"{parts.hostname} is on the network, which --offline forbids.",
            hint="Omit --offline, or ask a server on 127.0.0.1.",
        )
    if parts.scheme == "http" and os.environ.get(key_variable):
        raise SettingsError(
            f"The key in {key_variable} would go to {parts.hostname} unencrypted and could be read on its way.",
            hint=f"Use https://{parts.hostname}, or unset {key_variable}.",
        )


@dataclass(frozen=True)
class Caller:
    """Where is asked."""

    base: str
    """Address without the path of the format and without a slash at its end."""
    key_variable: str
    """The environment variable that may hold a key."""
    seconds: float
    """After which a call is given up."""

    def call(self, path: str, body: bytes | None) -> Any:
        """The JSON that an endpoint answers to one call.

        Args:
            path: below the base.
            body: JSON of a POST; None makes a GET.

        Raises:
            MayPass: there is no answer, or none that can be read.
            Refused: it refuses what is asked.
        """
        headers = {"Accept": "application/json", "User-Agent": "judgekit"}
        if key := os.environ.get(self.key_variable):
            headers["Authorization"] = f"Bearer {key}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self.base + path, body, headers)
        # A proxy of the environment leads to the network, not to this machine.
        proxies = [urllib.request.ProxyHandler({})] if is_loopback(self.base) else []
        try:
            with urllib.request.build_opener(_NoRedirects, *proxies).open(request, timeout=self.seconds) as response:
                found = response.read(MOST_BYTES + 1)
        except urllib.error.HTTPError as error:
            raise _of_status(error) from error
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            is_slow = isinstance(error, TimeoutError) or isinstance(reason, TimeoutError)
            words = f"no answer in {self.seconds:g} seconds" if is_slow else _plain(str(reason)) or "no answer"
            raise MayPass(words) from error
        if len(found) > MOST_BYTES:
            raise MayPass(f"an answer of more than {MOST_BYTES:,} bytes")
        try:
            return json.loads(found)
        except (ValueError, RecursionError) as error:
            raise MayPass(f"an answer that is no JSON: {_plain(found[:80].decode('utf-8', 'replace'))}") from error


def trying(
    attempts: int, *, longest_wait: float | None = None, ended: threading.Event | None = None, extra: str
) -> Retrying:
    """What tries a call again while it may pass; at the last attempt `MayPass` is raised.

    Args:
        attempts: in all.
        longest_wait: seconds between two where the endpoint names none; None for `LONGEST_WAIT`.
        ended: no further attempt is made once it is set.
        extra: of judgekit that brings tenacity.

    Raises:
        SettingsError: tenacity is not installed.
    """
    try:
        from tenacity import (
            Retrying,
            retry_if_exception_type,
            sleep_using_event,
            stop_after_attempt,
            stop_when_event_set,
            wait_random_exponential,
        )
    except ImportError as error:
        raise SettingsError(
            "Asking an endpoint needs tenacity.", hint=f"pip install 'annotation-judgekit[{extra}]'"
        ) from error
    longest = LONGEST_WAIT if longest_wait is None else longest_wait
    backing_off = wait_random_exponential(multiplier=min(FIRST_WAIT, longest), max=longest)
    event = ended or threading.Event()

    def wait(state: Any) -> float:
        after = getattr(state.outcome.exception(), "after", None)
        return backing_off(state) if after is None else min(LONGEST_ASKED, after)

    return Retrying(
        retry=retry_if_exception_type(MayPass),
        stop=stop_after_attempt(attempts) | stop_when_event_set(event),
        wait=wait,
        sleep=sleep_using_event(event),
        reraise=True,
    )


def _of_status(error: urllib.error.HTTPError) -> Exception:
    try:
        words = _plain(error.read(2000).decode("utf-8", "replace"))
    except (OSError, http.client.HTTPException):
        words = ""
    if error.code in _MAY_PASS or error.code >= 500:
        return MayPass(f"HTTP {error.code} {words}".strip(), _seconds(error.headers.get("Retry-After")))
    return Refused(error.code, str(error.reason), words)


def _seconds(cell: str | None) -> float | None:
    """The header `Retry-After`, where it gives seconds."""
    try:
        return max(0.0, float(cell or ""))
    except ValueError:
        return None


def _plain(text: str) -> str:
    """The beginning of a text from elsewhere, on one line and without what steers a terminal."""
    shown = "".join(one if one.isprintable() else " " for one in text)
    return " ".join(shown.split())[:200]
