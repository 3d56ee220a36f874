"""The page of `score`: what was written, and what the judge says on the whole."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType

from judgekit.judge.results import ScoreResult
from judgekit.reports.blocks import Bars, facts, heading
from judgekit.wording import counted


def score_page(result: ScoreResult) -> RenderableType:
    """What `score` wrote."""
    shares = {label: result.mean(f"prob_{label}") or 0.0 for label in result.labels}
    return Group(heading(f"Scores of {result.judge}"), facts(_facts(result)), Bars(shares))


def _facts(result: ScoreResult) -> Iterator[tuple[str, str]]:
    yield "items", f"{result.scores.height:,}"
    yield "columns", ", ".join(result.scores.columns)
    yield "mean entropy", f"{result.mean('entropy'):.3f} nats"
    if (mass := result.mean("label_mass")) is not None:
        yield "label mass", f"{100 * mass:.3g} % on average"
    if (gap := result.mean("order_gap")) is not None:
        yield "order gap", f"{gap:.3f} on average; both orders are averaged"
    if truncated := int(result.scores["truncated"].sum()):
        yield "truncated", f"{counted(truncated, 'item')} lost the middle of their longest texts"
