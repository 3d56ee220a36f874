"""The settings of `judgekit estimate`."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.scoring import AskSettings, ColumnSettings, LoadSettings
from judgekit.config.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class QuestionSettings(Settings):
    """What is to be estimated, and from which annotations."""

    annotations: str | None = setting(
        None,
        "Take these annotations, in any layout that ingest reads (default: the items of the judge's dataset that were "
        "held out).",
        metavar="FILE",
    )
    by: str | None = setting(None, "Estimate for each value of this column of the new items.", metavar="COLUMN")
    against: str | None = setting(
        None, "Estimate the difference to the items of this table, paired by their ids.", metavar="FILE"
    )
    confidence: float = setting(0.95, "Confidence of the intervals, for all labels together.", gt=0, lt=1)


@dataclass(frozen=True, kw_only=True)
class EstimateSettings(QuestionSettings, ColumnSettings, AskSettings, LoadSettings):
    """Settings of `judgekit estimate`.

    Examples:
        >>> estimate("new.csv", settings=EstimateSettings(device="cpu", confidence=0.9)).confidence
        0.9
    """
