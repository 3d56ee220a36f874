"""The settings of `judgekit plan`."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.choices import Level
from judgekit.config.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class PlanSettings(Settings):
    """Settings of `judgekit plan`.

    Examples:
        >>> plan("votes", settings=PlanSettings(budget=600)).rounds[0].annotations
        600
    """

    budget: int | None = setting(
        None, "Compare the rounds that so many annotations pay for (default: rounds of 100 to 3,000 items).", ge=10
    )
    level: Level = setting(
        "auto",
        "How alpha measures the distance of two labels; auto: interval for numbers, ordinal for steps, else nominal.",
    )
    confidence: float = setting(0.95, "Confidence of the intervals.", gt=0, lt=1)
    seed: int = setting(0, "Seed of the simulated items.", ge=0)
