"""What a user requires of a judge, as `--require` takes it: `beats-prior`, `kl<=0.35`, `accuracy>=0.7`."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

BEATS_PRIOR = "beats-prior"
FIGURES = (
    "kl", "accuracy", "js_distance", "total_variation", "brier", "entropy_correlation", "rps", "wasserstein1",
    "mae_of_mean", "order_gap", "excess", "signal", "annotators",
)  # fmt: skip
"""What can be compared with a number; `signal` is a share, `annotators` are equivalent ones."""
_COMPARISON = re.compile(r"\s*([a-z_0-9]+)\s*(<=|>=)\s*(\S+)\s*")


class Limit(NamedTuple):
    """A figure that must not be above, or not be below, a number."""

    figure: str
    is_most: bool
    """Whether the number is the most that is allowed."""
    number: float

    def is_met(self, value: float) -> bool:
        """Whether a value is on the right side; nan never is."""
        return value <= self.number if self.is_most else value >= self.number


def parse_limit(text: str) -> Limit | None:
    """The limit that a requirement sets; None where it is none, or of an unknown figure."""
    found = _COMPARISON.fullmatch(text)
    if found is None or found[1] not in FIGURES:
        return None
    try:
        number = float(found[3])
    except ValueError:
        return None
    return Limit(found[1], found[2] == "<=", number) if math.isfinite(number) else None


def requirement_problem(text: str) -> str:
    """What is wrong with a requirement, or an empty text."""
    if text == BEATS_PRIOR or parse_limit(text) is not None:
        return ""
    return (
        f"--require is {text!r}; expected {BEATS_PRIOR}, or a figure, <= or >=, and a number, such as 'kl<=0.35' "
        f"(in quotation marks); the figures are {', '.join(FIGURES)}"
    )
