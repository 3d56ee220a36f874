"""Probabilities put into words: what the judge is asked to write, the text of a target, and how an answer is read.

An answer has one tag for each label, `<prob_good>0.85</prob_good>`, and perhaps reasons in `<think>` before them. It is
read by rule: what is not clearly a distribution is no answer. Format of arXiv 2510.00263, for any number of labels.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from judgekit.prompts.answers import AnswerForm, answer_names, names_in_words

SUM_TOLERANCE = 0.05
"""How far the sum of the probabilities may be from 1, and at least half a unit of the last decimal for each label."""
MOST_CHARACTERS = 100_000
# A number as people and models write it, in full: no sign, no exponent, nothing else in the tag.
_TAG = re.compile(r"<prob_([A-Za-z0-9_-]{1,32})>\s*(\d{1,3}(?:\.\d{0,12})?|\.\d{1,12})\s*</prob_\1>")
_ANY_TAG = re.compile(r"<prob_([A-Za-z0-9_-]{1,32})>")
_THOUGHT, _END_OF_THOUGHT = "<think>", "</think>"


def verbalized_form(
    labels: Sequence[str], codes: Sequence[str] = (), *, decimals: int = 2, rationale: bool = False, length: int = 0
) -> AnswerForm:
    """How a judge is asked for probabilities of these labels.

    Args:
        labels: the ordered label set.
        codes: of each label, where the prompt shows them.
        decimals: of a written probability.
        rationale: whether it thinks in words first.
        length: most tokens of an answer.
    """
    names = answer_names(labels, codes)
    think = "Write"
    if rationale:
        think = "First think it through in a few sentences: <think>your thoughts</think>. Then write"
    tags = "".join(f"<prob_{name}>p</prob_{name}>" for name in names)
    return AnswerForm(
        "\n\nDo not give a single label. How likely is it that an annotator chooses each of the labels?"
        f"{names_in_words(labels, names)} {think} a probability from 0 to 1 in place of each p; together they sum to "
        f"1:\n{tags}\n",
        names,
        length,
        decimals,
        rationale,
    )


def target_text(form: AnswerForm, q: NDArray[np.floating], *, rationale: str = "") -> str:
    """The answer that says a distribution, rounded so that the written numbers sum to exactly 1.

    Args:
        form: what is asked for.
        q: the distribution, `[K]`, sums to 1.
        rationale: the thoughts before it, where the form has any.
    """
    numbers = (f"{units / 10**form.decimals:.{form.decimals}f}" for units in _rounded(q, 10**form.decimals))
    tags = "".join(f"<prob_{name}>{one}</prob_{name}>" for name, one in zip(form.names, numbers, strict=True))
    return f"{_THOUGHT}{rationale}{_END_OF_THOUGHT}{tags}" if form.rationale else tags


def thoughts_in(text: str) -> str:
    """The thoughts of an answer, without its probabilities; of thoughts without an end all that is there."""
    return text.partition(_THOUGHT)[2].rpartition(_END_OF_THOUGHT)[0 if _END_OF_THOUGHT in text else 2].strip()


def longest_answers(form: AnswerForm) -> list[str]:
    """Answers among which is one of as many tokens as any has: of few digits a tokenizer makes no more of others."""
    whole = 10**form.decimals
    written = [f"{units / whole:.{form.decimals}f}" for units in (*range(0, whole, max(1, whole // 101)), whole)]
    return ["".join(f"<prob_{name}>{one}</prob_{name}>" for name in form.names) for one in written]


def _rounded(q: NDArray[np.floating], whole: int) -> list[int]:
    """Shares of a whole number that sum to it: each is rounded down, and what is missing goes to the largest rests."""
    exact = np.asarray(q, dtype=np.float64) * whole
    units = np.floor(exact + 1e-9).astype(np.int64)
    for place in np.argsort(units - exact, kind="stable")[: whole - int(units.sum())]:
        units[place] += 1
    return units.tolist()


def read_probabilities(form: AnswerForm, text: str) -> tuple[float, ...] | None:
    """The distribution that an answer says, in the order of the labels; None where it says none.

    Each label has exactly one tag behind the thoughts, with a number from 0 to 1 in it, and the numbers sum to 1
    within `SUM_TOLERANCE`, by which they are then divided.

    Args:
        form: what was asked for.
        text: the answer, whatever was written.
    """
    if len(text) > MOST_CHARACTERS:
        return None
    said = text.rpartition(_END_OF_THOUGHT)[2]
    found = dict(_TAG.findall(said))
    is_open = _THOUGHT in said  # of thoughts without an end nothing is an answer
    if is_open or len(_ANY_TAG.findall(said)) != len(form.names) or found.keys() != set(form.names):
        return None
    numbers = [float(found[name]) for name in form.names]
    total = sum(numbers)
    tolerance = max(SUM_TOLERANCE, len(numbers) * 0.5 * 10**-form.decimals) + 1e-9
    if any(number > 1 for number in numbers) or abs(total - 1) > tolerance:
        return None
    return tuple(number / total for number in numbers)
