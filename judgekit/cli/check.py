"""`judgekit check`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from judgekit.cli.options import DatasetArgument, Force, Json, WorkspaceFolder
from judgekit.cli.output import emit, next_command, say
from judgekit.cli.settings_options import with_settings
from judgekit.config import CheckSettings
from judgekit.errors import DataError


@with_settings(CheckSettings)
def check(
    context: typer.Context,
    settings: dict[str, Any],
    dataset: DatasetArgument = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Write every item, the one first whose next annotation would tell most.",
            metavar="FILE",
        ),
    ] = None,
    force: Force = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Tell whether a dataset is worth training on: agreement, noise, annotators, what to do next."""
    from judgekit.verbs import check as verb

    result = verb.check(dataset, output=output, workspace=workspace, force=force, **settings)
    emit(result, verb.check_page, as_json=json)
    if output is not None:
        say(f"Written: {output}")
    if missed := result.missed():
        raise DataError(f"The dataset {result.dataset!r} does not meet the thresholds:", problems=missed)
    next_command(f"judgekit train --dataset {shlex.quote(result.dataset)}")
