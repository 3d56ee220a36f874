"""`judgekit synthesize`."""

from __future__ import annotations

import shlex
from typing import Annotated, Any

import typer

from judgekit.cli.options import DatasetArgument, Force, Json, Offline, WorkspaceFolder
from judgekit.cli.output import emit, next_command, progress, say
from judgekit.cli.settings_options import with_settings
from judgekit.config import SynthesizeSettings


@with_settings(SynthesizeSettings)
def synthesize(
    context: typer.Context,
    settings: dict[str, Any],
    dataset: DatasetArgument = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count calls and tokens, and ask nothing.")] = False,
    force: Force = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    offline: Offline = False,
) -> None:
    """Have a teacher write judgments of a dataset's items, for a judge that reasons to learn from."""
    from judgekit.verbs import synthesize as verb

    with progress(quiet=json) as reporter:
        result = verb.synthesize(
            dataset,
            workspace=workspace,
            dry_run=dry_run,
            force=force,
            offline=offline,
            reporter=reporter,
            **settings,
        )
    emit(result, verb.synthesize_page, as_json=json)
    if result.file is not None and result.file.is_file():  # a teacher that answers nothing leaves none
        say(f"Written: {result.file}")
        if not result.items.get("kept"):
            say("No judgment agrees with most people in every order: ask a better teacher, or for more --samples.")
            return
        next_command(
            f"judgekit train --dataset {shlex.quote(result.dataset)} --method rise --learn-from "
            f"{shlex.quote(str(result.file))} --backbone MODEL"
        )
