"""The settings of `judgekit score` and `judgekit evaluate`."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.choices import Dtype, OnTooLong, Part
from judgekit.config.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class ScoreSettings(Settings):
    """Settings of `judgekit score`."""

    batch_size: int = setting(128, "Most items per forward pass.", ge=1)
    both_orders: bool = setting(False, "Show a pairwise comparison in both orders and average the predictions.")
    on_too_long: OnTooLong = setting(
        OnTooLong.cut, "Items that are too long: cut the middle of their longest text, drop them, or stop."
    )
    backbone: str | None = setting(None, "Where the judge's backbone is now, if it was moved.")
    trust_remote_code: bool = setting(False, "Run code that comes with the model.")
    dtype: Dtype = setting(Dtype.auto, "Number format; auto takes bfloat16 where the hardware has it.")
    device: str = setting("auto", "auto, cpu, cuda, cuda:1, mps …")


@dataclass(frozen=True, kw_only=True)
class EvaluateSettings(ScoreSettings):
    """Settings of `judgekit evaluate`."""

    part: Part = setting(Part.test, "Part of the judge's own dataset to evaluate on when no file is given.")
    confidence: float = setting(0.95, "Level of the bootstrap intervals.", gt=0, lt=1)
    resamples: int = setting(1000, "Bootstrap resamples over items.", ge=10)
    seed: int = setting(0, "Seed of the bootstrap.", ge=0)
