"""The figures of `study`, drawn with matplotlib as SVG: readable in grey, with the noise floor and the baselines."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from judgekit.studies.result import StudyResult

_RC: dict[Any, Any] = {
    "svg.hashsalt": "judgekit",  # the same facts, the same bytes
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#dddddd",
    "axes.axisbelow": True,
    "legend.frameon": False,
}
WIDTH, HEIGHT = 7.2, 3.4
"""Inches."""
_X_WORDS = {
    "alpha": "alpha (share of the KL term in the loss)",
    "epsilon": "epsilon (L2 radius of the training targets)",
    "robustness": "L2 length of the random perturbation of the test targets",
    "budget": "annotations per item, and items trained on",
}
# Told apart by marker and dash as well as by shade.
_STYLES = [
    {"color": "#1b4f8a", "marker": "o", "linestyle": "-"},
    {"color": "#c2571a", "marker": "s", "linestyle": "--"},
    {"color": "#3c8d4f", "marker": "^", "linestyle": "-."},
    {"color": "#7d4fa3", "marker": "D", "linestyle": (0, (3, 1, 1, 1))},
    {"color": "#a08a1c", "marker": "v", "linestyle": (0, (5, 2))},
]
_FLOOR = {"color": "#222222", "linestyle": "-", "linewidth": 1}
_PRIOR = {"color": "#777777", "linestyle": ":", "linewidth": 1.5}


def study_figures(result: StudyResult) -> dict[str, str]:
    """An SVG element for each plan of a finished study."""
    facts = result.to_json()
    found: dict[str, str] = {}
    with rc_context(_RC):
        for plan, lines in facts["plans"].items():
            figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
            draw_plan(figure, plan, lines, facts)
            found[plan] = _svg(figure)
    return found


def draw_plan(figure: Figure, plan: str, lines: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> None:
    """Draw one plan into an empty figure."""
    if plan == "robustness":
        _draw_robustness(figure.subplots(), lines, facts)
        return
    left, right = figure.subplots(1, 2)
    draw = _draw_curve if plan in _X_WORDS else _draw_variants
    draw(left, plan, lines, "kl", 1)
    draw(right, plan, lines, "accuracy", 100)
    prior = facts["baselines"]["class_prior"]
    along = left.axhline if plan in _X_WORDS else left.axvline
    along(facts["noise_floor"], label="noise floor", **_FLOOR)
    along(prior["kl"], label="class prior", **_PRIOR)
    (right.axhline if plan in _X_WORDS else right.axvline)(100 * prior["accuracy"], **_PRIOR)
    (left.set_ylim if plan in _X_WORDS else left.set_xlim)(0)
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=4)


def _draw_variants(axes: Axes, plan: str, lines: Sequence[Mapping[str, Any]], metric: str, scale: float) -> None:
    """One row per variant: the mean with its interval, and the seeds' own means as ticks."""
    places = range(len(lines))
    _points(axes, places, lines, metric, scale, is_sideways=True)
    axes.set_yticks(places, [line["variant"] for line in lines])
    axes.invert_yaxis()
    axes.margins(y=0.12)
    axes.grid(axis="x")
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(_METRIC_WORDS[metric])


def _draw_curve(axes: Axes, plan: str, lines: Sequence[Mapping[str, Any]], metric: str, scale: float) -> None:
    x = [line["x"] for line in lines]
    axes.plot(x, [scale * line[metric]["value"] for line in lines], color=_STYLES[0]["color"], linewidth=1)
    _points(axes, x, lines, metric, scale, is_sideways=False)
    axes.set_xticks(x)
    if plan == "budget":
        axes.set_xticks(x, [f"{line['x']}\n{line['training_items']:,}" for line in lines])
    axes.margins(x=0.08)
    axes.set_xlabel(_X_WORDS[plan])
    axes.set_ylabel(_METRIC_WORDS[metric])


_METRIC_WORDS = {"kl": "KL(p || q), nats", "accuracy": "accuracy, %"}


def _points(
    axes: Axes,
    places: Sequence[float],
    lines: Sequence[Mapping[str, Any]],
    metric: str,
    scale: float,
    *,
    is_sideways: bool,
) -> None:
    """Means with 95 % intervals; least and most of the seeds as small ticks."""
    found = [line[metric] for line in lines]
    value = [scale * one["value"] for one in found]
    # A percentile interval need not hold its value; matplotlib takes no negative lengths.
    errors = [
        [max(0.0, scale * (one["value"] - one["low"])) for one in found],
        [max(0.0, scale * (one["high"] - one["value"])) for one in found],
    ]
    style = {"color": _STYLES[0]["color"], "fmt": "o", "markersize": 5, "capsize": 3, "label": "mean, 95 % over items"}
    pairs = zip(places, lines, strict=True)
    seeds = [
        (place, scale * line[metric][end]) for place, line in pairs if line["seeds"] > 1 for end in ("least", "most")
    ]
    where, ends = [place for place, _ in seeds], [end for _, end in seeds]
    ticks = {"linestyle": "", "color": "#c2571a", "markersize": 13, "zorder": 4, "label": "seeds, least and most"}
    if is_sideways:
        axes.errorbar(value, places, xerr=errors, **style)
        axes.plot(ends, where, marker="|", **ticks)
    else:
        axes.errorbar(places, value, yerr=errors, **style)
        axes.plot(where, ends, marker="_", **ticks)


def _draw_robustness(axes: Axes, points: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> None:
    """One line per variant over the levels, its interval as a band."""
    styles = cycle(_STYLES)
    for name in dict.fromkeys(point["variant"] for point in points):
        own = [point for point in points if point["variant"] == name]
        x, kl = [point["x"] for point in own], [point["kl"] for point in own]
        style = _PRIOR if name == "class prior" else next(styles)
        axes.plot(x, [one["value"] for one in kl], label=name, **style)
        axes.fill_between(
            x, [one["low"] for one in kl], [one["high"] for one in kl], color=style["color"], alpha=0.12, linewidth=0
        )
    axes.plot(
        [0], [facts["noise_floor"]], marker="_", markersize=14, linestyle="", color="#222222", label="noise floor"
    )
    axes.set_xlabel(_X_WORDS["robustness"])
    axes.set_ylabel(_METRIC_WORDS["kl"])
    axes.set_ylim(0)
    axes.figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=4)


def _svg(figure: Figure) -> str:
    """The figure as an SVG element without the head of an XML file."""
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    return text[text.index("<svg") :]
