"""`judgekit synthesize`: a teacher writes judgments of a dataset's items, for a judge that reasons to learn from."""

from __future__ import annotations

import time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Unpack

import numpy as np

from judgekit.config import SynthesizeSettings, TrainSettings
from judgekit.config.keywords import SynthesizeKeywords
from judgekit.dataset.items import ItemTable
from judgekit.dataset.opening import Dataset, open_dataset, open_workspace
from judgekit.endpoints.calls import check_address
from judgekit.endpoints.chat import CHARACTERS_PER_TOKEN, Answer, Chat
from judgekit.errors import SettingsError
from judgekit.prompts.mirror import find_mirror
from judgekit.prompts.verdict import verdict_form
from judgekit.reports.synthesize_page import synthesize_page as synthesize_page
from judgekit.synthesis.local import LocalTeacher
from judgekit.synthesis.questions import Question, check_languages, questions_of
from judgekit.synthesis.result import SynthesisResult
from judgekit.synthesis.store import SAMPLES_FILE, Facts, SampleStore
from judgekit.synthesis.tally import tally
from judgekit.training.reporter import SILENT, Reporter
from judgekit.training.training_data import split_parts
from judgekit.workspace.claims import remove

TOKEN_VARIABLE = "JUDGEKIT_TEACHER_TOKEN"


def synthesize(
    dataset: str | None = None,
    *,
    workspace: str | Path | None = None,
    dry_run: bool = False,
    force: bool = False,
    offline: bool = False,
    reporter: Reporter = SILENT,
    settings: SynthesizeSettings | None = None,
    **keywords: Unpack[SynthesizeKeywords],
) -> SynthesisResult:
    """Have a teacher judge the items of a dataset step by step; a call that was interrupted is gone on with.

    Args:
        dataset: its name; None takes the newest.
        workspace: its folder; None finds one.
        dry_run: count calls and tokens, and ask nothing.
        force: throw away the judgments that are there.
        offline: never use the network; an endpoint on this machine may be asked.
        reporter: gets notes and progress.
        settings: the teacher, and how it is asked.
        keywords: fields of `SynthesizeSettings`; they win over `settings`.

    Raises:
        SettingsError: there is no teacher, or it refuses what it is asked.
        WorkspaceError: there is no such dataset, or its judgments were asked for in another way.
        BackboneError: the teacher is a model that is not there, or is no causal LM.

    Examples:
        >>> found = synthesize(teacher="http://localhost:8000/v1", teacher_model="m", items=4, samples=2, dry_run=True)
        >>> found.calls
        8
    """
    chosen = SynthesizeSettings.chosen(settings, keywords)
    check_languages(chosen.languages)
    if chosen.is_endpoint:
        check_address(
            str(chosen.teacher), TOKEN_VARIABLE, offline=offline, example="--teacher http://localhost:8000/v1"
        )
        if find_spec("tenacity") is None:
            raise SettingsError(
                "An endpoint as a teacher takes the extra 'generative'.",
                hint="Install it: pip install 'annotation-judgekit[generative]'",
            )
    place = open_workspace(workspace)
    data = open_dataset(place, dataset)
    items = _items(data, chosen)
    mirror = find_mirror(items.fields, items.labels)
    form = verdict_form(items.labels, length=chosen.answer_length)
    questions = questions_of(
        items, data.template, form, mirror, samples=chosen.samples, languages=chosen.languages, seed=chosen.seed
    )
    with place.only_one(f"synthesize-{data.name}"):
        folder = place.synthesis_folder(data.name)
        if force and not dry_run and folder.exists():
            remove(folder)
        store = SampleStore(folder, _facts(data, chosen))
        open_questions = [one for one in questions if one.key not in store.samples]
        if dry_run:
            return _planned(data, chosen, open_questions)
        failures, taken, seconds = _ask(chosen, open_questions, store, reporter, offline=offline)
        found = tally(items, store.samples.values(), form, mirror)
    tokens = [sum(one or 0 for one in of) for of in zip(*[answer[1:] for answer in taken], strict=True)] or [0, 0]
    return SynthesisResult(
        data.name, _name(chosen), folder / SAMPLES_FILE if store.samples else None,
        len(open_questions), len(taken), tokens[0], tokens[1],
        _cost(chosen, *tokens), len(taken) / seconds if taken else 0.0, found.items, found.judgments,
        dict(Counter(failures)),
    )  # fmt: skip


def _items(data: Dataset, settings: SynthesizeSettings) -> ItemTable:
    """The items that a training with default settings learns from: what is tested on stays unseen."""
    items = data.items.take(split_parts(data.items, TrainSettings(folds=0)) == "train")
    if settings.items is None or settings.items >= len(items):
        return items
    # A permutation whose beginning is asked about: further items come on top of those that are there.
    return items.take(np.sort(np.random.default_rng(settings.seed).permutation(len(items))[: settings.items]))


def _facts(data: Dataset, settings: SynthesizeSettings) -> Facts:
    return Facts(
        dataset=data.name,
        content_hash=data.content_hash,
        teacher=str(settings.teacher),
        model=settings.teacher_model or "",
        temperature=float(settings.temperature),
        answer_length=settings.answer_length,
        languages=settings.languages,
        seed=settings.seed,
    )


def _planned(data: Dataset, settings: SynthesizeSettings, questions: list[Question]) -> SynthesisResult:
    prompts = sum(len(one.prompt) for one in questions) // CHARACTERS_PER_TOKEN
    answers = len(questions) * settings.answer_length
    cost = _cost(settings, prompts, answers)
    return SynthesisResult(data.name, _name(settings), None, len(questions), 0, prompts, answers, cost, 0.0, {}, {}, {})


def _ask(
    settings: SynthesizeSettings, questions: list[Question], store: SampleStore, reporter: Reporter, *, offline: bool
) -> tuple[list[str], list[Answer], float]:
    """Ask what is open; why questions got no answer, the answers, and seconds."""
    if not questions:
        return [], [], 0.0
    if known := len(store.samples):
        reporter.note(f"{known:,} judgments are there already; {len(questions):,} are asked for.")
    teacher = _teacher(settings, offline=offline)
    taken: list[Answer] = []
    start = time.monotonic()

    def arrived(question: Question, answer: Answer) -> None:
        store.add(question, answer)
        taken.append(answer)
        reporter.items(len(taken), len(questions))

    failures = teacher.ask(questions, arrived)
    if isinstance(teacher, LocalTeacher) and teacher.shortened:
        reporter.note(f"{teacher.shortened:,} prompts were too long for the teacher and lost their middle.")
    return failures, taken, max(1e-9, time.monotonic() - start)


def _teacher(settings: SynthesizeSettings, *, offline: bool) -> Chat | LocalTeacher:
    name, length, temperature = str(settings.teacher), settings.answer_length, settings.temperature
    if not settings.is_endpoint:
        return LocalTeacher(name, temperature=temperature, length=length, offline=offline)
    return Chat(
        name, str(settings.teacher_model), temperature, length, TOKEN_VARIABLE,
        "--teacher, --teacher-model and --answer-length", "generative", settings.timeout_seconds, settings.attempts,
        settings.concurrency,
    )  # fmt: skip


def _name(settings: SynthesizeSettings) -> str:
    return f"{settings.teacher_model} at {settings.teacher}" if settings.is_endpoint else str(settings.teacher)


def _cost(settings: SynthesizeSettings, prompt_tokens: int, answer_tokens: int) -> float:
    return (prompt_tokens * settings.price_in + answer_tokens * settings.price_out) / 1e6
