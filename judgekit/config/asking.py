"""The settings of asking another model over the network."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.settings import Settings, setting

PANEL = "An endpoint: --against systemone:URL"


@dataclass(frozen=True, kw_only=True)
class EndpointSettings(Settings):
    """How an endpoint of the System One format is asked; the key is in the environment, `JUDGEKIT_SYSTEMONE_KEY`."""

    model: str | None = setting(None, "Ask this model (default: the one that the endpoint lists).", panel=PANEL)
    instructions: str | None = setting(
        None, "Ask this question of every item (default: how people would label it).", panel=PANEL
    )
    price: float | None = setting(
        None, "Price of one call, to say what it will cost before any is made.", ge=0, panel=PANEL
    )
    most_calls: int = setting(1000, "Refuse to make more calls than this.", ge=0, panel=PANEL)
    call_seconds: float = setting(60.0, "Give up a call after so many seconds, and try again.", gt=0, panel=PANEL)
