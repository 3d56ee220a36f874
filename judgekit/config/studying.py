"""The settings of `judgekit study`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from judgekit.config.choices import Method, Preset, Reward, Stage, StudyPlan
from judgekit.config.settings import setting
from judgekit.config.training import TrainSettings

_OF_LABELS = "A study compares ways to train a judge that is read at its labels."


@dataclass(frozen=True, kw_only=True)
class StudySettings(TrainSettings):
    """Settings of `judgekit study`: those of training, which its variants change, and what to compare.

    Examples:
        >>> StudySettings(plan=("table1",), seeds=1).backbone
        'starter'
    """

    preset: Preset = setting("default", "The variants are the presets, so none can be chosen.", init=False)
    folds: int | None = setting(0, "A study has a split for all its runs.", init=False)
    probe: bool = setting(False, "A study compares ways to fine-tune.", init=False)
    quick: bool = setting(False, "A study compares ways to fine-tune.", init=False)
    method: Method = setting("label", _OF_LABELS, init=False)
    stage: Stage = setting("sft", _OF_LABELS, init=False)
    begin_with: str | None = setting(None, _OF_LABELS, init=False)
    rationale: bool = setting(False, _OF_LABELS, init=False)
    decimals: int = setting(2, _OF_LABELS, init=False)
    answer_length: int = setting(256, _OF_LABELS, init=False)
    learn_from: str | None = setting(None, _OF_LABELS, init=False)
    judgments: int = setting(8, _OF_LABELS, init=False)
    reward: Reward = setting("brier", _OF_LABELS, init=False)
    generations: int = setting(8, _OF_LABELS, init=False)
    sampling_temperature: float = setting(1.0, _OF_LABELS, init=False)
    kl_weight: float = setting(0.01, _OF_LABELS, init=False)
    plan: tuple[str, ...] = setting(
        ("table1", "ablation"), "Question to study; repeat it for several.", metavar="|".join(get_args(StudyPlan))
    )
    seeds: int = setting(3, "Trainings of each variant, with seeds from --seed on.", ge=1)
    train_items: int | None = setting(None, "Most training items, drawn at random (default: all).", ge=10)

    def cross_problems(self) -> list[str]:
        """Every plan is one of the plans."""
        wrong = [name for name in self.plan if name not in get_args(StudyPlan)]
        return super().cross_problems() + [
            f"--plan is {name!r}; expected one of {', '.join(get_args(StudyPlan))}" for name in wrong
        ]
