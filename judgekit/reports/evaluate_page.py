"""The page of `evaluate`: the verdict, each figure beside the baselines, and how to read them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from judgekit.core.metrics import Interval
from judgekit.reports.blocks import Column, Rows, heading, point
from judgekit.reports.trust_parts import looks_sentence, trust_parts
from judgekit.reports.verdict import next_step, verdict
from judgekit.trust.evaluated import EvaluateResult
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
    context = [Column("", is_figure=False), Column("KL, nats ↓", is_bold=True), Column("above the floor")]
    rows = [
        [_words(name), *_figures(found), *(shown(side.get(name)) if found else "" for side in (prior, uniform))]
        for name, found in result.metrics.items()
    ]
    return Group(
        verdict_page(result),
        Text(""),
        Rows(context, context_rows(result)),
        Text(""),
        Rows(columns, rows),
        Text(""),
        *_strata(result),
        Text(""),
        *_parts(result),
        *(Text(sentence) for sentence in remarks(result)),
        *(point(f"{'met' if one.met else 'MISSED'}: {one.sentence}") for one in result.requirements),
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


def _strata(result: EvaluateResult) -> Iterator[RenderableType]:
    if result.strata:
        headings, rows = strata_rows(result)
        yield Rows([Column(words, is_figure=n > 0) for n, words in enumerate(headings)], rows)
        yield Text("")
    yield from (Text(sentence, style="yellow") for sentence in strata_warnings(result))


def _parts(result: EvaluateResult) -> Iterator[RenderableType]:
    for part in trust_parts(result):
        yield heading(part.title)
        yield from (Text(sentence) for sentence in part.sentences)
        if part.rows:
            yield Rows([Column(words, is_figure=n > 0) for n, words in enumerate(part.headings)], part.rows)
        yield from (Text(sentence, style="yellow") for sentence in part.warnings)
        yield Text("")


def verdict_page(result: EvaluateResult) -> RenderableType:
    """The first sentences alone."""
    advice = next_step(result)
    return Group(
        heading(f"Judge {result.judge} on {result.source}"),
        *(Text(sentence) for sentence in verdict(result)),
        *([Text(advice)] if advice else []),
    )


def context_rows(result: EvaluateResult) -> list[tuple[str, str, str]]:
    """The KL of the judge among those of others on the same items, the lowest first, and what is above the floor."""
    floor, prior = result.floor.value, result.baselines["class_prior"]["kl"]
    found = {
        "a perfect judge (the noise floor)": floor,
        "this judge": _kl(result),
        "one annotator": result.one_annotator,
        "the label shares alone (class prior)": prior,
        "every label equally likely (uniform)": result.baselines["uniform"]["kl"],
    }
    known = sorted(((value, name) for name, value in found.items() if value is not None), key=lambda one: one[0])
    return [(name, shown(value), shown(max(0.0, value - floor))) for value, name in known]


def strata_rows(result: EvaluateResult) -> tuple[list[str], list[tuple[str, ...]]]:
    """Headings and rows of the figures by agreement."""
    rows = [
        (one.name, f"{one.items:,}", *_figures(one.kl), shown(one.class_prior_kl), shown(one.accuracy))
        for one in result.strata
    ]
    return [
        "agreement of people",
        "items",
        "KL ↓",
        f"{result.confidence:.0%} interval",
        "class prior",
        "accuracy",
    ], rows


def strata_warnings(result: EvaluateResult) -> Iterator[str]:
    """The strata on which the judge is worse than the class prior, by more than chance."""
    for one in result.strata:
        if one.gain.high < 0:
            yield (
                f"On {one.name} items the judge is worse than the label shares alone: KL {shown(one.kl.value)}, class "
                f"prior {shown(one.class_prior_kl)}. Do not rely on it there."
            )


def _kl(result: EvaluateResult) -> float:
    found = result.metrics["kl"]
    return math.inf if found is None else found.value


def remarks(result: EvaluateResult) -> Iterator[str]:
    """What the figures rest on, and what their names mean."""
    items = len(result.items)
    if result.left_out:
        yield (
            f"{counted(result.left_out, 'item was', 'items were')} left out: the judge was trained or chosen on the "
            "same texts, or nearly the same."
        )
    yield (
        f"{counted(items, 'item')}, {counted(result.annotations, 'annotation')} ({result.annotations / items:.1f} per "
        f"item). KL says how far the judge's distributions are from people's, in nats; lower is better. A few "
        f"annotations are noisy: even a perfect judge would show KL {shown(result.floor.value)}"
        f"{_between(result.floor)} against them, {_estimated(result)}; this one is {_excess(result)}."
    )
    if result.drawn:
        rest = items - result.drawn
        others = f", the other {rest:,} alike" if rest else ""
        yield (
            f"{counted(result.drawn, 'item was', 'items were')} drawn by judgekit select and count by 1 / "
            f"inclusion_probability{others}: the figures above are those of what they were drawn from. Calibration, "
            "sets, probes and the alt-test are of the items as they are."
        )
    if said := looks_sentence(result):
        yield said
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
    if result.written is not None:
        yield result.written.sentence()
    if result.metrics.get("order_gap"):
        orders = "averaged over both orders" if result.both_orders else "of the order given (--both-orders: of both)"
        yield (
            "Order gap: mean |p + p' - 1|, where p and p' say how far the side shown first is preferred in either "
            f"order; 0 where the order decides nothing. The other figures are {orders}."
        )


def _estimated(result: EvaluateResult) -> str:
    if math.isnan(result.floor.low):
        return "a rough guess, as no item has two annotations"
    return "as all annotations of the dataset say"


def _excess(result: EvaluateResult) -> str:
    if math.isinf(result.excess.value):
        return "infinitely far above that"
    if result.excess.value <= 0:
        return "not above that"
    return f"{shown(result.excess.value)} above that{_between(result.excess)}"


def _between(found: Interval) -> str:
    return "" if math.isnan(found.low) else f" ({shown(max(0.0, found.low))} to {shown(max(0.0, found.high))})"
