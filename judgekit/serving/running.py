"""The server process: from the start to a stop that loses nothing."""

# The extra `serve` may be missing where types are checked.
# pyright: reportMissingImports=false

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from contextlib import suppress

import uvicorn

from judgekit.config import ServeSettings
from judgekit.errors import SettingsError
from judgekit.judge.judge import TrainedJudge
from judgekit.serving.app import make_app


def run(
    judges: Sequence[TrainedJudge],
    settings: ServeSettings,
    token: str | None,
    on_ready: Callable[[str, list[str]], None],
) -> None:
    """Answer requests until SIGTERM or Ctrl-C.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        raise SettingsError(
            f"{settings.host} port {settings.port} cannot be listened on: {error.strerror}.",
            hint="Take another with --port, or 0 for any.",
        ) from error
    listening.listen(1024)  # who is told of the address may ask at once
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    config = uvicorn.Config(
        make_app(judges, settings, token),
        log_level="warning",
        access_log=False,
        lifespan="on",
        server_header=False,
        timeout_graceful_shutdown=max(1, round(settings.stop_seconds)),
    )
    on_ready(f"http://{host}:{listening.getsockname()[1]}", [judge.name for judge in judges])
    # Once stopped, uvicorn sends itself the signal that it was stopped by.
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run([listening])
