"""The figures of a report on a judge, each with the numbers that it shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from judgekit.core.distributions import entropy
from judgekit.core.reliability import Reliability
from judgekit.reports.drawing import INK, SERIES, STYLE, Drawn, short_name
from judgekit.trust.evaluated import EvaluateResult
from judgekit.trust.report import TrainingPoint

MOST_LABELS = 8
"""Of more labels a reliability diagram would be a speck; the numbers have them all."""
_PEOPLE, _JUDGE = str(SERIES[0]["color"]), str(SERIES[1]["color"])


def trust_figures(result: EvaluateResult, curve: Sequence[TrainingPoint]) -> Iterator[Drawn]:
    """The figures of an evaluation and of the training before it.

    Args:
        result: of the evaluation.
        curve: what the training logged; may be empty.
    """
    with rc_context(STYLE):
        if result.calibrations is not None:
            yield _reliability(result.calibrations.shares, result.calibrations.right)
        yield _distributions(result)
        if result.strata:
            yield _strata(result)
        if len(curve) > 1:
            yield _training(curve)


def _reliability(shares: Sequence[Reliability], right: Reliability) -> Drawn:
    shown = [*shares[:MOST_LABELS], right]
    columns = min(4, len(shown))
    lines = -(-len(shown) // columns)
    figure = Figure(figsize=(max(3.6, 1.9 * columns), 2.2 * lines), layout="constrained")
    grid = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True).ravel()
    for axes, one in zip(grid, shown, strict=False):
        axes.plot([0, 1], [0, 1], color="#808080", linestyle=":", linewidth=1.2)
        axes.plot(
            one.predicted,
            one.observed,
            markersize=4,
            linewidth=1,
            clip_on=False,
            **(SERIES[0] if one.name else SERIES[1]),
        )
        axes.set_title(short_name(one.name) if one.name else "being right", fontsize=9)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
    for axes in grid[len(shown) :]:
        axes.set_visible(False)
    figure.supxlabel("predicted", fontsize=9)
    figure.supylabel("of people", fontsize=9)
    rows = tuple(
        (one.name or "being right", f"{items:,}", f"{predicted:.3f}", f"{observed:.3f}")
        for one in (*shares, right)
        for items, predicted, observed in zip(one.items, one.predicted, one.observed, strict=True)
    )
    words = (
        "Reliability diagrams: for each label, what the judge predicts against the share of people who chose it, in "
        "bins of equally many items; on the dotted line both are equal."
    )
    return Drawn("reliability", "Reliability", words, figure, ("", "items", "predicted", "of people"), rows)


def _distributions(result: EvaluateResult) -> Drawn:
    items = result.items
    figure = Figure(figsize=(7.2, max(2.6, 0.42 * len(items.labels) + 1.2)), layout="constrained")
    left, right = figure.subplots(1, 2)
    people, judge = items.shares.mean(axis=0), items.probabilities.mean(axis=0)
    places = np.arange(len(items.labels))
    left.barh(places - 0.2, people, height=0.36, color=_PEOPLE, label="people")
    left.barh(places + 0.2, judge, height=0.36, facecolor="none", edgecolor=_JUDGE, hatch="////", label="judge")
    left.set_yticks(places, [short_name(label) for label in items.labels])
    left.invert_yaxis()
    left.grid(axis="x")
    left.grid(visible=False, axis="y")
    left.set_xlabel("mean share")
    of_people, of_judge = entropy(items.shares), entropy(items.probabilities)
    edges = np.linspace(0, np.log(len(items.labels)) + 1e-9, 13)
    for values, style, name in ((of_people, "-", "people"), (of_judge, "--", "judge")):
        color = _PEOPLE if name == "people" else _JUDGE
        counts = np.histogram(values, edges)[0] / len(values)
        right.stairs(counts, edges, color=color, linestyle=style, linewidth=1.8, label=name)
    right.set_xlabel("entropy of an item, nats")
    right.set_ylabel("share of the items")
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    rows = [
        (f"mean share of {label}", f"{p:.3f}", f"{q:.3f}")
        for label, p, q in zip(items.labels, people, judge, strict=True)
    ]
    rows.append(("mean entropy, nats", f"{of_people.mean():.3f}", f"{of_judge.mean():.3f}"))
    words = (
        "Left: the mean share of each label, of people (filled) and of the judge (hatched). Right: how many items have "
        "which entropy, of people (solid) and of the judge (dashed)."
    )
    return Drawn("distributions", "What people and the judge say", words, figure, ("", "people", "judge"), tuple(rows))


def _strata(result: EvaluateResult) -> Drawn:
    strata = [*result.strata, *result.by]
    figure = Figure(figsize=(7.2, 0.42 * len(strata) + 1.3), layout="constrained")
    axes: Axes = figure.subplots()
    places = range(len(strata))
    value = [one.kl.value for one in strata]
    lower = [_length(one.kl.value - one.kl.low) for one in strata]
    upper = [_length(one.kl.high - one.kl.value) for one in strata]
    style: dict[str, Any] = {"fmt": "o", "markersize": 5, "capsize": 3, "color": _JUDGE}
    axes.errorbar(value, places, xerr=[lower, upper], label=f"judge, {result.confidence:.0%} interval", **style)
    axes.plot([one.class_prior_kl for one in strata], places, marker="|", markersize=14, linestyle="", color=INK,
              label="class prior")  # fmt: skip
    axes.set_yticks(places, [short_name(one.name) for one in strata])
    axes.invert_yaxis()
    axes.grid(axis="x")
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("KL(p || q), nats")
    axes.set_xlim(0)
    axes.margins(y=0.2)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    rows = tuple((one.name, f"{one.items:,}", f"{one.kl.value:.3f}", f"{one.class_prior_kl:.3f}") for one in strata)
    words = "The judge's KL with its interval beside that of the class prior (a vertical tick), in parts of the items."
    return Drawn("strata", "Where it does well", words, figure, ("", "items", "KL", "KL of the class prior"), rows)


def _training(curve: Sequence[TrainingPoint]) -> Drawn:
    figure = Figure(figsize=(7.2, 2.8), layout="constrained")
    axes: Axes = figure.subplots()
    for name, values, style in (
        ("loss", [(one.step, one.loss) for one in curve if one.loss is not None], SERIES[0]),
        ("validation KL", [(one.step, one.kl) for one in curve if one.kl is not None], SERIES[1]),
    ):
        if values:
            axes.plot(*zip(*values, strict=True), markersize=4, linewidth=1.3, label=name, **style)
    axes.set_xlabel("step")
    axes.set_ylabel("nats")
    axes.set_ylim(0)
    axes.legend()
    rows = tuple(
        (f"{one.step:,}", "" if one.loss is None else f"{one.loss:.4f}", "" if one.kl is None else f"{one.kl:.4f}")
        for one in curve
    )
    words = "Loss on the training items and KL on the validation items by the steps of the training."
    return Drawn("training", "Training", words, figure, ("step", "loss", "validation KL"), rows)


def _length(value: float) -> float:
    """Of an error bar; a percentile interval need not hold its value, and matplotlib takes no negative lengths."""
    return max(0.0, value) if np.isfinite(value) else 0.0
