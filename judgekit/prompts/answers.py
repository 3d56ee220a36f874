"""What a generative judge is asked to write: the words behind its prompt, and the names that labels have in tags.

It is decided once, when a judge is trained, and kept with the judge. This module must not know transformers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from judgekit.prompts.verbalizer import shown_labels

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")


class AnswerForm(NamedTuple):
    """The form of an answer."""

    instruction: str
    """What stands behind the prompt and says what to write."""
    names: tuple[str, ...]
    """Of each label in a tag or a verdict, `[K]`."""
    length: int
    """Tokens of an answer at most."""
    decimals: int = 2
    """Of a written probability."""
    rationale: bool = False
    """Whether reasons stand before the answer."""
    judgments: int = 1
    """Drawn of an item, where an answer ends in a verdict."""


def answer_names(labels: Sequence[str], codes: Sequence[str] = ()) -> tuple[str, ...]:
    """What labels are called inside tags: by themselves where all are plain words, else by codes or numbers.

    Args:
        labels: the ordered label set, whatever its texts are.
        codes: of each label, where the prompt shows them; or empty.
    """
    is_plain = all(_PLAIN.fullmatch(label) for label in labels)
    if is_plain and len({label.casefold() for label in labels}) == len(labels):
        return tuple(labels)
    return tuple(codes) or tuple(str(number) for number in range(1, len(labels) + 1))


def names_in_words(labels: Sequence[str], names: Sequence[str]) -> str:
    """Which name stands for which label, as a sentence that begins with a space; empty where they are the same."""
    if tuple(labels) == tuple(names):
        return ""
    pairs = (f"{name} = {label}" for name, label in zip(names, shown_labels(labels), strict=True))
    return f" Here {', '.join(pairs)}."
