"""The page of `plan`: rounds of annotation, and what each will tell."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from judgekit.core.rounds import POWER, Round
from judgekit.decisions.plan import PlanResult
from judgekit.reports.blocks import Column, Rows, heading, point
from judgekit.wording import counted

FEW = 50
"""Items of a pilot below which its figures are rough."""


def plan_page(result: PlanResult) -> RenderableType:
    """The rounds as a table, and how to read it."""
    title = "Rounds of annotation" if result.budget is None else f"What {result.budget:,} annotations can tell"
    columns = [
        Column("items × each", is_figure=False), Column("annotations"), Column("alpha"), Column("share"),
        Column("noise floor"), Column("gain found"),
    ]  # fmt: skip
    return Group(
        heading(f"{title}, by the pilot {result.dataset}"),
        Rows(columns, [_row(one) for one in result.rounds]),
        Text(""),
        *(point(sentence) for sentence in sentences(result)),
    )


def _row(one: Round) -> tuple[str, ...]:
    return (
        f"{one.items:,} × {one.annotations_per_item}",
        f"{one.annotations:,}",
        "" if one.alpha is None else f"± {one.alpha:.3f}",
        f"± {100 * one.share:.1f} %",
        f"{one.floor:.3f}",
        f"{one.gain:.3f}",
    )


def sentences(result: PlanResult) -> Iterator[str]:
    """How to read the figures, and what they rest on."""
    yield (
        f"alpha and share: half of the {result.confidence:.0%} interval. The share is that of {result.label}, the "
        "hardest to tell; a good judge makes its interval narrower: judgekit estimate"
    )
    yield "noise floor: the KL in nats that a perfect judge would show; more annotations per item lower it."
    yield (
        f"gain found: how much lower in KL the better of two judges must be to be found with a chance of {POWER:.0%}."
    )
    if result.budget is not None:
        widest = min(result.rounds, key=lambda one: one.share)
        finest = min(result.rounds, key=lambda one: one.gain)
        yield (
            f"For shares, annotate {_in_words(widest)}; to compare judges, {_in_words(finest)}."
            if widest != finest
            else f"For shares and to compare judges, annotate {_in_words(widest)}."
        )
    rough = " That is few: take the figures as rough." if result.compared < FEW else ""
    yield (
        f"From {counted(result.compared, 'item')} of the pilot with two annotations or more; the new items and the "
        f"people are taken to be like those.{rough}"
    )


def _in_words(one: Round) -> str:
    return f"{one.items:,} items {'once' if one.annotations_per_item == 1 else f'{one.annotations_per_item} times'}"
