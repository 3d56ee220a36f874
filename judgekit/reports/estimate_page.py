"""The page of `estimate`: what people would say, how sure that is, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from judgekit.decisions.estimate import Change, Comparison, EstimateResult, Part, Quantity
from judgekit.reports.blocks import Column, Rows, heading, point
from judgekit.wording import counted, listed

FEW = 50
"""Annotated items, below which the intervals are said to be wide for a reason."""
WORTH_SAYING = 1.05


def estimate_page(result: EstimateResult) -> RenderableType:
    """What `estimate` found."""
    return Group(
        heading(f"What people would say of {result.source} ({counted(result.items, 'item')})"),
        *(Text(headline(one)) for one in result.quantities),
        Text(""),
        _table(result),
        *(_parts(result) if result.parts else ()),
        *(_comparison(result.against) if result.against else ()),
        Text(""),
        *(point(sentence, style="yellow") for sentence in cautions(result)),
        *(point(sentence) for sentence in remarks(result)),
    )


def headline(one: Quantity) -> str:
    """One estimate in a sentence."""
    found = one.estimate
    name = f"win rate of {one.name}" if one.measure == "win rate" else one.name
    words = f"{name}: {shown(one, found.value)} ({_between(one, found.low, found.high)})"
    words += f"; the judge alone says {shown(one, found.judge_alone)}"
    return f"{words}; worth {found.worth:.1f} times your annotations." if found.worth >= WORTH_SAYING else f"{words}."


def shown(one: Quantity | Change, value: float) -> str:
    """A value in its unit: a share in percent, a mean as a number."""
    if one.measure == "mean":
        return f"{value:.3g}"
    return f"{100 * value:.2g} %" if abs(value) < 0.01 else f"{100 * value:.1f} %"


def _between(one: Quantity, low: float, high: float) -> str:
    return f"{shown(one, low).removesuffix(' %')} to {shown(one, high)}"


def _table(result: EstimateResult) -> RenderableType:
    columns = [
        Column("", is_figure=False),
        Column("estimate", is_bold=True),
        Column(f"{result.confidence:.0%} interval"),
        Column("annotations alone"),
        Column("judge alone"),
        Column("worth"),
    ]
    return Rows(columns, [_row(one) for one in result.quantities])


def _row(one: Quantity) -> tuple[str, ...]:
    found, alone = one.estimate, one.estimate.annotations_alone
    return (
        one.name if one.measure != "win rate" else f"win rate of {one.name}",
        shown(one, found.value),
        _between(one, found.low, found.high),
        _between(one, alone.low, alone.high),
        shown(one, found.judge_alone),
        f"{found.worth:.2f}×",
    )


def _parts(result: EstimateResult) -> Iterator[RenderableType]:
    yield Text("")
    yield heading(f"By {result.by}")
    labels = [one.name for one in result.quantities if one.measure == "share"]
    columns = [
        Column("", is_figure=False), Column("items"), Column("annotated"), Column("label", is_figure=False),
        Column("estimate", is_bold=True), Column(f"{result.confidence:.0%} interval"),
    ]  # fmt: skip
    yield Rows(columns, [row for part in result.parts for row in _part_rows(part, labels)])
    if any(not part.quantities for part in result.parts):
        yield Text("Without an interval: the judge alone, as too few of these items are annotated.")


def _part_rows(part: Part, labels: Sequence[str]) -> Iterator[tuple[str, ...]]:
    facts = part.group, f"{part.items:,}", f"{part.annotated:,}"
    for one in part.quantities:
        yield *facts, one.name, shown(one, one.estimate.value), _between(one, one.estimate.low, one.estimate.high)
    if not part.quantities:
        for label, share in zip(labels, part.judge, strict=True):
            yield *facts, label, f"({100 * share:.1f} %)", ""


def _comparison(found: Comparison) -> Iterator[RenderableType]:
    yield Text("")
    yield heading(f"More than in {found.source} ({counted(found.items, 'item')})")
    for one in found.changes:
        points = "" if one.measure == "mean" else " points"
        low, value, high = (
            _signed(one, number) for number in (one.difference.low, *one.difference[:1], one.difference.high)
        )
        differs = one.difference.low > 0 or one.difference.high < 0
        end = "" if differs else "; that may be chance"
        yield Text(f"{one.name}: {value}{points} ({low} to {high}){end}.")
    one, other = found.annotated
    yield Text(
        f"From {one:,} annotated items of the one and {other:,} of the other"
        + (f"; {found.pairs:,} items are in both, by their ids, and are compared in pairs." if found.pairs else ".")
    )


def _signed(one: Change, value: float) -> str:
    return f"{value:+.3g}" if one.measure == "mean" else f"{100 * value:+.1f}"


def cautions(result: EstimateResult) -> Iterator[str]:
    """What may make the estimate wrong."""
    if result.differences:
        yield (
            "The annotated items are not like the new ones: "
            + listed([one.sentence for one in result.differences[:3]])
            + ". The intervals hold for items like the annotated ones; have a random sample of the new ones annotated."
        )
    if result.annotated < FEW:
        yield f"{counted(result.annotated, 'annotated item')} are few; the intervals are as wide as that makes them."


def remarks(result: EstimateResult) -> Iterator[str]:
    """What the estimate rests on."""
    among = f", {result.among:,} of them in {result.source}" if result.among else ""
    yield (
        f"From {result.annotated_source}: {counted(result.annotated, 'item')} with "
        f"{counted(result.annotations, 'annotation')}{among}. The judge had no part of them in its training"
        + ("; its checkpoint and temperature were chosen on some." if result.is_tuned else ".")
    )
    if result.is_weighted:
        yield "They count by their inclusion_probability, with which judgekit select drew them."
    if result.not_used:
        yield result.not_used
    if not result.is_weighted and not result.differences:
        yield "Nothing in lengths, labels or scores says that they come from another population than the new items."
    if result.left_out:
        yield f"{counted(result.left_out, 'annotated item was', 'annotated items were')} left out: trained on."
    if result.trained_on:
        yield (
            f"The judge was trained on {counted(result.trained_on, 'item')} of {result.source}; its mean is taken "
            "without them."
        )
    yield (
        f"With {result.confidence:.0%} confidence all labels lie in their intervals, whether the judge is good or not: "
        "a bad one only makes them wider. A label's share is that of the annotations people like yours would give."
    )
