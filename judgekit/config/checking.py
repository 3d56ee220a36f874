"""The settings of `judgekit check`."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.choices import Level
from judgekit.config.scoring import EvaluateSettings
from judgekit.config.settings import Settings, setting
from judgekit.config.training import TrainSettings

_THRESHOLDS = "Thresholds, with exit code 3 where one is missed"


@dataclass(frozen=True, kw_only=True)
class CheckSettings(Settings):
    """Settings of `judgekit check`: how it computes, and thresholds for its results.

    Examples:
        >>> check("votes", settings=CheckSettings(min_items=10)).missed()
        []
    """

    min_alpha: float | None = setting(None, "Lowest Krippendorff's alpha.", ge=-1, le=1, panel=_THRESHOLDS)
    min_agreement: float | None = setting(
        None, "Lowest share of agreeing pairs of annotations of an item.", ge=0, le=1, panel=_THRESHOLDS
    )
    min_annotations: float | None = setting(None, "Fewest annotations per item, on average.", gt=0, panel=_THRESHOLDS)
    min_items: int | None = setting(None, "Fewest items.", ge=1, panel=_THRESHOLDS)
    max_noise_floor: float | None = setting(
        None,
        "Highest noise floor: the KL in nats that a perfect judge would show against the annotations.",
        gt=0,
        panel=_THRESHOLDS,
    )
    max_flagged: int | None = setting(None, "Most annotators flagged as careless.", ge=0, panel=_THRESHOLDS)
    max_leakage: int | None = setting(
        None, "Most groups of items on both sides of a given split.", ge=0, panel=_THRESHOLDS
    )
    names: str | None = setting(
        None, "Show annotators by their names, which this file has, instead of pseudonyms.", metavar="FILE"
    )
    level: Level = setting(
        "auto",
        "How alpha measures the distance of two labels; auto: interval for numbers, ordinal for steps, else nominal.",
    )
    precision: float = setting(0.05, "Advise a test set that is exact to this KL in nats.", ge=0.001, le=1)
    confidence: float = setting(EvaluateSettings.confidence, "Level of the bootstrap interval.", gt=0, lt=1)
    resamples: int = setting(EvaluateSettings.resamples, "Resamples of the items by the bootstrap.", ge=10)
    seed: int = setting(0, "Seed of the bootstrap and of the random halves.", ge=0)
    backbone: str = setting(
        TrainSettings.backbone, "Model whose tokens are counted to find texts that are too long.", metavar="MODEL"
    )
    max_length: int = setting(TrainSettings.max_length, "Most tokens of one item.", ge=8)
