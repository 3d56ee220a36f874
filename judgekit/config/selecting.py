"""The settings of `judgekit select`."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.choices import Tool
from judgekit.config.scoring import AskSettings, ColumnSettings, LoadSettings
from judgekit.config.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class DrawSettings(Settings):
    """How items are drawn for annotation."""

    items: int = setting(100, "Items to draw.", ge=1, short="-n")
    tool: Tool = setting("none", "Write the tasks that this annotation tool imports, in place of a table.")
    again: bool = setting(
        False, "Draw from the items of the judge's dataset as well, for one more annotation where that tells more."
    )
    cost: str | None = setting(
        None, "Weigh what an annotation tells against its cost, a number in this column.", metavar="COLUMN"
    )
    random_share: float = setting(
        0.3, "Share of the draw that is the same chance for every item; 1 draws at random.", ge=0.05, le=1
    )
    seed: int = setting(0, "Seed of the draw.", ge=0)


@dataclass(frozen=True, kw_only=True)
class SelectSettings(DrawSettings, ColumnSettings, AskSettings, LoadSettings):
    """Settings of `judgekit select`.

    Examples:
        >>> len(select("new.csv", output="next.csv", settings=SelectSettings(items=1)).chosen)
        1
    """
