"""The settings of asking another model over the network."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.settings import Settings, setting

PANEL = "An endpoint: --against systemone:URL"
CHAT_PANEL = "A chat model behind an endpoint: --judge-model URL"


@dataclass(frozen=True, kw_only=True)
class ChatSettings(Settings):
    """How a chat model behind an endpoint is asked; the key is in the environment, `JUDGEKIT_JUDGE_TOKEN`."""

    endpoint_model: str | None = setting(None, "Of an endpoint: the model to ask.", metavar="NAME", panel=CHAT_PANEL)
    most_calls: int = setting(1000, "Refuse to make more calls than this.", ge=0, panel=CHAT_PANEL)
    concurrency: int = setting(4, "Questions that it is asked at a time.", ge=1, le=256, panel=CHAT_PANEL)
    timeout_seconds: float = setting(
        120.0, "Seconds until an endpoint that is silent is asked anew.", gt=0, panel=CHAT_PANEL
    )
    attempts: int = setting(6, "How often the same is asked before the question is left.", ge=1, panel=CHAT_PANEL)
    price_in: float = setting(
        0.0, "Price of a million tokens of the prompts, to say what it will cost.", ge=0, panel=CHAT_PANEL
    )
    price_out: float = setting(0.0, "Price of a million tokens of the answers.", ge=0, panel=CHAT_PANEL)


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
