"""The page of `doctor`."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from judgekit.judge.installation import Installation
from judgekit.reports.blocks import facts, heading, point


def doctor_page(found: Installation) -> RenderableType:
    """What judgekit runs on, then what is wrong."""
    parts: list[RenderableType] = [facts(found.facts.items()), Text("")]
    if not found.problems:
        return Group(*parts, heading("Nothing is wrong."))
    return Group(*parts, heading("What is wrong"), *(point(problem, style="yellow") for problem in found.problems))
