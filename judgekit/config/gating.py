"""The settings of `judgekit gate`."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.scoring import AskSettings, LoadSettings
from judgekit.config.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class PromiseSettings(Settings):
    """What a gate promises, and on which annotations it rests."""

    error: float = setting(
        0.1, "Let the judge disagree with a new annotator on at most this share of the items it decides.", gt=0, lt=1
    )
    annotations: str | None = setting(
        None,
        "Take these annotations, in any layout that ingest reads (default: the items of the judge's dataset that were "
        "held out).",
        metavar="FILE",
    )
    confidence: float = setting(0.95, "Confidence of the promise.", gt=0, lt=1)
    seed: int = setting(0, "Seed of the order in which items of several annotations are tested.", ge=0)


@dataclass(frozen=True, kw_only=True)
class GateSettings(PromiseSettings, AskSettings, LoadSettings):
    """Settings of `judgekit gate`.

    Examples:
        >>> gate("comments.gate.json", annotations="held_out.csv", settings=GateSettings(error=0.95)).gate.error
        0.95
    """
