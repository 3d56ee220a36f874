"""A pairwise comparison the other way round: which texts change places, and what each label then means.

Both follow from the names of the fields and labels alone, so a judge needs to store nothing for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from judgekit.errors import LabelError
from judgekit.prompts.sides import TIE_WORDS, find_sides, ordering_of, side_words, words_of

UNEVEN = 2.0
"""Sides whose lengths differ more let a judge learn that the longer one is better."""


class Mirror(NamedTuple):
    """How to show a comparison in the other order; doing it twice changes nothing."""

    fields: dict[str, str]
    """Every field that changes places -> the field whose text it gets."""
    labels: tuple[int, ...]
    """Label k of one order means label `labels[k]` of the other, `[K]`; so `counts[:, labels]` are mirrored counts."""
    favour: tuple[float, ...]
    """What each label says for the side of the first column: 1 for it, 0 against it, 0.5 for a tie, `[K]`."""

    def is_uneven(self, texts: Mapping[str, str]) -> bool:
        """Whether one side's texts are more than `UNEVEN` times as long as those of the other."""
        pairs = [(len(texts[one]), len(texts[other])) for one, other in self.fields.items() if one < other]
        short, long = sorted(map(sum, zip(*pairs, strict=True)))
        return long > UNEVEN * max(1, short)

    def item(self, texts: Mapping[str, str]) -> dict[str, str]:
        """The texts of an item in the other order."""
        return {**texts, **{field: texts[other] for field, other in self.fields.items()}}


def find_mirror(fields: Sequence[str], labels: Sequence[str]) -> Mirror | None:
    """The mirror of a pairwise comparison; None where it is none, or where a column or label has no clear counterpart.

    Args:
        fields: the columns that the template reads.
        labels: the ordered label set.
    """
    found = _mirror_or_reason(fields, labels)
    return found if isinstance(found, Mirror) else None


def require_mirror(fields: Sequence[str], labels: Sequence[str], *, option: str) -> Mirror:
    """The same for who asked for it by an option.

    Raises:
        LabelError: there is no mirror; says why, by column or label.
    """
    found = _mirror_or_reason(fields, labels)
    if isinstance(found, Mirror):
        return found
    raise LabelError(
        f"{option} needs a pairwise comparison that can be mirrored: {found}.",
        hint=f"Omit {option}, or ingest again with sides that columns and labels name alike, such as answer_a, "
        "answer_b and the labels A, B, tie.",
    )


def _mirror_or_reason(fields: Sequence[str], labels: Sequence[str]) -> Mirror | str:
    sides = find_sides(fields, labels)
    if sides is None:
        return f"no two of the columns {', '.join(fields)} are sides that the labels {', '.join(labels)} name"
    pair = side_words(sides.first, sides.second)
    assert pair is not None
    partners = {
        one: [other for other in fields if pair in (side_words(one, other), side_words(other, one))] for one in fields
    }
    several = next((one for one, others in partners.items() if len(others) > 1), None)
    if several is not None:
        return f"the column {several!r} has several counterparts: {', '.join(partners[several])}"
    permutation = _mirrored_labels(labels, pair)
    if isinstance(permutation, str):
        return permutation
    favour = [1.0 if label in sides.first_labels else 0.0 if label in sides.second_labels else 0.5 for label in labels]
    return Mirror({one: others[0] for one, others in partners.items() if others}, permutation, tuple(favour))


class _Key(NamedTuple):
    """What a label says, however it is written: `A+` and `A++` differ, `a_better` and `A better` do not."""

    words: tuple[str, ...]
    signs: str = ""


def _key(label: str, pair: tuple[str, str]) -> _Key:
    ordering = ordering_of(label, pair)
    return _Key(ordering) if ordering else _Key(tuple(words_of(label)), re.sub(r"[^+!*]", "", label))


def _mirrored_labels(labels: Sequence[str], pair: tuple[str, str]) -> tuple[int, ...] | str:
    """The position of each label's counterpart, or why one has none."""
    exchanged = {pair[0]: pair[1], pair[1]: pair[0]}
    keys = [_key(label, pair) for label in labels]
    permutation: list[int] = []
    for k, (words, signs) in enumerate(keys):
        same = [other for other, key in zip(labels, keys, strict=True) if key == keys[k]]
        if len(same) > 1:
            return f"the labels {' and '.join(map(repr, same))} say the same"
        ends = {0, len(words) - 1}
        wanted = _Key(tuple(exchanged.get(word, word) if n in ends else word for n, word in enumerate(words)), signs)
        ordering = ordering_of(labels[k], pair)
        if wanted in keys:
            permutation.append(keys.index(wanted))
        elif not TIE_WORDS.isdisjoint(words) or (ordering and ">" not in ordering[1]):
            permutation.append(k)
        else:
            return f"the label {labels[k]!r} has no counterpart among {', '.join(labels)}"
    return tuple(permutation)
