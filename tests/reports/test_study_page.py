"""The tables and figures of `study`, from facts that real studies rarely show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from judgekit.reports.study_figures import study_figures
from judgekit.reports.study_html import study_html
from judgekit.reports.study_page import remarks, study_markdown, study_page
from judgekit.studies.result import StudyResult


def line(variant: str, kl: float, **more: Any) -> dict[str, Any]:
    figure = {"value": kl, "low": kl - 0.01, "high": kl + 0.01, "least": kl, "most": kl}
    accuracy = {"value": 0.7, "low": 0.65, "high": 1.0, "least": 0.69, "most": 0.71}
    known = {"variant": variant, "seeds": 2, "training_items": 1_000_000, "kl": figure, "accuracy": accuracy}
    return known | {"items_per_second": 1234.5, "peak_memory": 100 * 2**30, "label_mass": 0.031} | more


def result(facts: dict[str, Any]) -> StudyResult:
    return StudyResult("tea <i>", Path("study"), 2, 2, facts)


@pytest.fixture
def facts() -> dict[str, Any]:
    """A causal LM that is far off before it is trained."""
    return {
        "backbone": "Qwen/Qwen2.5-7B", "items": {"train": 1_000_000, "test": 10}, "seeds": 2,
        "test_annotations": 50, "noise_floor": 0.1, "kl_above_paper": {}, "notes": ["Learning rate: 5e-05."],
        "baselines": {name: {"kl": 0.9, "accuracy": 0.33} for name in ("class_prior", "uniform")},
        "plans": {"table1": [line("raw", 12.345), line("paper", 0.2)], "alpha": [line("alpha 0.2", 0.3, x=0.2)]},
    }  # fmt: skip


def test_large_figures_fit_80_columns_whole(facts: dict[str, Any]) -> None:
    console = Console(width=80)
    with console.capture() as capture:
        console.print(study_page(result(facts)))
    assert "…" not in capture.get()
    for shown in ("12.35", "12.34–12.36", "65.0–100.0", "1,234", "100.0", "raw 3.1 %"):
        assert shown in capture.get()


def test_variants_whose_trainings_gained_nothing_are_named(facts: dict[str, Any]) -> None:
    assert not any("untrained judge was kept" in remark for remark in remarks(facts))
    facts["plans"]["table1"].append(line("default", 0.9, untrained=2))
    facts["plans"]["ablation"] = [line("paper", 0.9, untrained=0)]
    assert any("in trainings of: default (2)" in remark for remark in remarks(facts))


def test_text_of_the_user_is_text_in_the_page_and_equal_facts_give_equal_bytes(facts: dict[str, Any]) -> None:
    pages = [study_html(result(facts), study_figures(result(facts))) for _ in range(2)]
    assert pages[0] == pages[1]
    assert "tea &lt;i&gt;" in pages[0] and "tea <i>" not in pages[0]
    assert "Learning rate: 5e-05." in pages[0] and "Learning rate: 5e-05." in study_markdown(result(facts))


def test_an_interval_beside_its_value_can_be_drawn(facts: dict[str, Any]) -> None:
    """A percentile bootstrap over few items may leave the mean outside; matplotlib takes no negative lengths."""
    facts["plans"]["alpha"][0]["kl"] |= {"low": 0.31, "high": 0.35}
    assert "<svg" in study_figures(result(facts))["alpha"]
