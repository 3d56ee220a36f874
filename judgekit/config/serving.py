"""The settings of `judgekit serve`."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.scoring import LoadSettings
from judgekit.config.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class ListenSettings(Settings):
    """Where a server listens, and how much it takes."""

    host: str = setting(
        "127.0.0.1",
        "Listen on this address; beyond this machine a token must be set.",
        metavar="ADDRESS",
        reaches_out=lambda value: value != "127.0.0.1",
    )
    port: int = setting(8000, "Listen on this port; 0 takes any.", ge=0, le=65535)
    batch_size: int = setting(128, "Items of waiting requests per forward pass.", ge=1)
    most_items: int = setting(1000, "Refuse a request with more items.", ge=1)
    most_bytes: int = setting(8 * 2**20, "Refuse a request whose body has more bytes.", ge=1024)
    most_waiting: int = setting(5000, "Refuse requests while more items wait for a judge.", ge=1)
    slowest: float = setting(30.0, "Refuse a request whose body takes more seconds to arrive.", gt=0)
    stop_seconds: float = setting(30.0, "When asked to stop, finish requests for at most so many seconds.", ge=0)


@dataclass(frozen=True, kw_only=True)
class ServeSettings(ListenSettings, LoadSettings):
    """Settings of `judgekit serve`."""
