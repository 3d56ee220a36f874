"""`judgekit doctor`."""

from __future__ import annotations

import typer

from judgekit.cli.options import Json
from judgekit.cli.output import emit


def doctor(context: typer.Context, json: Json = False) -> None:
    """Say what judgekit runs on here, and what is wrong with it; ends with 3 where something is."""
    from judgekit.verbs import doctor as verb

    found = verb.doctor(workspace=context.find_root().params.get("workspace"))
    emit(found, verb.doctor_page, as_json=json)
    if found.problems:
        raise typer.Exit(3)
