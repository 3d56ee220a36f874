"""A chat model behind an endpoint as a judge: it writes probabilities, which annotations calibrate.

What is kept in the workspace names no address: such a judge is asked only by a command that names it again. Every
answer stands in a file there by the hash of what was asked and whom, so that nothing is asked, or paid, twice.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from judgekit.config import AskSettings, ChatSettings
from judgekit.endpoints.calls import check_address
from judgekit.endpoints.chat import CHARACTERS_PER_TOKEN, Answer, Chat
from judgekit.errors import DataError, SettingsError, WorkspaceError
from judgekit.judge.judge_files import check_files
from judgekit.judge.loading import LoadedJudge, Predictions, log_shares
from judgekit.judge.manifest import TEMPLATE_FILE, JudgeManifest
from judgekit.models.reader import Batch, Reading
from judgekit.prompts.answers import AnswerForm
from judgekit.prompts.template import PromptTemplate
from judgekit.prompts.verbalized import read_probabilities
from judgekit.training.batches import EncodedItems, TokenizedPrompts
from judgekit.training.reporter import Reporter
from judgekit.wording import counted
from judgekit.workspace.atomic import append_line
from judgekit.workspace.store import Entry

KEY_VARIABLE = "JUDGEKIT_JUDGE_TOKEN"
NO_LIMIT = 10_000_000
"""Tokens of a prompt: how many the model reads is not known here."""


class Asking(NamedTuple):
    """One question to a chat model."""

    prompt: str
    seed: int = 0


@dataclass(frozen=True)
class ChatModel:
    """A chat model behind an endpoint, and the answers of it that are kept."""

    chat: Chat
    settings: ChatSettings
    folder: Path
    """Where answers are kept."""
    known: dict[str, str] = field(default_factory=dict)
    """Answers by the hash of what was asked."""

    @classmethod
    def at(cls, address: str, settings: ChatSettings, folder: Path, length: int, *, offline: bool) -> ChatModel:
        """The model at an address, with the answers that are kept of it.

        Raises:
            SettingsError: the address may not or cannot be asked, or no model is named.
        """
        check_address(address, KEY_VARIABLE, offline=offline, example="--judge-model http://localhost:8000/v1")
        if settings.endpoint_model is None:
            raise SettingsError(
                "--endpoint-model is not given: name the model that the endpoint is to ask.",
                hint=f"As in --judge-model {address} --endpoint-model NAME",
            )
        chat = Chat(
            address.rstrip("/"), settings.endpoint_model, 0.0, length, KEY_VARIABLE,
            "--judge-model and --endpoint-model", "endpoints", settings.timeout_seconds, settings.attempts,
            settings.concurrency,
        )  # fmt: skip
        made = cls(chat, settings, folder)
        made.known.update(made._kept())
        return made

    @property
    def sha256(self) -> str:
        """What identifies it: of its address and name."""
        return hashlib.sha256(f"{self.chat.url}\n{self.chat.model}".encode()).hexdigest()

    def answers(self, prompts: Sequence[str]) -> list[str]:
        """The kept answers to some prompts, which `ask` has asked for."""
        return [self.known[self._key(prompt)] for prompt in prompts]

    def ask(self, prompts: Sequence[str], reporter: Reporter) -> None:
        """Ask for the answers that are not there, once it is said how many these are and what they cost.

        Raises:
            SettingsError: there are more than are allowed, or the endpoint refuses what it is asked.
            DataError: some got no answer; the others are kept.
        """
        keys = dict.fromkeys(map(self._key, prompts))
        todo = {key: Asking(one) for key, one in zip(map(self._key, prompts), prompts, strict=True)}
        todo = {key: one for key, one in todo.items() if key not in self.known}
        self._announce([*todo.values()], len(keys) - len(todo), reporter)
        if not todo:
            return
        lock, done = threading.Lock(), 0

        def arrived(question: Asking, answer: Answer) -> None:
            nonlocal done
            with lock:
                self._keep(self._key(question.prompt), answer)
                done += 1
                reporter.items(done, len(todo))

        failures = self.chat.ask([*todo.values()], arrived)
        if open_ones := [key for key in todo if key not in self.known]:
            raise DataError(
                f"{self.chat.url} has answered {len(todo) - len(open_ones):,} of {counted(len(todo), 'question')}:",
                problems=sorted(set(failures)),
                hint="The answers are kept; the same command asks for the others.",
            )

    def _announce(self, todo: Sequence[Asking], kept: int, reporter: Reporter) -> None:
        tokens = sum(len(one.prompt) for one in todo) // CHARACTERS_PER_TOKEN
        most, calls = len(todo) * self.chat.answer_length, counted(len(todo), "call")
        cost = (tokens * self.settings.price_in + most * self.settings.price_out) / 1e6
        before = f"; {counted(kept, 'answer is', 'answers are')} kept from before" if kept else ""
        size = f", with about {tokens:,} tokens of prompts and at most {most:,} of answers" if todo else ""
        price = f" They cost at most {cost:,.2f}." if cost else ""
        reporter.note(f"The model {self.chat.model!r} at {self.chat.url} gets {calls}{size}{before}.{price}")
        if len(todo) > self.settings.most_calls:
            raise SettingsError(
                f"{len(todo):,} calls are more than the {self.settings.most_calls:,} that are allowed; none was made.",
                hint=f"Allow them: --most-calls {len(todo)}",
            )

    def _key(self, prompt: str) -> str:
        return hashlib.sha256(self.chat.url.encode() + b"\n" + self.chat.body(Asking(prompt))).hexdigest()

    @property
    def _path(self) -> Path:
        return self.folder / f"chat-{self.sha256[:12]}.jsonl"

    def _kept(self) -> dict[str, str]:
        """What is on the disk; a line that was cut off, or damaged, is asked for again."""
        found: dict[str, str] = {}
        lines = self._path.read_text(encoding="utf-8", errors="replace").split("\n") if self._path.is_file() else []
        for line in lines:
            try:
                one = json.loads(line)
                key, text = one["asked"], one["text"]
            except (ValueError, RecursionError, LookupError, TypeError):
                continue
            if isinstance(key, str) and isinstance(text, str):
                found[key] = text
        return found

    def _keep(self, key: str, answer: Answer) -> None:
        """Add an answer, flushed to the disk: it may have cost money."""
        text = answer.text.encode("utf-8", errors="replace").decode()  # a lone surrogate has no bytes of its own
        append_line(self._path, json.dumps({"asked": key, **answer._asdict(), "text": text}))
        self.known[key] = text


class _NoTokens:
    """In place of a tokenizer: texts go to the endpoint as they are."""

    added_tokens_decoder: Mapping[int, Any] = {}
    pad_token_id = 0


class WholePrompts(TokenizedPrompts):
    """Prompts that are not made tokens of: each is encoded as its own number.

    Args:
        template: of the judge.
        labels: the ordered label set.
        answer: what is asked for.
    """

    def __init__(self, template: PromptTemplate, labels: Sequence[str], answer: AnswerForm) -> None:
        super().__init__(
            template, labels, _NoTokens(), for_encoder=False, max_length=NO_LIMIT, closing=answer.instruction
        )
        self.rendered: list[str] = []

    def encode(self, items: Sequence[Mapping[str, str]]) -> EncodedItems:
        """Their numbers, by which `rendered` has the prompts."""
        first = len(self.rendered)
        self.rendered += self.texts(items)
        ids = [np.array([number], dtype=np.int64) for number in range(first, len(self.rendered))]
        return EncodedItems(ids, None, np.zeros(len(ids), dtype=np.bool_), 0)


class AnswersReader:
    """Reads the kept answers to prompts, which are given by their numbers.

    Args:
        model: whose answers.
        prompts: with the prompts.
        answer: what was asked for.
        log_prior: log of the label shares, `[K]`, which an answer that cannot be read is taken for.
    """

    pad_left = True

    def __init__(
        self, model: ChatModel, prompts: WholePrompts, answer: AnswerForm, log_prior: NDArray[np.float64]
    ) -> None:
        self.device = torch.device("cpu")
        self.model, self._prompts, self._answer = model, prompts, answer
        self._otherwise = np.exp(log_prior)

    def read(self, batch: Batch) -> Reading:
        """Log-probabilities as label logits, whether they were read from the answers, and the answers."""
        texts = self.model.answers([self._prompts.rendered[number] for number in batch.input_ids[:, -1].tolist()])
        found = [read_probabilities(self._answer, text) for text in texts]
        said = np.array([self._otherwise if one is None else one for one in found])
        least = 0.5 * 10**-self._answer.decimals  # less than that is rounded to 0
        logits = torch.from_numpy(said).clamp_min(least).log().log_softmax(-1).float()
        return Reading(logits, None, torch.tensor([one is not None for one in found]), tuple((text,) for text in texts))


class AskedJudge(LoadedJudge):
    """A judge in memory whose answers come from an endpoint: all that are missing are asked for at once."""

    def predict(
        self, items: Sequence[Mapping[str, str]], ids: Sequence[str], settings: AskSettings, reporter: Reporter
    ) -> Predictions:
        """As of every judge.

        Raises:
            SettingsError: there would be too many calls, or the endpoint refuses what it is asked.
            DataError: it left questions without an answer.
        """
        if self.calibration.temperature is not None:  # else the label shares are better than what it says
            assert isinstance(self.reader, AnswersReader)
            self.reader.model.ask(self.prompts.texts(items), reporter)
        return super().predict(items, ids, settings, reporter)


def asked_judge(entry: Entry[JudgeManifest], model: ChatModel) -> LoadedJudge:
    """A judge that was made of a chat model, asked at the address that the user names.

    Raises:
        WorkspaceError: it is damaged, or was made of another model.
    """
    check_files(entry)
    manifest, answer = entry.manifest, entry.manifest.answer
    if answer is None or manifest.backbone.sha256 != model.sha256:
        raise WorkspaceError(f"The judge {entry.name!r} was not made of {model.chat.model!r} at {model.chat.url}.")
    prompts = WholePrompts(PromptTemplate.from_file(entry.path / TEMPLATE_FILE), manifest.labels, answer)
    prior = log_shares(manifest)
    return AskedJudge(AnswersReader(model, prompts, answer, prior), prompts, manifest.calibration, prior)
