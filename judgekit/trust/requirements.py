"""What was required of a judge, held against what was found."""

from __future__ import annotations

import math
from collections.abc import Sequence

from judgekit.config.requirements import parse_limit
from judgekit.core.metrics import Interval
from judgekit.trust.evaluated import EvaluateResult, Requirement


def held_against(result: EvaluateResult, required: Sequence[str]) -> tuple[Requirement, ...]:
    """Hold the figures against what is required of them.

    A judge beats the class prior where its gain in KL is above 0 with its interval, so that it is not by chance.

    Args:
        result: with the figures.
        required: as `config.requirements` reads them.
    """
    return tuple(_held(result, text) for text in required)


def _held(result: EvaluateResult, text: str) -> Requirement:
    limit = parse_limit(text)
    if limit is None:
        gain = result.gain
        met = gain.low > 0 or (math.isinf(gain.value) and gain.value > 0)
        return Requirement(
            text,
            met,
            f"The gain over the class prior is {_shown(gain.value)} nats of KL{_between(gain)}; {text} requires an "
            "interval above 0.",
        )
    value = _value(result, limit.figure)
    side = "at most" if limit.is_most else "at least"
    met = limit.is_met(value)
    return Requirement(text, met, f"{limit.figure} is {_shown(value)}; {text} requires {side} {limit.number:g}.")


def _value(result: EvaluateResult, figure: str) -> float:
    """The value of a figure; nan where it is undefined."""
    if figure == "excess":
        return result.excess.value
    if figure in ("signal", "annotators"):
        signal = result.signal
        return math.nan if signal is None else (signal.share if figure == "signal" else signal.annotators).value
    found = result.metrics.get(figure)
    return math.nan if found is None else found.value


def _shown(value: float) -> str:
    return "undefined" if math.isnan(value) else "infinite" if math.isinf(value) else f"{value:,.4f}"


def _between(found: Interval) -> str:
    return "" if math.isnan(found.low) else f" ({found.low:,.4f} to {found.high:,.4f})"
