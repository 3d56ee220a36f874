"""Verdicts: what a judge that reasons is asked to write, and how the label that it comes to is read.

A judgment is a text in steps that ends in one tag, `<verdict>good</verdict>`. It is read by rule: what does not clearly
name one label is no verdict. This module must not know transformers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from judgekit.prompts.answers import AnswerForm, answer_names, names_in_words

END_OF_VERDICT = "</verdict>"
MOST_CHARACTERS = 100_000
_TAG = re.compile(r"<verdict>\s*([A-Za-z0-9_-]{1,32})\s*</verdict>")
_OPENING = "<verdict>"


def verdict_form(labels: Sequence[str], codes: Sequence[str] = (), *, length: int) -> AnswerForm:
    """How a judge is asked for reasons and a verdict.

    Args:
        labels: the ordered label set.
        codes: of each label, where the prompt shows them.
        length: most tokens of a judgment.
    """
    names = answer_names(labels, codes)
    return AnswerForm(
        "\n\nDo not answer at once. Judge step by step in a few sentences."
        f"{names_in_words(labels, names)} End with the label that most annotators would choose, one of "
        f"{', '.join(names)}, in this form: <verdict>label{END_OF_VERDICT}\n",
        names,
        length,
        rationale=True,
    )


def read_verdict(form: AnswerForm, text: str) -> int | None:
    """The place of the label that a judgment comes to; None where it names none, several, or no label.

    Args:
        form: what was asked for.
        text: the judgment, whatever was written.
    """
    found = _TAG.findall(text) if len(text) <= MOST_CHARACTERS else []
    if len(found) != 1 or text.count(_OPENING) != 1:
        return None
    exact = [place for place, name in enumerate(form.names) if name == found[0]]
    near = [place for place, name in enumerate(form.names) if name.casefold() == found[0].casefold()]
    return exact[0] if exact else near[0] if len(near) == 1 else None


def arguing(form: AnswerForm, place: int) -> str:
    """What asks for the reasons of one label: the same words as of any judgment, and then which label it is.

    Args:
        form: of a judgment.
        place: of the label.
    """
    name = form.names[place]
    return f"{form.instruction}Here some annotators chose {name}. Judge as they did: give the reasons for {name}.\n"


def up_to_verdict(text: str) -> str:
    """A judgment without what stands behind its verdict."""
    reasons, end, _ = text.partition(END_OF_VERDICT)
    return (reasons + end).strip()


def verdict_text(name: str) -> str:
    """The beginning of the verdict that names a label, behind the end of a sentence."""
    return f".\n{_OPENING}{name}"


def up_to_label(text: str) -> str | None:
    """A judgment up to where the label of its verdict stands; None where it opens none."""
    reasons, opening, _ = text.partition(_OPENING)
    return reasons + opening if opening else None


def reasons_in(text: str) -> str:
    """The reasons of a judgment, without its verdict."""
    return text.partition(_OPENING)[0].strip()
