"""The settings of `judgekit select`."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.scoring import LoadSettings, PredictSettings
from judgekit.config.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class DrawSettings(Settings):
    """How items are drawn for annotation."""

    items: int = setting(100, "Items to draw.", ge=1)
    random_share: float = setting(
        0.3, "Share of the draw that is the same chance for every item; 1 draws at random.", ge=0.05, le=1
    )
    seed: int = setting(0, "Seed of the draw.", ge=0)


@dataclass(frozen=True, kw_only=True)
class SelectSettings(DrawSettings, PredictSettings, LoadSettings):
    """Settings of `judgekit select`.

    Examples:
        >>> len(select("new.csv", output="next.csv", settings=SelectSettings(items=1)).chosen)
        1
    """
