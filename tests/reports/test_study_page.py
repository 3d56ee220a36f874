"""The tables and figures of `study`, from facts that real studies rarely show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from judgekit.core.metrics import Interval
from judgekit.reports.study_figures import study_figures
from judgekit.reports.study_html import study_html
from judgekit.reports.study_page import remarks, study_markdown, study_page, winner
from judgekit.studies.plans import LEVELS
from judgekit.studies.result import Baseline, Findings, Line, Made, OverSeeds, Point, Sizes, StudyResult


def line(variant: str, kl: float, **more: Any) -> Line:
    figure = OverSeeds(kl, kl - 0.01, kl + 0.01, kl, kl)
    known = Line(variant, 2, 1_000_000, figure, OverSeeds(0.7, 0.65, 1.0, 0.69, 0.71), 0.031, 0, 1234.5, 100 * 2**30)
    return known._replace(**more)


@pytest.fixture
def found() -> Findings:
    """A causal LM that is far off before it is trained."""
    return Findings(
        dataset="tea",
        backbone="Qwen/Qwen2.5-7B",
        notes=("Learning rate: 5e-05.",),
        sizes=Sizes({"train": 1_000_000, "test": 10}, 50, None),
        seeds=2,
        noise_floor=0.1,
        baselines={name: Baseline(0.9, 0.33) for name in ("class_prior", "uniform")},
        plans={
            "table1": [line("raw", 12.345), line("paper", 0.2)],
            "alpha": [line("alpha 0.2", 0.3, x=0.2)],
        },
        robustness=[Point(name, x, OverSeeds(0.4321, 0.4, 0.5, 0.4, 0.5)) for name in ("raw", "paper") for x in LEVELS],
        kl_above_paper={"raw": Interval(12.145, 11.0, 13.0)},
        made=Made("2026-11-28T10:00:00+00:00", "0.1.0", "judgekit study tea --seeds 2"),
    )


def with_plans(found: Findings, **plans: list[Line]) -> Findings:
    return found._replace(plans={**found.plans, **plans})


@pytest.mark.parametrize("width", [40, 60, 80])
def test_figures_stay_whole_at_any_width(found: Findings, width: int) -> None:
    console = Console(width=width)
    with console.capture() as capture:
        console.print(study_page(StudyResult("tea", Path("study"), 2, 2, found)))
    shown = capture.get()
    assert "…" not in shown and max(map(len, shown.splitlines())) <= width
    for figure in ("12.35", "12.34–12.36", "65.0–100.0", "1,234", "100.0", "0.432", "0.900", "alpha 0.2"):
        assert figure in shown


def test_one_sentence_says_who_won_and_whether_by_chance(found: Findings) -> None:
    def said(default: float, low: float, high: float) -> str:
        lines = [line("paper", 0.2), line("default", default)]
        return winner(
            with_plans(found, table1=lines, alpha=[])._replace(
                kl_above_paper={"default": Interval(default - 0.2, low, high)}
            )
        )

    assert said(0.15, -0.07, -0.03) == "default has the lowest KL, 0.150; its lead over paper is beyond chance."
    assert said(0.19, -0.03, 0.01) == "default has the lowest KL, 0.190; its lead over paper may be chance."
    assert said(0.25, 0.01, 0.09) == "paper has the lowest KL, 0.200; its lead over default is beyond chance."
    alone = winner(found._replace(plans={"alpha": [line("alpha 0.2", 0.3)]}, kl_above_paper={}))
    assert alone == "alpha 0.2 has the lowest KL, 0.300 (95 % interval 0.290–0.310)."
    lost = winner(with_plans(found, table1=[line("paper", 1.5)], alpha=[]))
    assert lost == "paper has the lowest KL, 1.500, but not a lower one than the class prior (0.900)."


def test_variants_whose_trainings_gained_nothing_are_named(found: Findings) -> None:
    assert not any("untrained judge was kept" in remark for remark in remarks(found))
    more = with_plans(found, table1=[line("default", 0.9, untrained=2)], ablation=[line("paper", 0.9)])
    assert any("in trainings of: default (2)" in remark for remark in remarks(more))


def test_text_of_the_user_is_text_in_the_page_and_equal_facts_give_equal_bytes(found: Findings) -> None:
    pages = [study_html("tea <i>", found, study_figures(found)) for _ in range(2)]
    assert pages[0] == pages[1]
    assert "tea &lt;i&gt;" in pages[0] and "tea <i>" not in pages[0]
    for page in (pages[0], study_markdown("tea", found)):
        assert "Learning rate: 5e-05." in page
        assert "Made on 2026-11-28 by judgekit 0.1.0: judgekit study tea --seeds 2" in page


def test_the_page_follows_light_and_dark_and_only_its_tables_scroll(found: Findings) -> None:
    figures = study_figures(found)
    page = study_html("tea", found, figures)
    assert "color-scheme: light dark" in page and page.count('<div class="wide"') == len(figures) == 3
    assert all("currentColor" in figure and "#ffffff" not in figure for figure in figures.values())


def test_seeds_are_in_the_legend_only_where_there_are_several(found: Findings) -> None:
    def legend(seeds: int) -> bool:
        lines = [line("paper", 0.2, seeds=seeds)]
        return "seeds, least and most" in study_figures(with_plans(found, table1=lines))["table1"]

    assert legend(2) and not legend(1)


def test_an_interval_beside_its_value_can_be_drawn(found: Findings) -> None:
    """A percentile bootstrap over few items may leave the mean outside; matplotlib takes no negative lengths."""
    beside = line("alpha 0.2", 0.3, x=0.2)._replace(kl=OverSeeds(0.3, 0.31, 0.35, 0.3, 0.3))
    assert "<svg" in study_figures(with_plans(found, alpha=[beside]))["alpha"]
