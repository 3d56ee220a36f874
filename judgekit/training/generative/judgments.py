"""A teacher's judgments as a judge learns from them: kept with its run, sorted by what people say, in every order."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.core.distributions import empirical_distribution
from judgekit.dataset.judgments import Sorted, read_judgments, sort_judgments
from judgekit.errors import DataError
from judgekit.prompts.answers import AnswerForm
from judgekit.prompts.mirror import Mirror, find_mirror
from judgekit.prompts.verdict import read_verdict
from judgekit.training.assembly import Training
from judgekit.training.reporter import Reporter

JUDGMENTS_FILE = "judgments.jsonl"


class Shown(NamedTuple):
    """The items to learn from as the judge reads them."""

    prompts: tuple[list[NDArray[np.int64]], ...]
    """Token ids of each item, `[N]`, for each order."""
    p: tuple[NDArray[np.float64], ...]
    """People's shares of each, `[N, K]`, for each order."""
    mirror: Mirror | None


def sorted_judgments(training: Training, answer: AnswerForm, folder: Path, mirror: Mirror | None) -> Sorted:
    """The judgments of the file that is named, which is kept with the run: it may be added to meanwhile."""
    named = Path(training.settings.learn_from or "").expanduser()
    kept = folder / JUDGMENTS_FILE
    judgments = read_judgments(kept if kept.is_file() else named)
    if not kept.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(named, kept.with_suffix(".part"))
        kept.with_suffix(".part").replace(kept)
    items = training.data.learning.items
    verdicts = [read_verdict(answer, one.text) for one in judgments]
    uneven = [] if mirror is None else [mirror.is_uneven(one) for one in items.texts.to_dicts()]
    found = sort_judgments(judgments, verdicts, items.item_ids.to_list(), items.counts, mirror, uneven)
    if not found.kept:
        kept.unlink()
        raise DataError(
            f"None of the {len(judgments)} judgments in {named} comes to the majority's label of a training item in "
            "every order.",
            hint="Ask a better teacher, or for more judgments of each item.",
        )
    return found


def shown_items(training: Training) -> Shown:
    """The items to learn from in every order."""
    items, encoded = training.data.learning.items, training.data.learning.encoded
    p = empirical_distribution(items.counts)
    mirror = find_mirror(training.setup.prompts.template.fields, items.labels)
    if mirror is None:
        return Shown((encoded.input_ids,), (p,), None)
    other = training.setup.prompts.encode([mirror.item(one) for one in items.texts.to_dicts()])
    return Shown((encoded.input_ids, other.input_ids), (p, p[:, list(mirror.labels)]), mirror)


def of_writable_length(
    training: Training, lessons: Sequence[tuple[NDArray[np.int64], str]], reporter: Reporter
) -> list[tuple[NDArray[np.int64], str]]:
    """Prompts and texts of those texts that the judge has room to write; it never ends the others.

    Raises:
        DataError: there are none.
    """
    answer, tokenizer = training.setup.answer, training.setup.prompts.tokenizer
    assert answer is not None
    ids = tokenizer([text for _, text in lessons], add_special_tokens=False, verbose=False)["input_ids"]
    found = [one for one, tokens in zip(lessons, ids, strict=True) if len(tokens) < answer.length]
    if not found:
        raise DataError(
            f"All {len(lessons):,} judgments to learn are longer than the {answer.length:,} tokens of an answer.",
            hint=f"Raise --answer-length: the longest has {max(map(len, ids)):,}.",
        )
    if long := len(lessons) - len(found):
        reporter.note(f"{long:,} of {len(lessons):,} judgments are longer than --answer-length and left out.")
    return found
