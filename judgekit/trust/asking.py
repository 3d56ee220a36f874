"""Asking an endpoint of the System One format a judge's question on the same items; every answer is kept.

Answers stand in the workspace, one JSON object a line, by the hash of what was asked: what was answered once is never
asked, or paid, again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np

from judgekit.config import EndpointSettings
from judgekit.core.distributions import FloatArray
from judgekit.endpoints.calls import MayPass
from judgekit.errors import DataError, SettingsError
from judgekit.training.reporter import Reporter
from judgekit.trust.endpoint import Endpoint
from judgekit.wording import counted, listed
from judgekit.workspace.atomic import append_line

PREFIX = "systemone:"
KEY_VARIABLE = "JUDGEKIT_SYSTEMONE_KEY"
PATH, MODELS_PATH = "/v1/systemone", "/v1/models"
OUR_MODEL = "judgekit"
INSTRUCTIONS = "How would people label this item? Give the share of people that would choose each label."
AT_ONCE = 8
GIVE_UP = 3
"""Failed calls after which no further one is made."""
SUM_OFF = 0.02
LEAST = 1e-3
"""Of a probability: an endpoint that says 0 would be infinitely wrong where a single person says otherwise."""


class Question(NamedTuple):
    """What a judge was trained to answer."""

    name: str
    labels: tuple[str, ...]
    fields: tuple[str, ...]


class Asked(NamedTuple):
    """What an endpoint says of items."""

    model: str
    q: FloatArray
    """`[N, K]`, in the order of the labels."""
    calls: int
    """Made for this; the other answers were kept from before."""


def ask_endpoint(
    address: str,
    question: Question,
    items: Sequence[Mapping[str, str]],
    settings: EndpointSettings,
    folder: Path,
    reporter: Reporter,
    *,
    offline: bool,
) -> Asked:
    """Ask an endpoint of every item, but of those that it answered before.

    Args:
        address: of the endpoint.
        question: of the judge.
        items: with the judge's fields.
        settings: how it is asked.
        folder: where answers are kept, which is made.
        reporter: is told how many calls there will be before the first, and of progress.
        offline: whether only this machine may be asked.

    Raises:
        SettingsError: the address is none that may be asked, or there would be too many calls.
        DataError: the endpoint refuses what is asked, or some calls failed; what was answered is kept.
    """
    endpoint = Endpoint.at(address.removesuffix(PATH), KEY_VARIABLE, settings.call_seconds, offline=offline)
    model = settings.model or _only_model(endpoint)
    bodies = [_body(model, question, item, settings.instructions or INSTRUCTIONS) for item in items]
    keys = [hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest() for body in bodies]
    store = _Store.of(folder, endpoint, model)
    found = {key: q for key, q in store.read(question) if key in set(keys)}
    todo = {key: body for key, body in zip(keys, bodies, strict=True) if key not in found}
    _announce(endpoint, model, len(todo), len(set(keys)) - len(todo), settings, reporter)
    problems: list[str] = []
    with closing(_answers(endpoint, todo, question)) as answers:
        for done, (key, said) in enumerate(answers, 1):
            if isinstance(said, str):
                problems.append(said)
                if len(problems) >= GIVE_UP:
                    break
            else:
                found[key] = said
                store.keep(key, said, question)
            reporter.items(done, len(todo))
    if problems:
        raise DataError(
            f"{endpoint.base} has answered {len(found):,} of {counted(len(set(keys)), 'question')}:",
            problems=problems,
            hint="The answers are kept; the same command asks for the others.",
        )
    return Asked(model, np.array([found[key] for key in keys]).reshape(len(keys), len(question.labels)), len(todo))


def _answers(
    endpoint: Endpoint, todo: Mapping[str, Mapping[str, object]], question: Question
) -> Generator[tuple[str, list[float] | str], None, None]:
    """What is said of each, as it arrives; the first is asked alone, as it tells whether anything is answered."""
    keys = list(todo)
    for key in keys[:1]:
        yield key, _answer(endpoint, todo[key], question)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        waiting = {threads.submit(_answer, endpoint, todo[key], question): key for key in keys[1:]}
        try:
            for one in as_completed(waiting):
                yield waiting[one], one.result()
        finally:
            threads.shutdown(wait=False, cancel_futures=True)


def _announce(
    endpoint: Endpoint, model: str, calls: int, kept: int, settings: EndpointSettings, reporter: Reporter
) -> None:
    """Say what will be asked, where, and what it costs, before the first call."""
    cost = "" if settings.price is None else f" At {settings.price:g} each that costs {settings.price * calls:g}."
    before = f"; {counted(kept, 'answer is', 'answers are')} kept from before" if kept else ""
    reporter.note(f"The model {model!r} at {endpoint.base} gets {counted(calls, 'call')}{before}.{cost}")
    if calls > settings.most_calls:
        raise SettingsError(
            f"{calls:,} calls are more than the {settings.most_calls:,} that are allowed; none was made.",
            hint=f"Allow them: --most-calls {calls}",
        )


def _only_model(endpoint: Endpoint) -> str:
    def names(found: Any) -> list[str]:
        models = found.get("models") if isinstance(found, dict) else None
        described = [one for one in models if isinstance(one, dict)] if isinstance(models, list) else []
        known = [name for one in described if isinstance(name := one.get("name"), str)]
        if not known:
            raise MayPass("an answer that lists no models")
        return known

    known: list[str] = endpoint.ask(MODELS_PATH, None, names)
    if len(known) == 1 or OUR_MODEL in known:
        return OUR_MODEL if OUR_MODEL in known else known[0]
    raise SettingsError(
        f"{endpoint.base} has {len(known)} models: {listed(known[:20])}.", hint=f"Say which: --model {known[0]}"
    )


def _body(model: str, question: Question, item: Mapping[str, str], instructions: str) -> dict[str, object]:
    asked = {"type": "choice", "instructions": instructions, "criteria": dict.fromkeys(question.labels)}
    state = {field: item[field] for field in question.fields}
    return {"model": model, "state": state, "questions": {question.name: asked}}


def _answer(endpoint: Endpoint, body: Mapping[str, object], question: Question) -> list[float] | str:
    """The distribution of an item, or why there is none.

    Raises:
        DataError: the endpoint refuses what is asked, as it would for every item.
    """
    try:
        return endpoint.ask(PATH, body, lambda found: _shares(found, question))
    except DataError as error:
        if isinstance(error.__cause__, MayPass):
            return error.message
        raise


def _shares(found: Any, question: Question) -> list[float]:
    """The distribution in an answer.

    Raises:
        MayPass: it holds none.
    """
    answers = found.get("answers") if isinstance(found, dict) else None
    said = answers.get(question.name) if isinstance(answers, dict) else None
    shares = said.get("probabilities") if isinstance(said, dict) else None
    if not isinstance(shares, dict) or set(shares) != set(question.labels):
        raise MayPass("an answer without a probability for each label")
    values = [shares[label] for label in question.labels]
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in values):
        raise MayPass("an answer whose probabilities are no numbers")
    q = np.array(values, dtype=np.float64)
    if not (np.isfinite(q).all() and (q >= 0).all() and abs(q.sum() - 1) <= SUM_OFF):
        raise MayPass("an answer whose probabilities do not sum to 1")
    careful = np.maximum(q, LEAST)
    return (careful / careful.sum()).tolist()


class _Store(NamedTuple):
    """The answers of one model."""

    path: Path

    @classmethod
    def of(cls, folder: Path, endpoint: Endpoint, model: str) -> _Store:
        """The file of an endpoint and a model; its name has the host for people, and a hash."""
        digest = hashlib.sha256(f"{endpoint.base}\n{model}".encode()).hexdigest()[:12]
        host = "".join(one if one.isalnum() or one in ".-" else "_" for one in urlsplit(endpoint.base).hostname or "")
        return cls(folder / f"{host[:60]}-{digest}.jsonl")

    def read(self, question: Question) -> Iterator[tuple[str, list[float]]]:
        """Keys and distributions; a line that was cut off, or damaged, is asked for again."""
        if not self.path.is_file():
            return
        for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                one = json.loads(line)
                said = {"answers": {question.name: {"probabilities": one["probabilities"]}}}
                yield str(one["asked"]), _shares(said, question)
            except (ValueError, KeyError, TypeError, MayPass):
                continue

    def keep(self, key: str, shares: Sequence[float], question: Question) -> None:
        """Add an answer, at once: the next may not come, and it may have cost money."""
        line = json.dumps({"asked": key, "probabilities": dict(zip(question.labels, shares, strict=True))})
        append_line(self.path, line)
