"""The page of `evaluate`: the verdict, each figure beside the baselines, and how to read them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from judgekit.core.metrics import Interval
from judgekit.judge.evaluation import EvaluateResult
from judgekit.reports.blocks import Column, Rows, heading
from judgekit.wording import counted

METRIC_WORDS = {
    "kl": "KL(p || q), nats",
    "accuracy": "accuracy",
    "js_distance": "JS distance",
    "total_variation": "total variation",
    "brier": "Brier, unbiased",
    "rps": "RPS",
    "wasserstein1": "Wasserstein-1",
    "mae_of_mean": "error of the mean",
    "entropy_correlation": "entropy correlation",
    "order_gap": "order gap",
}
_HIGHER_IS_BETTER = {"accuracy", "entropy_correlation"}
FEWEST_ITEMS = 50
"""On fewer items the figures depend on which items they are."""
GOOD, FAIR = 0.7, 0.3
"""Shares of the way from the class prior to a perfect judge."""


def evaluate_page(result: EvaluateResult) -> RenderableType:
    """What `evaluate` measured."""
    prior, uniform = result.baselines["class_prior"], result.baselines["uniform"]
    columns = [
        Column("", is_figure=False),
        Column("judge", is_bold=True),
        Column(f"{result.confidence:.0%} interval"),
        Column("class prior"),
        Column("uniform"),
    ]
    rows = [
        [_words(name), *_figures(found), *(shown(side.get(name)) if found else "" for side in (prior, uniform))]
        for name, found in result.metrics.items()
    ]
    return Group(
        heading(f"Judge {result.judge} on {result.source}"),
        *(Text(sentence) for sentence in verdict(result)),
        Text(""),
        Rows(columns, rows),
        Text(""),
        *(Text(sentence) for sentence in _remarks(result)),
    )


def shown(value: float | None) -> str:
    """A figure with three digits; empty where there is none."""
    return "" if value is None or math.isnan(value) else "infinite" if math.isinf(value) else f"{value:.3f}"


def _words(name: str) -> str:
    return f"{METRIC_WORDS[name]} {'↑' if name in _HIGHER_IS_BETTER else '↓'}"


def _figures(found: Interval | None) -> tuple[str, str]:
    if found is None:
        return "undefined", ""
    return shown(found.value), "" if math.isnan(found.low) else f"{shown(found.low)} … {shown(found.high)}"


def verdict(result: EvaluateResult) -> Iterator[str]:
    """What the KL means, in one or two sentences."""
    if result.items < FEWEST_ITEMS:
        yield f"Too few items to tell: {counted(result.items, 'item')}, where {FEWEST_ITEMS} are few."
    kl, prior, floor = _kl(result), result.baselines["class_prior"]["kl"] or 0.0, result.noise_floor
    if kl >= prior:
        yield (
            "Not better than the class prior: this judge has learned nothing that carries over. More items or "
            "annotators, a larger --backbone, another template or, for comparisons of two sides, --swap may help."
        )
    elif kl <= floor:
        yield "As near to these annotations as their noise lets anyone see: more annotators would tell more."
    else:
        way = (prior - kl) / (prior - floor)
        word = "Good" if way >= GOOD else "Fair" if way >= FAIR else "Weak"
        yield f"{word}: {way:.0%} of the way from the class prior to a perfect judge, by KL."


def _kl(result: EvaluateResult) -> float:
    found = result.metrics["kl"]
    return math.inf if found is None else found.value


def _remarks(result: EvaluateResult) -> Iterator[str]:
    """What the figures rest on."""
    kl, floor = _kl(result), result.noise_floor
    excess = "an infinite KL" if math.isinf(kl) else f"{max(0.0, kl - floor):.3f} more"
    yield (
        f"{counted(result.items, 'item')}, {counted(result.annotations, 'annotation')} "
        f"({result.annotations / result.items:.1f} per item). Against these annotations a perfect judge would show KL "
        f"{floor:.3f}; this one has {excess}."
    )
    yield "Accuracy: the judge's most probable label against the most frequent one; ties share the credit."
    if result.truncated:
        yield f"{counted(result.truncated, 'item was', 'items were')} too long and lost the middle of the longest text."
    if result.dropped:
        yield f"{counted(result.dropped, 'item was', 'items were')} too long and left out."
    if result.label_mass is not None:
        yield (
            f"The model gives the labels {100 * result.label_mass:.3g} % of its probability; the distributions are "
            "relative to that."
        )
    if result.metrics.get("order_gap"):
        orders = "averaged over both orders" if result.both_orders else "of the order given (--both-orders: of both)"
        yield (
            "Order gap: mean |p + p' - 1|, where p and p' say how far the side shown first is preferred in either "
            f"order; 0 where the order decides nothing. The other figures are {orders}."
        )
