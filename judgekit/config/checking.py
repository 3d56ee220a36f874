"""The settings of `judgekit check`."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.choices import Level
from judgekit.config.scoring import EvaluateSettings
from judgekit.config.settings import Settings, setting
from judgekit.config.training import TrainSettings


@dataclass(frozen=True, kw_only=True)
class CheckSettings(Settings):
    """Settings of `judgekit check`: the thresholds of the user, who gets exit code 3 where one is missed."""

    min_alpha: float | None = setting(None, "Least Krippendorff's alpha.", ge=-1, le=1, panel="Thresholds")
    min_agreement: float | None = setting(
        None, "Least share of pairs of annotations of one item that agree.", ge=0, le=1, panel="Thresholds"
    )
    min_annotations: float | None = setting(None, "Fewest annotations per item, on average.", gt=0, panel="Thresholds")
    min_items: int | None = setting(None, "Fewest items.", ge=1, panel="Thresholds")
    max_noise_floor: float | None = setting(
        None, "Highest KL in nats that a perfect judge would show against the annotations.", gt=0, panel="Thresholds"
    )
    max_flagged: int | None = setting(None, "Most annotators flagged as likely spammers.", ge=0, panel="Thresholds")
    max_leakage: int | None = setting(
        None, "Most groups of items on both sides of a given split.", ge=0, panel="Thresholds"
    )
    level: Level = setting(
        Level.auto, "Distance of labels in alpha; auto: interval for numbers, ordinal for steps, else nominal."
    )
    precision: float = setting(0.05, "KL in nats to which the test set that is advised shall be exact.", ge=0.001, le=1)
    confidence: float = setting(EvaluateSettings.confidence, "Level of the bootstrap interval.", gt=0, lt=1)
    resamples: int = setting(EvaluateSettings.resamples, "Bootstrap resamples over items.", ge=10)
    seed: int = setting(0, "Seed of the bootstrap and of the random halves.", ge=0)
    backbone: str = setting(TrainSettings.backbone, "Model whose tokens are counted, to find texts that are too long.")
    max_length: int = setting(TrainSettings.max_length, "Most tokens of one item.", ge=8)
