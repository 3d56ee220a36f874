"""The settings of `judgekit study`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from judgekit.config.choices import StudyPlan
from judgekit.config.settings import setting
from judgekit.config.training import TrainSettings
from judgekit.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class StudySettings(TrainSettings):
    """Settings of `judgekit study`: those of training, which its variants change, and what to compare.

    Examples:
        >>> StudySettings(plan=("table1",), seeds=1).backbone
        'starter'
    """

    plan: tuple[str, ...] = setting(
        ("table1", "ablation"), "Question to study; repeat it for several.", metavar="|".join(StudyPlan)
    )
    seeds: int = setting(3, "Trainings of each variant, with seeds from --seed on.", ge=1)
    train_items: int | None = setting(None, "Most training items, drawn at random (default: all).", ge=10)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Settings from a mapping.

        Raises:
            SettingsError: a preset is given, a key is not a setting of this verb, or a value is out of range.
        """
        if "preset" in values:
            raise SettingsError("--preset cannot be set for a study: its variants are the presets.", hint="Omit it.")
        return super().from_json(values)

    def cross_problems(self) -> list[str]:
        """Every plan is one of the plans."""
        wrong = [name for name in self.plan if name not in list(StudyPlan)]
        return super().cross_problems() + [
            f"--plan is {name!r}; expected one of {', '.join(StudyPlan)}" for name in wrong
        ]
