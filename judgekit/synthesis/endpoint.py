"""A teacher behind an OpenAI-compatible endpoint, which may be slow, busy, wrong or gone.

What arrives is handed on at once by the thread that got it, so that an interruption or an error elsewhere loses no
answer that was paid for. The key comes from the environment, and goes to the host that the user named alone.
"""

from __future__ import annotations

import ipaddress
import json
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from judgekit.errors import SettingsError
from judgekit.synthesis.questions import Question
from judgekit.synthesis.store import Answer

TOKEN_VARIABLE = "JUDGEKIT_TEACHER_TOKEN"
MOST_BYTES = 10_000_000
LONGEST_WAIT = 120.0
FAILURES_IN_A_ROW = 8
"""Questions that may fail one after the other, each at its last attempt, before the others are given up."""


class Endpoint(NamedTuple):
    """Where a teacher is, and how patiently it is asked."""

    url: str
    """Up to and without `/chat/completions`."""
    model: str
    temperature: float
    answer_length: int
    timeout_seconds: float = 120.0
    attempts: int = 6
    concurrency: int = 4
    longest_wait: float = 30.0
    """Seconds between two attempts where the endpoint names none."""


class _PassingError(Exception):
    """What may be gone at the next attempt."""

    def __init__(self, words: str, retry_after: float | None = None) -> None:
        super().__init__(words)
        self.retry_after = retry_after


class _Stay(HTTPRedirectHandler):
    """Follows no redirect: the key would go along."""

    def redirect_request(self, *arguments: Any, **options: Any) -> None:
        """None."""


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_address(url: str, *, offline: bool) -> None:
    """Refuse an address that may not or cannot be asked, before anything is sent.

    Raises:
        SettingsError: it is elsewhere and `offline` is true, names no host, or would show the key on the way.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise SettingsError(
            f"--teacher {url!r} is no address of an endpoint.", hint="Name it as http://localhost:8000/v1"
        )
    if offline and not is_loopback(url):
        raise SettingsError(
            f"--teacher {url} is on another machine, and --offline forbids the network.",
            hint="Omit --offline, or take a teacher on this machine.",
        )
    if parts.scheme == "http" and not is_loopback(url) and os.environ.get(TOKEN_VARIABLE):
        raise SettingsError(
            f"--teacher {url}: over http the key in ${TOKEN_VARIABLE} could be read on its way.",
            hint=f"Use https, or unset {TOKEN_VARIABLE}.",
        )


class EndpointTeacher:
    """Asks an endpoint, several questions at a time."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        # A proxy has no business between two programs of one machine.
        self._opener = build_opener(_Stay, *([ProxyHandler({})] if is_loopback(endpoint.url) else []))

    def ask(self, questions: Sequence[Question], on_answer: Callable[[Question, Answer], None]) -> list[str]:
        """Ask every question; `on_answer` gets each answer in the thread in which it arrives.

        Returns:
            Why the questions that got no answer got none, one sentence each.

        Raises:
            SettingsError: the endpoint refuses what is asked, as for want of a key.
        """
        ended, lock = threading.Event(), threading.Lock()
        failures: list[str] = []
        in_a_row = 0

        def work(question: Question) -> None:
            nonlocal in_a_row
            if ended.is_set():
                return
            try:
                answer = self._answer(question, ended)
            except _PassingError as error:
                with lock:
                    failures.append(str(error))
                    in_a_row += 1
                    if in_a_row >= FAILURES_IN_A_ROW:
                        ended.set()
                return
            except SettingsError:
                ended.set()
                raise
            on_answer(question, answer)
            with lock:
                in_a_row = 0

        pool = ThreadPoolExecutor(self.endpoint.concurrency)
        try:
            for done in [pool.submit(work, one) for one in questions]:
                done.result()
        finally:
            ended.set()
            pool.shutdown(wait=True, cancel_futures=True)  # what is on its way is paid for: wait for it
        return failures

    def _answer(self, question: Question, ended: threading.Event) -> Answer:
        from tenacity import (  # of the extra `generative`
            Retrying,
            retry_if_exception_type,
            sleep_using_event,
            stop_after_attempt,
            stop_when_event_set,
            wait_random_exponential,
        )

        backing_off = wait_random_exponential(multiplier=min(1.0, self.endpoint.longest_wait),
                                              max=self.endpoint.longest_wait)  # fmt: skip

        def wait(state: Any) -> float:
            asked = getattr(state.outcome.exception(), "retry_after", None)
            return backing_off(state) if asked is None else asked

        return Retrying(
            stop=stop_after_attempt(self.endpoint.attempts) | stop_when_event_set(ended),
            wait=wait,
            retry=retry_if_exception_type(_PassingError),
            sleep=sleep_using_event(ended),
            reraise=True,
        )(self._once, question)

    def _once(self, question: Question) -> Answer:
        endpoint, key = self.endpoint, os.environ.get(TOKEN_VARIABLE)
        body = {
            "model": endpoint.model,
            "messages": [{"role": "user", "content": question.prompt}],
            "temperature": endpoint.temperature,
            "max_tokens": endpoint.answer_length,
            "seed": question.seed,
        }
        headers = {"Content-Type": "application/json", "User-Agent": "judgekit"}
        request = Request(
            f"{endpoint.url.rstrip('/')}/chat/completions",
            json.dumps(body).encode(),
            headers | ({"Authorization": f"Bearer {key}"} if key else {}),
        )
        try:
            with self._opener.open(request, timeout=endpoint.timeout_seconds) as response:
                return _read_answer(response.read(MOST_BYTES))
        except HTTPError as error:
            raise _of_status(error, endpoint.url) from error
        except (URLError, HTTPException, OSError) as error:
            raise _PassingError(f"{endpoint.url}: {getattr(error, 'reason', '') or error or 'no answer'}") from error


def _of_status(error: HTTPError, url: str) -> Exception:
    if error.code in (408, 409, 425, 429) or error.code >= 500:
        return _PassingError(f"{url} answers {error.code} {error.reason}", _seconds(error.headers.get("Retry-After")))
    hints = {
        401: f"Give its key in the environment: {TOKEN_VARIABLE}=…",
        403: f"Check the key in ${TOKEN_VARIABLE}.",
        404: "Check --teacher (it ends with /v1 as a rule) and --teacher-model.",
    }
    try:
        said = error.read(500).decode("utf-8", errors="replace").strip()
    except (HTTPException, OSError):
        said = ""
    return SettingsError(
        f"{url} refuses what it is asked: {error.code} {error.reason}. {said}".strip(),
        hint=hints.get(error.code, "Check --teacher, --teacher-model and --answer-length."),
    )


def _seconds(value: str | None) -> float | None:
    """The seconds of `Retry-After`, within reason; None where it names none."""
    try:
        return min(LONGEST_WAIT, max(0.0, float(value or "")))
    except ValueError:
        return None


def _read_answer(content: bytes) -> Answer:
    """The text of a completion.

    Raises:
        _PassingError: it holds none.
    """
    try:
        found = json.loads(content)
        text = found["choices"][0]["message"]["content"]
        usage = found.get("usage") or {}
        tokens = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise _PassingError("the endpoint's answer is no chat completion") from error
    if not isinstance(text, str):
        raise _PassingError("the endpoint's answer has no text")
    return Answer(text, *(one if type(one) is int and one >= 0 else None for one in tokens))
