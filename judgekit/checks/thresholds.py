"""The limits that a user of `check` set, against what was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from judgekit.config import CheckSettings

_WORDS = {
    "min_alpha": "Krippendorff's alpha",
    "min_agreement": "The raw agreement",
    "min_annotations": "The mean number of annotations per item",
    "min_items": "The number of items",
    "max_noise_floor": "The KL of a perfect judge",
    "max_flagged": "The number of flagged annotators",
    "max_leakage": "The number of groups that cross the given split",
}


class Threshold(NamedTuple):
    """A limit that the user set, and what was found."""

    value: float | None
    """None where it is undefined, which misses any limit."""
    limit: float
    met: bool
    sentence: str
    """What was found and what was asked for, in words."""


def compare(settings: CheckSettings, found: Mapping[str, float | None]) -> dict[str, Threshold]:
    """Hold what was found against the limits that were set.

    Args:
        settings: with the limits; those that are None are left out.
        found: the value for each limit, by the name of its setting; None where it is undefined.
    """
    thresholds: dict[str, Threshold] = {}
    for name, words in _WORDS.items():
        limit, value = getattr(settings, name), found[name]
        if limit is None:
            continue
        is_least = name.startswith("min_")
        met = value is not None and (value >= limit if is_least else value <= limit)
        shown = "undefined" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:,.4f}"
        flag = "--" + name.replace("_", "-")
        sentence = f"{words} is {shown}; {flag} requires at {'least' if is_least else 'most'} {limit:,g}."
        thresholds[name] = Threshold(value, limit, met, sentence)
    return thresholds
