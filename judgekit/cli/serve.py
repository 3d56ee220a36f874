"""`judgekit serve`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from judgekit.cli.completion import judge_names
from judgekit.cli.options import Offline, WorkspaceFolder
from judgekit.cli.output import say
from judgekit.cli.settings_options import with_settings
from judgekit.config import ServeSettings


@with_settings(ServeSettings)
def serve(
    context: typer.Context,
    settings: dict[str, Any],
    judges: Annotated[
        list[str] | None,
        typer.Argument(
            help="The judges, by name or folder (default: the newest).", metavar="JUDGE", autocompletion=judge_names
        ),
    ] = None,
    workspace: WorkspaceFolder = None,
    offline: Offline = False,
) -> None:
    """Answer requests of other programs: predictions over HTTP, and the System One format."""
    from judgekit.verbs import serve as verb

    def on_ready(address: str, names: list[str]) -> None:
        say(f"{', '.join(names)} at {address}; its requests are described at {address}/docs. Stop it with Ctrl-C.")

    verb.serve(judges or (), workspace=workspace, offline=offline, on_ready=on_ready, **settings)
