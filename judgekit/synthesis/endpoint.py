"""A teacher behind an OpenAI-compatible endpoint, which may be slow, busy, wrong or gone.

What arrives is handed on at once by the thread that got it, so that an interruption or an error elsewhere loses no
answer that was paid for. The key comes from the environment, and goes to the host that the user named alone.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from judgekit.endpoints import calls
from judgekit.endpoints.calls import Caller, MayPass, Refused, trying
from judgekit.errors import SettingsError
from judgekit.synthesis.questions import Question
from judgekit.synthesis.store import Answer

TOKEN_VARIABLE = "JUDGEKIT_TEACHER_TOKEN"
FAILURES_IN_A_ROW = 8
"""Questions that may fail one after the other, each at its last attempt, before the others are given up."""
_HINTS = {
    401: f"Give its key in the environment: {TOKEN_VARIABLE}=…",
    403: f"Check the key in ${TOKEN_VARIABLE}.",
    404: "Check --teacher (it ends with /v1 as a rule) and --teacher-model.",
}


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


def check_address(url: str, *, offline: bool) -> None:
    """Refuse an address that may not or cannot be asked, before anything is sent.

    Raises:
        SettingsError: it is elsewhere and `offline` is true, names no host, or would show the key on the way.
    """
    calls.check_address(url, TOKEN_VARIABLE, offline=offline, example="--teacher http://localhost:8000/v1")


class EndpointTeacher:
    """Asks an endpoint, several questions at a time."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._caller = Caller(endpoint.url.rstrip("/"), TOKEN_VARIABLE, endpoint.timeout_seconds)

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
            except MayPass as error:
                with lock:
                    failures.append(f"{self.endpoint.url}: {error}")
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
        endpoint = self.endpoint
        body = {
            "model": endpoint.model,
            "messages": [{"role": "user", "content": question.prompt}],
            "temperature": endpoint.temperature,
            "max_tokens": endpoint.answer_length,
            "seed": question.seed,
        }
        content = json.dumps(body).encode()
        again = trying(endpoint.attempts, longest_wait=endpoint.longest_wait, ended=ended, extra="generative")
        try:
            return again(lambda: _read_answer(self._caller.call("/chat/completions", content)))
        except Refused as error:
            raise SettingsError(
                f"{endpoint.url} refuses what it is asked: {error}",
                hint=_HINTS.get(error.code, "Check --teacher, --teacher-model and --answer-length."),
            ) from error


def _read_answer(found: Any) -> Answer:
    """The text of a completion.

    Raises:
        MayPass: it holds none.
    """
    try:
        text = found["choices"][0]["message"]["content"]
        usage = found.get("usage") or {}
        tokens = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    except (LookupError, TypeError, AttributeError) as error:
        raise MayPass("the answer is no chat completion") from error
    if not isinstance(text, str):
        raise MayPass("the answer has no text")
    return Answer(text, *(one if type(one) is int and one >= 0 else None for one in tokens))
