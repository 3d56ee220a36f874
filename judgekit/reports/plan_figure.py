"""The figure of `plan`: what rounds of annotation tell, against what they cost."""

from __future__ import annotations

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from judgekit.decisions.plan import PlanResult
from judgekit.reports.drawing import SERIES, STYLE, as_file

KINDS = ("svg", "pdf")
WIDTH, HEIGHT = 7.2, 3.4
"""Inches."""


def plan_figure(result: PlanResult, kind: str) -> bytes:
    """The interval of a share and the detectable gain, against annotations in all; as a file of a kind of `KINDS`."""
    with rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
        left, right = figure.subplots(1, 2)
        _draw(left, result, "share", f"share of {result.label}: ± points", 100)
        _draw(right, result, "gain", "detectable gain in KL, nats", 1)
        figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=5)
        return as_file(figure, kind)


def _draw(axes: Axes, result: PlanResult, name: str, words: str, scale: float) -> None:
    """A line for each number of annotations per item; one point each where a budget fixes what is spent."""
    by_budget = result.budget is not None
    numbers = sorted({one.annotations_per_item for one in result.rounds})
    for series, number in zip(SERIES, numbers, strict=True):
        rounds = [one for one in result.rounds if one.annotations_per_item == number]
        axes.plot(
            [one.items if by_budget else one.annotations for one in rounds],
            [scale * getattr(one, name) for one in rounds],
            label=f"{number} per item",
            **series,
        )
    axes.set_xscale("log")
    axes.set_ylim(0)
    # A dollar sign in a label would start a formula.
    axes.set_ylabel(words.replace("$", r"\$"))
    axes.set_xlabel("items" if by_budget else "annotations in all")
    axes.grid()
