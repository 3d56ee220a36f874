"""The page of `score`: what was written, and what the judge says on the whole."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType

from judgekit.judge.scored_file import ScoredFile
from judgekit.reports.blocks import Bars, facts, heading
from judgekit.wording import counted


def score_page(scored: ScoredFile) -> RenderableType:
    """What `score` wrote."""
    return Group(heading(f"Scores of {scored.judge}"), facts(_facts(scored)), Bars(scored.label_shares))


def _facts(scored: ScoredFile) -> Iterator[tuple[str, str]]:
    yield "items", f"{scored.items:,}"
    yield "columns", ", ".join(scored.columns)
    if scored.engine != "torch":
        yield "computed by", scored.engine
    yield "mean entropy", f"{scored.mean_entropy:.3f} nats"
    if scored.mean_label_mass is not None:
        yield "label mass", f"{100 * scored.mean_label_mass:.3g} % on average"
    if scored.mean_order_gap is not None:
        yield "order gap", f"{scored.mean_order_gap:.3f} on average; both orders are averaged"
    if scored.for_review is not None:
        share = scored.for_review / max(1, scored.items)
        yield "for review", f"{counted(scored.for_review, 'item')} ({share:.1%})"
    if scored.unparsed:
        share = scored.unparsed / max(1, scored.items)
        yield "answers not read", f"{counted(scored.unparsed, 'item')} ({share:.1%}), read otherwise (column parsed)"
    if scored.without_reasons:
        yield "without reasons", f"{counted(scored.without_reasons, 'cell')}: the judge wrote none for that label"
    if scored.truncated:
        yield "truncated", f"{counted(scored.truncated, 'item')} lost the middle of their longest texts"
