"""The tables and figures of `study`, from facts that real studies rarely show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from judgekit.reports.study_figures import study_figures
from judgekit.reports.study_html import study_html
from judgekit.reports.study_page import remarks, study_markdown, study_page
from judgekit.studies.result import Baseline, Findings, Line, OverSeeds, Sizes, StudyResult


def line(variant: str, kl: float, **more: Any) -> Line:
    figure = OverSeeds(kl, kl - 0.01, kl + 0.01, kl, kl)
    known = Line(variant, 2, 1_000_000, figure, OverSeeds(0.7, 0.65, 1.0, 0.69, 0.71), 0.031, 0, 1234.5, 100 * 2**30)
    return known._replace(**more)


@pytest.fixture
def found() -> StudyResult:
    """A causal LM that is far off before it is trained."""
    findings = Findings(
        dataset="tea",
        backbone="Qwen/Qwen2.5-7B",
        notes=("Learning rate: 5e-05.",),
        sizes=Sizes({"train": 1_000_000, "test": 10}, 50, None),
        seeds=2,
        noise_floor=0.1,
        baselines={name: Baseline(0.9, 0.33) for name in ("class_prior", "uniform")},
        plans={"table1": [line("raw", 12.345), line("paper", 0.2)], "alpha": [line("alpha 0.2", 0.3, x=0.2)]},
        kl_above_paper={},
    )
    return StudyResult("tea <i>", Path("study"), 2, 2, findings)


def with_plans(found: StudyResult, **plans: list[Line]) -> StudyResult:
    assert found.findings is not None
    return found._replace(findings=found.findings._replace(plans={**found.findings.plans, **plans}))


def test_large_figures_fit_80_columns_whole(found: StudyResult) -> None:
    console = Console(width=80)
    with console.capture() as capture:
        console.print(study_page(found))
    assert "…" not in capture.get()
    for shown in ("12.35", "12.34–12.36", "65.0–100.0", "1,234", "100.0", "raw 3.1 %"):
        assert shown in capture.get()


def test_variants_whose_trainings_gained_nothing_are_named(found: StudyResult) -> None:
    assert not any("untrained judge was kept" in remark for remark in remarks(found.to_json()))
    more = with_plans(found, table1=[line("default", 0.9, untrained=2)], ablation=[line("paper", 0.9)])
    assert any("in trainings of: default (2)" in remark for remark in remarks(more.to_json()))


def test_text_of_the_user_is_text_in_the_page_and_equal_facts_give_equal_bytes(found: StudyResult) -> None:
    pages = [study_html(found, study_figures(found)) for _ in range(2)]
    assert pages[0] == pages[1]
    assert "tea &lt;i&gt;" in pages[0] and "tea <i>" not in pages[0]
    assert "Learning rate: 5e-05." in pages[0] and "Learning rate: 5e-05." in study_markdown(found)


def test_an_interval_beside_its_value_can_be_drawn(found: StudyResult) -> None:
    """A percentile bootstrap over few items may leave the mean outside; matplotlib takes no negative lengths."""
    beside = line("alpha 0.2", 0.3, x=0.2)._replace(kl=OverSeeds(0.3, 0.31, 0.35, 0.3, 0.3))
    assert "<svg" in study_figures(with_plans(found, alpha=[beside]))["alpha"]
