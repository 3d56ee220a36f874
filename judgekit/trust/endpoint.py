"""Calls to an HTTP endpoint that answers JSON: what may pass is tried again, anything else ends with a sentence.

Knows nothing of what is asked. A key goes to the given host alone, never over an open line, and stands in no message.
"""

from __future__ import annotations

import http.client
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from judgekit.errors import DataError, SettingsError

ATTEMPTS = 5
FIRST_WAIT, MOST_WAIT = 0.5, 60.0
"""Seconds between attempts, which double; an endpoint may ask for longer ones, up to the most."""
MOST_BYTES = 2**20
"""Of an answer."""
_MAY_PASS = {408, 409, 425, 429}
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class MayPass(Exception):
    """A failure that may be gone at the next attempt.

    Args:
        words: what happened.
        after: seconds that the endpoint asks to wait; None where it does not say.
    """

    def __init__(self, words: str, after: float | None = None) -> None:
        super().__init__(words)
        self.after = after


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would take key and texts to another host."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@dataclass(frozen=True)
class Endpoint:
    """Where is asked, and how."""

    base: str
    """Address without the path of the format."""
    key_variable: str
    """The environment variable that may hold a key."""
    seconds: float
    """After which a call is given up."""

    @classmethod
    def at(cls, address: str, key_variable: str, seconds: float, *, offline: bool) -> Endpoint:
        """The endpoint at an address.

        Raises:
            SettingsError: it is none, it is on the network and that may not be used, or a key would travel openly.
        """
        try:
            parts = urlsplit(address)
            host = parts.hostname
            is_address = parts.scheme in ("http", "https") and bool(host) and parts.port != 0
        except ValueError:
            is_address, host, parts = False, None, urlsplit("")
        if not is_address or parts.username or parts.query or parts.fragment:
            raise SettingsError(
                f"{address!r} is no address of an endpoint.", hint="As in --against systemone:https://example.org"
            )
        is_here = host in _LOOPBACK
        if offline and not is_here:
            raise SettingsError(
                f"{host} is on the network, which --offline forbids.",
                hint="Omit --offline, or ask a server on 127.0.0.1.",
            )
        if os.environ.get(key_variable) and parts.scheme == "http" and not is_here:
            raise SettingsError(
                f"The key in {key_variable} would go to {host} unencrypted.", hint=f"Use https://{host}."
            )
        return cls(address.rstrip("/"), key_variable, seconds)

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine."""
        return urlsplit(self.base).hostname in _LOOPBACK

    def ask(self, path: str, body: Mapping[str, object] | None, check: Callable[[Any], Any]) -> Any:
        """What an endpoint answers, tried several times.

        Args:
            path: below the base.
            body: of a POST; None makes a GET.
            check: makes of the JSON what is returned, and raises `MayPass` where it is no answer.

        Raises:
            DataError: it refuses what is asked, or still fails after several attempts.
            SettingsError: the package for trying again is not installed.
        """
        try:
            from tenacity import Retrying, retry_if_exception_type, stop_after_attempt
        except ImportError as error:
            raise SettingsError(
                "Asking an endpoint needs tenacity.", hint="pip install 'annotation-judgekit[endpoints]'"
            ) from error
        trying = Retrying(
            retry=retry_if_exception_type(MayPass), stop=stop_after_attempt(ATTEMPTS), wait=_wait, reraise=True
        )
        try:
            return trying(lambda: check(self._call(path, body)))
        except MayPass as error:
            raise DataError(f"{self.base}{path} failed {ATTEMPTS} times: {error}.") from error

    def _call(self, path: str, body: Mapping[str, object] | None) -> Any:
        headers = {"Accept": "application/json", "User-Agent": "judgekit"}
        if key := os.environ.get(self.key_variable):
            headers["Authorization"] = f"Bearer {key}"
        content = None
        if body is not None:
            content, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = urllib.request.Request(self.base + path, content, headers)
        # A proxy of the environment leads to the network, not to this machine.
        proxies = [urllib.request.ProxyHandler({})] if self.is_here else []
        try:
            with urllib.request.build_opener(_NoRedirects, *proxies).open(request, timeout=self.seconds) as response:
                found = response.read(MOST_BYTES + 1)
        except urllib.error.HTTPError as error:
            raise self._refusal(error, path) from error
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            is_slow = isinstance(error, TimeoutError) or isinstance(reason, TimeoutError)
            raise MayPass(f"no answer in {self.seconds:g} seconds" if is_slow else _plain(str(reason))) from error
        if len(found) > MOST_BYTES:
            raise MayPass(f"an answer of more than {MOST_BYTES:,} bytes")
        try:
            return json.loads(found)
        except (ValueError, RecursionError) as error:
            raise MayPass(f"an answer that is no JSON: {_plain(found[:80].decode('utf-8', 'replace'))}") from error

    def _refusal(self, error: urllib.error.HTTPError, path: str) -> Exception:
        try:
            words = _plain(error.read(2000).decode("utf-8", "replace"))
        except (OSError, http.client.HTTPException):
            words = ""
        if error.code in _MAY_PASS or error.code >= 500:
            return MayPass(f"HTTP {error.code} {words}", _seconds(error.headers.get("Retry-After")))
        if error.code in (401, 403):
            there = "refuses the key in" if os.environ.get(self.key_variable) else "asks for a key, which belongs in"
            return DataError(f"{self.base} {there} {self.key_variable} (HTTP {error.code}).")
        if 300 <= error.code < 400:
            return DataError(f"{self.base}{path} sends the call elsewhere (HTTP {error.code}); give that address.")
        return DataError(f"{self.base}{path} refuses what is asked (HTTP {error.code}): {words}")


def _wait(state: Any) -> float:
    """Seconds before the next attempt."""
    from tenacity.wait import wait_random_exponential

    error = state.outcome.exception()
    if isinstance(error, MayPass) and error.after is not None:
        return min(MOST_WAIT, error.after)
    return wait_random_exponential(multiplier=FIRST_WAIT, max=MOST_WAIT)(state)


def _seconds(cell: str | None) -> float | None:
    """The header `Retry-After`, where it gives seconds."""
    return float(cell) if cell is not None and cell.strip().isdigit() else None


def _plain(text: str) -> str:
    """The beginning of a text from elsewhere, on one line and without what steers a terminal."""
    shown = "".join(one if one.isprintable() else " " for one in text)
    return " ".join(shown.split())[:200]
