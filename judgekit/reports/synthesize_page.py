"""The page of `synthesize`: what was asked, what it took, and what is fit to learn from."""

from __future__ import annotations

from rich.console import Group, RenderableType

from judgekit.reports.blocks import facts, heading
from judgekit.synthesis.result import SynthesisResult


def synthesize_page(result: SynthesisResult) -> RenderableType:
    """What a teacher did, or would do."""
    is_dry = not result.items
    tokens = f"{result.prompt_tokens:,} of prompts, {result.answer_tokens:,} of judgments"
    rows = [
        ("teacher", result.teacher),
        ("calls", f"{result.calls:,}" if is_dry else f"{result.answered:,} of {result.calls:,} answered"),
        ("tokens", f"about {tokens} at most" if is_dry else tokens),
        *([("cost", f"{result.cost:,.2f}")] if result.cost else []),
        *([] if is_dry else [("rate", f"{result.per_second:.2g} judgments/s")]),
        *((f"items {name}", f"{count:,}") for name, count in result.items.items()),
        *((f"judgments: {name}", f"{count:,}") for name, count in result.judgments.items()),
        *((f"not answered ({count:,})", why) for why, count in result.failures.items()),
    ]
    return Group(heading(f"Judgments of {result.dataset}"), facts(rows))
