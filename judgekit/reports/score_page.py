"""The page of `score`: what was written, and what the judge says on the whole."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType

from judgekit.judge.scores import Scores
from judgekit.reports.blocks import Bars, facts, heading
from judgekit.wording import counted


def score_page(scores: Scores) -> RenderableType:
    """What `score` wrote."""
    shares = dict(zip(scores.labels, scores.probabilities.mean(axis=0).tolist(), strict=True))
    return Group(heading(f"Scores of {scores.judge}"), facts(_facts(scores)), Bars(shares))


def _facts(scores: Scores) -> Iterator[tuple[str, str]]:
    yield "items", f"{len(scores):,}"
    yield "columns", ", ".join(scores.to_polars().columns)
    yield "mean entropy", f"{scores.entropy.mean():.3f} nats"
    if scores.label_mass is not None:
        yield "label mass", f"{100 * scores.label_mass.mean():.3g} % on average"
    if scores.order_gap is not None:
        yield "order gap", f"{scores.order_gap.mean():.3f} on average; both orders are averaged"
    if truncated := int(scores.is_truncated.sum()):
        yield "truncated", f"{counted(truncated, 'item')} lost the middle of their longest texts"
