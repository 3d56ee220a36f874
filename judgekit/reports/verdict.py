"""What an evaluation means, for people without statistics: how far the judge may be believed, and what to do next."""

from __future__ import annotations

import math
from collections.abc import Iterator

from judgekit.core.floor import PEOPLE
from judgekit.core.metrics import Interval
from judgekit.trust.evaluated import EvaluateResult
from judgekit.wording import counted

FEWEST_ITEMS = 50
"""On fewer items the figures depend on which items they are."""
MUCH_LEFT = 0.7
"""Share of what can be learned, below which it is worth trying to learn more."""
A_COLLEAGUE = 0.75, 1.5
"""Equivalent annotators that are called one colleague."""


def verdict(result: EvaluateResult) -> Iterator[str]:
    """What is to be minded first, then how good the judge is, then how much that is of what can be learned."""
    yield from cautions(result)
    yield headline(result)
    yield from _learned(result)


def cautions(result: EvaluateResult) -> Iterator[str]:
    """Why the figures may mislead; nothing where they do not."""
    items = len(result.items)
    if result.trained_on is None:
        yield (
            "It is not known whether the judge was trained on these items: an older judgekit made it, and its dataset "
            "is not here. If it was, the figures flatter it."
        )
    elif result.trained_on:
        all_or_some = "all" if result.trained_on == items else f"{result.trained_on:,}"
        yield f"This is no test: the judge was trained or chosen on {all_or_some} of these items."
    if items < FEWEST_ITEMS:
        yield (
            f"Too few items to tell: {counted(items, 'item')}, where {FEWEST_ITEMS} are few. With other items the "
            "figures may be quite different."
        )


def headline(result: EvaluateResult) -> str:
    """How well the judge predicts people, in one sentence."""
    kind = "unseen item" if result.is_test else "item"
    return f"On {counted(len(result.items), kind)} it predicts people {_how_well(result)}."


def next_step(result: EvaluateResult) -> str:
    """What to do about it; empty where nothing is wrong."""
    if result.is_test is False and result.trained_on:
        return "Evaluate it on items that it has not seen: judgekit evaluate, or a file of new annotations."
    share = result.signal.share.value if result.signal else None
    if not _beats_prior(result):
        few = "More items to test on would show whether the difference is chance. " if result.gain.value > 0 else ""
        return (
            f"{few}What may help: more items or annotators to train on (judgekit check says which), a larger "
            "--backbone, a template that says what is asked, or for comparisons of two sides train --swap."
        )
    if len(result.items) < FEWEST_ITEMS:
        return f"Have at least {FEWEST_ITEMS} more items annotated, and evaluate it on them: judgekit evaluate FILE"
    if share is not None and share < MUCH_LEFT and result.excess.low > 0:
        return "More of it may be learned from more items, or with a larger --backbone."
    return ""


def _how_well(result: EvaluateResult) -> str:
    if not _beats_prior(result):
        if result.gain.value > 0:
            return "not measurably better than the label shares of the training items alone (the class prior)"
        return (
            "no better than the label shares of the training items alone (the class prior): it has learned nothing "
            "that carries over"
        )
    if result.signal is None:
        return "better than the label shares of the training items alone (the class prior)"
    people = result.signal.annotators
    if people.value < A_COLLEAGUE[0]:
        return "better than the label shares alone (the class prior), but less well than one colleague would"
    if people.value < A_COLLEAGUE[1]:
        return f"about as well as one colleague would{_people_between(people)}"
    if math.isinf(people.value):
        return f"as well as more than {PEOPLE[-1]} colleagues together would{_people_between(people)}"
    return f"about as well as {people.value:.1f} colleagues together would{_people_between(people)}"


def _beats_prior(result: EvaluateResult) -> bool:
    """Whether the judge is better than the class prior by more than chance, as far as that is known."""
    low = result.gain.value if math.isnan(result.gain.low) else result.gain.low
    return low > 0


def _learned(result: EvaluateResult) -> Iterator[str]:
    kl = result.metrics["kl"]
    if kl is not None and kl.value <= result.floor.value:
        yield (
            "It is as good as these items can tell: its KL is not above that of a perfect judge. More items, or more "
            "annotators on them, would tell more."
        )
    elif result.signal is not None and _beats_prior(result):
        share = result.signal.share
        between = "" if math.isnan(share.low) else f" ({_percent(share.low)} to {_percent(share.high)})"
        yield f"It learns {_percent(share.value)}{between} of what can be learned from these annotations."


def _people_between(found: Interval) -> str:
    if math.isnan(found.low):
        return ""
    high = f"more than {PEOPLE[-1]}" if math.isinf(found.high) else f"{found.high:.1f}"
    low = f"more than {PEOPLE[-1]}" if math.isinf(found.low) else f"{found.low:.1f}"
    return f" ({low})" if low == high else f" (between {low} and {high})"


def _percent(share: float) -> str:
    return f"{min(1.0, max(0.0, share)):.0%}"
