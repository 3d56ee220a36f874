"""A chat model behind an OpenAI-compatible endpoint, which may be slow, busy, wrong or gone.

What arrives is handed on at once by the thread that got it, so that an interruption or an error elsewhere loses no
answer that was paid for. The key comes from the environment, and goes to the host that the user named alone.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol, TypeVar

from judgekit.endpoints.calls import Caller, MayPass, Refused, trying
from judgekit.errors import SettingsError

FAILURES_IN_A_ROW = 8
"""Questions that may fail one after the other, each at its last attempt, before the others are given up."""
CHARACTERS_PER_TOKEN = 4
"""Of English text, roughly: what a model's own tokenizer makes of it is not known before it is asked."""


class Question(Protocol):
    """What is asked."""

    @property
    def prompt(self) -> str:
        """The message of the user."""
        ...

    @property
    def seed(self) -> int:
        """Of the draws, where the endpoint takes one."""
        ...


Asked = TypeVar("Asked", bound=Question)


class Answer(NamedTuple):
    """What a model wrote."""

    text: str
    prompt_tokens: int | None = None
    """That the prompt had; None where the endpoint does not say."""
    answer_tokens: int | None = None


class Chat(NamedTuple):
    """Which model is asked where, and how patiently."""

    url: str
    """Up to and without `/chat/completions`."""
    model: str
    temperature: float
    answer_length: int
    key_variable: str
    """The environment variable that may hold a key."""
    options: str
    """Of the command line, which may be wrong where the endpoint refuses what it is asked."""
    extra: str
    """Of judgekit that brings what it takes."""
    timeout_seconds: float = 120.0
    attempts: int = 6
    concurrency: int = 4
    longest_wait: float = 30.0
    """Seconds between two attempts where the endpoint names none."""

    def ask(self, questions: Sequence[Asked], on_answer: Callable[[Asked, Answer], None]) -> list[str]:
        """Ask every question; `on_answer` gets each answer in the thread in which it arrives.

        Returns:
            Why the questions that got no answer got none, one sentence each.

        Raises:
            SettingsError: the endpoint refuses what is asked, as for want of a key.
        """
        ended, lock = threading.Event(), threading.Lock()
        failures: list[str] = []
        in_a_row = 0

        def work(question: Asked) -> None:
            nonlocal in_a_row
            if ended.is_set():
                return
            try:
                answer = self._answer(question, ended)
            except MayPass as error:
                with lock:
                    failures.append(f"{self.url}: {error}")
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

        pool = ThreadPoolExecutor(self.concurrency)
        try:
            for done in [pool.submit(work, one) for one in questions]:
                done.result()
        finally:
            ended.set()
            pool.shutdown(wait=True, cancel_futures=True)  # what is on its way is paid for: wait for it
        return failures

    def body(self, question: Question) -> bytes:
        """What is sent."""
        asked = {
            "model": self.model,
            "messages": [{"role": "user", "content": question.prompt}],
            "temperature": self.temperature,
            "max_tokens": self.answer_length,
            "seed": question.seed,
        }
        return json.dumps(asked).encode()

    def _answer(self, question: Question, ended: threading.Event) -> Answer:
        content = self.body(question)
        caller = Caller(self.url.rstrip("/"), self.key_variable, self.timeout_seconds)
        again = trying(self.attempts, longest_wait=self.longest_wait, ended=ended, extra=self.extra)
        try:
            return again(lambda: _read_answer(caller.call("/chat/completions", content)))
        except Refused as error:
            raise SettingsError(f"{self.url} refuses what it is asked: {error}", hint=self._hint(error.code)) from error

    def _hint(self, code: int) -> str:
        if code == 401:
            return f"Give its key in the environment: {self.key_variable}=…"
        if code == 403:
            return f"Check the key in ${self.key_variable}."
        return f"Check {self.options}" + (" (an address ends with /v1 as a rule)." if code == 404 else ".")


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
