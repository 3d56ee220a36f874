"""The figures of `study`, drawn with matplotlib as SVG: readable in grey, with the noise floor and the baselines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import Any, NamedTuple

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from judgekit.config import StudyPlan
from judgekit.reports.drawing import INK, SERIES, STYLE, as_svg
from judgekit.studies.result import Findings, Line, OverSeeds, Point

WIDTH, HEIGHT = 7.2, 3.4
"""Inches."""
_X_WORDS: dict[StudyPlan, str] = {
    "alpha": "alpha (share of the KL term in the loss)",
    "epsilon": "epsilon (L2 radius of the training targets)",
    "robustness": "L2 length of the random perturbation of the test targets",
    "budget": "annotations per item, and items trained on",
}
_FLOOR = {"color": INK, "linestyle": "-", "linewidth": 1}
_PRIOR = {"color": "#808080", "linestyle": ":", "linewidth": 1.5}


class _Metric(NamedTuple):
    """What an axis shows."""

    name: str
    words: str
    scale: float

    def of(self, line: Line) -> OverSeeds:
        """The figures of a line, on this axis."""
        found: OverSeeds = getattr(line, self.name)
        return OverSeeds(*(self.scale * one for one in found))


_KL, _ACCURACY = _Metric("kl", "KL(p || q), nats", 1), _Metric("accuracy", "accuracy, %", 100)


def study_figures(found: Findings) -> dict[StudyPlan, str]:
    """An SVG element for each plan of a finished study."""
    drawn: dict[StudyPlan, str] = {}
    with rc_context(STYLE):
        for plan, lines in found.plans.items():
            figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
            _draw_plan(figure, plan, lines, found)
            drawn[plan] = as_svg(figure)
        if found.robustness:
            figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
            _draw_robustness(figure.subplots(), found.robustness, found.noise_floor)
            drawn["robustness"] = as_svg(figure)
    return drawn


def _draw_plan(figure: Figure, plan: StudyPlan, lines: Sequence[Line], found: Findings) -> None:
    left, right = figure.subplots(1, 2)
    draw = _draw_curve if plan in _X_WORDS else _draw_variants
    draw(left, plan, lines, _KL)
    draw(right, plan, lines, _ACCURACY)
    prior = found.baselines["class_prior"]
    along = left.axhline if plan in _X_WORDS else left.axvline
    along(found.noise_floor, label="noise floor", **_FLOOR)
    along(prior.kl, label="class prior", **_PRIOR)
    (right.axhline if plan in _X_WORDS else right.axvline)(100 * prior.accuracy, **_PRIOR)
    (left.set_ylim if plan in _X_WORDS else left.set_xlim)(0)
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=4)


def _draw_variants(axes: Axes, plan: StudyPlan, lines: Sequence[Line], metric: _Metric) -> None:
    """One row per variant: the mean with its interval, and the seeds' own means as ticks."""
    places = range(len(lines))
    _points(axes, places, lines, metric, is_sideways=True)
    axes.set_yticks(places, [line.variant for line in lines])
    axes.invert_yaxis()
    axes.margins(y=0.12)
    axes.grid(axis="x")
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(metric.words)


def _draw_curve(axes: Axes, plan: StudyPlan, lines: Sequence[Line], metric: _Metric) -> None:
    x = [line.x or 0.0 for line in lines]
    axes.plot(x, [metric.of(line).value for line in lines], color=SERIES[0]["color"], linewidth=1)
    _points(axes, x, lines, metric, is_sideways=False)
    axes.set_xticks(x)
    if plan == "budget":
        axes.set_xticks(x, [f"{line.x}\n{line.training_items:,}" for line in lines])
    axes.margins(x=0.08)
    axes.set_xlabel(_X_WORDS[plan])
    axes.set_ylabel(metric.words)


def _points(axes: Axes, places: Sequence[float], lines: Sequence[Line], metric: _Metric, *, is_sideways: bool) -> None:
    """Means with 95 % intervals; least and most of several seeds as small ticks."""
    found = [metric.of(line) for line in lines]
    value = [one.value for one in found]
    # A percentile interval need not hold its value; matplotlib takes no negative lengths.
    errors = [[max(0.0, one.value - one.low) for one in found], [max(0.0, one.high - one.value) for one in found]]
    style = {"color": SERIES[0]["color"], "fmt": "o", "markersize": 5, "capsize": 3, "label": "mean, 95 % over items"}
    several = [(place, one) for place, one, line in zip(places, found, lines, strict=True) if line.seeds > 1]
    where, ends = [place for place, _ in several for _ in range(2)], [end for _, one in several for end in one[3:]]
    ticks: dict[str, Any] = {"linestyle": "", "color": SERIES[1]["color"], "markersize": 13, "zorder": 4}
    if several:  # a legend of what is not drawn would puzzle
        ticks["label"] = "seeds, least and most"
    if is_sideways:
        axes.errorbar(value, places, xerr=errors, **style)
        axes.plot(ends, where, marker="|", **ticks)
    else:
        axes.errorbar(places, value, yerr=errors, **style)
        axes.plot(where, ends, marker="_", **ticks)


def _draw_robustness(axes: Axes, points: Sequence[Point], noise_floor: float) -> None:
    """One line per variant over the levels, its interval as a band."""
    styles = cycle(SERIES)
    for name in dict.fromkeys(point.variant for point in points):
        own = [point for point in points if point.variant == name]
        x = [point.x for point in own]
        style = _PRIOR if name == "class prior" else next(styles)
        axes.plot(x, [point.kl.value for point in own], label=name, **style)
        low, high = [point.kl.low for point in own], [point.kl.high for point in own]
        axes.fill_between(x, low, high, color=style["color"], alpha=0.12, linewidth=0)
    axes.plot([0], [noise_floor], marker="_", markersize=14, linestyle="", color=INK, label="noise floor")
    axes.set_xlabel(_X_WORDS["robustness"])
    axes.set_ylabel(_KL.words)
    axes.set_ylim(0)
    axes.figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=4)
