"""The order of labels, and whether that order means something: numbers and common verbal scales are ordinal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from judgekit.errors import DataError
from judgekit.tables.column_names import did_you_mean

_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_FEWEST_STEPS = 3
"""Two values have no middle: 0 and 1 are as often no and yes as a scale."""
_VERBAL_SCALES: tuple[tuple[str, ...], ...] = (
    ("strongly disagree", "disagree", "somewhat disagree", "neither agree nor disagree", "somewhat agree", "agree",
     "strongly agree"),
    ("strongly disagree", "disagree", "slightly disagree", "neutral", "slightly agree", "agree", "strongly agree"),
    ("completely disagree", "mostly disagree", "undecided", "mostly agree", "completely agree"),
    ("never", "rarely", "sometimes", "often", "usually", "always"),
    ("never", "seldom", "occasionally", "frequently", "very often", "always"),
    ("very bad", "bad", "poor", "fair", "good", "very good", "excellent"),
    ("very poor", "poor", "average", "good", "very good", "excellent"),
    ("terrible", "bad", "okay", "good", "great"),
    ("very bad", "bad", "neutral", "good", "very good"),
    ("very negative", "negative", "somewhat negative", "neutral", "somewhat positive", "positive", "very positive"),
    ("very dissatisfied", "dissatisfied", "neutral", "satisfied", "very satisfied"),
    ("very unlikely", "unlikely", "neutral", "likely", "very likely"),
    ("not at all", "slightly", "somewhat", "moderately", "very", "extremely"),
    ("very low", "low", "medium", "high", "very high"),
    ("none", "mild", "moderate", "severe", "extreme"),
    ("much worse", "worse", "about the same", "better", "much better"),
)  # fmt: skip


class Scale(NamedTuple):
    """Ordered labels and what their order means."""

    labels: tuple[str, ...]
    kind: Literal["nominal", "ordinal"]
    values: tuple[float, ...]
    """One number per label, in label order, for an ordinal scale; empty for a nominal one."""
    reason: str


def order_labels(found: Sequence[str], *, declared: Sequence[str] = (), keep_order: bool = False) -> Scale:
    """Put labels in the order in which they will be stored.

    Args:
        found: the distinct labels, in any order.
        declared: the user's order; may hold labels that nobody gave, and must hold all that somebody gave.
        keep_order: keep the order of `found` for nominal labels (count columns) instead of the alphabet.

    Raises:
        DataError: a found label is missing from the declared ones, or a label is declared twice.
    """
    if declared:
        return _as_declared(found, tuple(declared))
    numbers = numeric_values(found)
    if numbers is not None and len(set(numbers)) >= _FEWEST_STEPS:
        pairs = sorted(zip(numbers, found, strict=True))
        reason = f"the {len(pairs)} labels are numbers, so their order means something"
        return Scale(tuple(label for _, label in pairs), "ordinal", tuple(value for value, _ in pairs), reason)
    verbal = _verbal_positions(found)
    if verbal is not None:
        pairs = sorted(zip(verbal, found, strict=True))
        reason = f"the {len(pairs)} labels are steps of a common verbal scale"
        return Scale(tuple(label for _, label in pairs), "ordinal", tuple(float(step) for step, _ in pairs), reason)
    labels = tuple(found) if keep_order else tuple(sorted(found, key=lambda label: (label.casefold(), label)))
    return Scale(labels, "nominal", (), f"the {len(labels)} labels have no known order")


def _as_declared(found: Sequence[str], declared: tuple[str, ...]) -> Scale:
    if len(set(declared)) < len(declared):
        raise DataError("A label is declared twice: " + ", ".join(declared), hint="Give each label once.")
    missing = [label for label in found if label not in declared]
    if missing:
        raise DataError(
            f"{len(missing)} labels of the data are not among the declared ones ({', '.join(declared)}).",
            problems=[f"{label!r}{did_you_mean(label, declared)}" for label in sorted(missing)],
            hint="Declare every label, lowest first; or read one as another with --label-map OLD=NEW, or set it aside "
            "with --drop-label OLD.",
        )
    if len(declared) < _FEWEST_STEPS:
        return Scale(declared, "nominal", (), "the order of the labels was declared")
    numbers = numeric_values(declared)
    values = numbers if numbers is not None else [float(step) for step in range(1, len(declared) + 1)]
    return Scale(declared, "ordinal", tuple(values), "the order of the labels was declared")


def numeric_values(labels: Sequence[str]) -> list[float] | None:
    """The labels as numbers, or None when one of them is not a number."""
    texts = [label.strip() for label in labels]
    if not texts or not all(_NUMBER.fullmatch(text) for text in texts):
        return None
    return [float(text.replace(",", ".")) for text in texts]


def _verbal_positions(labels: Sequence[str]) -> list[int] | None:
    """Step (from 1) of each label in the first verbal scale that knows them all."""
    plain = [re.sub(r"[\W_]+", " ", label.casefold()).strip() for label in labels]
    if len(set(plain)) < _FEWEST_STEPS or len(set(plain)) < len(plain):
        return None
    for scale in _VERBAL_SCALES:
        if set(plain) <= set(scale):
            return [scale.index(label) + 1 for label in plain]
    return None
