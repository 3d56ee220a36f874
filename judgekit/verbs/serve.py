"""`judgekit serve`: judges behind HTTP."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Unpack

from judgekit.config import ServeSettings
from judgekit.config.keywords import ServeKeywords
from judgekit.errors import SettingsError
from judgekit.judge.judge import TrainedJudge

TOKEN = "JUDGEKIT_SERVE_TOKEN"
"""The environment variable that holds what requests must bring."""
LOCAL = ("127.0.0.1", "localhost", "::1")


def serve(
    judges: Sequence[str | Path] = (),
    *,
    workspace: str | Path | None = None,
    offline: bool = False,
    settings: ServeSettings | None = None,
    on_ready: Callable[[str, list[str]], None] = lambda address, names: None,
    **keywords: Unpack[ServeKeywords],
) -> None:
    """Answer requests for judges until asked to stop; those that have arrived by then are answered.

    Args:
        judges: their names or folders; none takes the newest.
        workspace: its folder; None finds one.
        offline: never ask the hub.
        settings: where to listen, limits, and how the judges are loaded and asked.
        on_ready: gets the address and the judges' names as soon as the judges are loaded.
        keywords: fields of `ServeSettings`; they win over `settings`.

    Raises:
        SettingsError: the extra is not installed, two judges have one name, or the address is open to others and no
            token is set.
        WorkspaceError: there is no such judge.
        BackboneError: the backbone of one is missing or has changed.
    """
    chosen = ServeSettings.chosen(settings, keywords)
    missing = [name for name in ("fastapi", "uvicorn") if importlib.util.find_spec(name) is None]
    if missing:
        raise SettingsError(
            f"Serving needs {' and '.join(missing)}, which is not installed.",
            hint="Install the extra: pip install 'annotation-judgekit[serve]'",
        )
    token = os.environ.get(TOKEN, "").strip() or None
    if token is None and chosen.host not in LOCAL:
        raise SettingsError(
            f"--host {chosen.host} lets other machines ask, and no token is set.",
            hint=f"Set one: export {TOKEN}=$({Path(sys.executable).name} -c 'import secrets; "
            "print(secrets.token_urlsafe())')",
        )
    loaded = [
        TrainedJudge.load(judge, workspace=workspace, offline=offline, settings=chosen) for judge in judges or [None]
    ]
    names = [judge.name for judge in loaded]
    if several := sorted({name for name in names if names.count(name) > 1}):
        raise SettingsError(f"Several judges are called {', '.join(several)}.", hint="Give each name once.")
    for judge in loaded:  # the first request must not wait for the weights, nor find them missing
        _ = judge.loaded
    from judgekit.serving.running import run

    run(loaded, chosen, token, on_ready)
