"""`judgekit gate`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from judgekit.cli.options import Force, Json, JudgeName, Offline, WorkspaceFolder
from judgekit.cli.output import emit, next_command, progress, say
from judgekit.cli.settings_options import with_settings
from judgekit.config import GateSettings
from judgekit.errors import DataError


@with_settings(GateSettings)
def gate(
    context: typer.Context,
    settings: dict[str, Any],
    path: Annotated[
        Path,
        typer.Argument(help="File of the gate, to write or with --check to read (default: gate.json).", metavar="GATE"),
    ] = Path("gate.json"),
    check: Annotated[
        Path | None,
        typer.Option(
            "--check", help="Hold the gate against these later annotations; exit code 3 if broken.", metavar="FILE"
        ),
    ] = None,
    judge: JudgeName = None,
    force: Force = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    offline: Offline = False,
) -> None:
    """Find the items that a judge may decide alone, at a promised share of disagreement."""
    from judgekit.verbs import gate as verb

    where: dict[str, Any] = {"judge": judge, "workspace": workspace, "offline": offline}
    with progress(quiet=json) as reporter:
        found = (
            verb.gate(path, force=force, reporter=reporter, **where, **settings)
            if check is None
            else verb.check(check, path, reporter=reporter, **where, **settings)
        )
    if isinstance(found, verb.GateResult):
        emit(found, verb.gate_page, as_json=json)
        say(f"Written: {path}")
        next_command(f"judgekit score new.csv --judge {shlex.quote(found.gate.judge)} --gate {shlex.quote(str(path))}")
        return
    emit(found, verb.check_page, as_json=json)
    if not found.holds:
        of = f"{shlex.quote(str(path))} --judge {shlex.quote(found.gate.judge)} --error {found.gate.error:g}"
        raise DataError(
            f"The promise of {path} no longer holds on {found.source}.",
            hint=f"Let people decide, and make a new gate: judgekit gate {of} --annotations FILE --force",
        )
