"""Recognises a pairwise comparison: two columns that are the two sides, and labels that name them.

Both are needed. `sentence1` and `sentence2` labelled entailment or contradiction are no comparison, and `answer_a`
and `answer_b` labelled same or different are none either.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

SIDE_WORDS = (
    ("a", "b"), ("1", "2"), ("left", "right"), ("first", "second"), ("one", "two"), ("0", "1"), ("x", "y"),
)  # fmt: skip
ANSWER_WORDS = frozenset(
    [
        "answer",
        "answers",
        "response",
        "responses",
        "reply",
        "output",
        "completion",
        "candidate",
        "generation",
        "summary",
        "translation",
        "system",
        "model",
        "assistant",
        "option",
        "choice",
        "continuation",
        "caption",
        "text",
        "story",
    ]
)
TIE_WORDS = frozenset(
    [
        "tie",
        "ties",
        "tied",
        "equal",
        "equally",
        "same",
        "both",
        "neither",
        "none",
        "draw",
        "similar",
        "unsure",
        "undecided",
        "even",
    ]
)
_ORDERING = re.compile(r"\s*(\w+)\s*(>+=?|<+=?|=+|~|≈)\s*(\w+)\s*")


class Sides(NamedTuple):
    """The two compared columns in the order of their names' side words, and the labels that stand for each."""

    first: str
    second: str
    first_labels: tuple[str, ...]
    second_labels: tuple[str, ...]
    other_labels: tuple[str, ...]


def find_sides(fields: Sequence[str], labels: Sequence[str]) -> Sides | None:
    """The two sides of a pairwise comparison, or None when this is not one.

    Two columns qualify when their names are alike but for one word, and these two words are a pair such as a/b, 1/2 or
    left/right (`answer_a`/`answer_b`, `response1`/`response2`, `model_a_text`/`model_b_text`). The labels qualify when
    some begin or end with the one word, some with the other, and few are left; `A>>B` is in favour of A, `A<B` of B.
    Labels that are bare numbers count only for columns that are answers by name, and only if the labels left are words
    for a tie.
    """
    found: list[Sides] = []
    for first in fields:
        for second in fields:
            pair = side_words(first, second)
            sides = pair and _match_labels(first, second, pair, labels)
            if sides:
                found.append(sides)
    # Of several pairs (model_a and answer_a, say) the one that is an answer by name is judged.
    found.sort(key=lambda sides: not _is_answer(sides.first))
    return found[0] if found else None


def ordering_of(label: str, pair: tuple[str, str]) -> tuple[str, str, str] | None:
    """A label such as `A>>B` as (better side, sign, other side); None for any other label.

    `B<<A` is the same ordering as `A>>B`; the sides of `A=B` are in the order of the pair.
    """
    found = _ORDERING.fullmatch(label)
    if not found:
        return None
    left, sign, right = found[1].casefold(), found[2], found[3].casefold()
    if sorted((left, right)) != sorted(pair):
        return None
    if "<" in sign:
        left, sign, right = right, sign.replace("<", ">"), left
    return (left, sign, right) if ">" in sign else (pair[0], sign, pair[1])


def words_of(name: str) -> list[str]:
    """The words of a column or label: split at punctuation, at digits and at a change to upper case."""
    return [word.casefold() for word in re.findall(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])|\d+|[^\W_]", name)]


def side_words(first: str, second: str) -> tuple[str, str] | None:
    """The pair of side words that two columns differ by, in the order of the pair; None where they are no two sides."""
    words = list(zip(words_of(first), words_of(second), strict=False))
    differing = [pair for pair in words if pair[0] != pair[1]]
    is_alike = len(words_of(first)) == len(words_of(second)) and len(differing) == 1
    return differing[0] if is_alike and differing[0] in SIDE_WORDS else None


def _is_answer(column: str) -> bool:
    return not ANSWER_WORDS.isdisjoint(words_of(column))


def _match_labels(first: str, second: str, pair: tuple[str, str], labels: Sequence[str]) -> Sides | None:
    groups: tuple[list[str], list[str], list[str]] = ([], [], [])
    for label in labels:
        words = words_of(label)
        ends = {words[0], words[-1]} if words else set()
        is_tie = not TIE_WORDS.isdisjoint(words)
        ordering = ordering_of(label, pair)
        if ordering:
            ends, is_tie = {ordering[0]}, ">" not in ordering[1]
        sides = [side for side in (0, 1) if pair[side] in ends and not is_tie]
        groups[sides[0] if len(sides) == 1 else 2].append(label)
    if not groups[0] or not groups[1] or len(groups[2]) > 2:
        return None
    has_bare_numbers = all(label.strip().isdigit() for label in groups[0] + groups[1])
    has_only_ties_left = all(not TIE_WORDS.isdisjoint(words_of(label)) for label in groups[2])
    if has_bare_numbers and not (_is_answer(first) and has_only_ties_left):
        return None
    return Sides(first, second, tuple(groups[0]), tuple(groups[1]), tuple(groups[2]))
