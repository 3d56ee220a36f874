"""`judgekit demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from judgekit.cli.interrupt import stop_on_signal
from judgekit.cli.options import Force, Offline
from judgekit.cli.output import next_command, progress, say, show


def demo(
    folder: Annotated[
        Path, typer.Argument(help="Folder to make and work in (default: judgekit-demo).", metavar="FOLDER")
    ] = Path("judgekit-demo"),
    force: Force = False,
    offline: Offline = False,
) -> None:
    """Ingest, check, train, score and evaluate a bundled sample; takes a few minutes."""
    from judgekit.verbs import demo as verb

    with progress() as reporter, stop_on_signal() as should_stop:
        for step in verb.demo(folder, force=force, offline=offline, reporter=reporter, should_stop=should_stop):
            say(f"\n$ {step.command}")
            show(step.page)
    if should_stop():
        say("Interrupted. If the training was not finished, its checkpoint is kept.")
        next_command(f"cd {folder} && judgekit train --resume   or start anew: judgekit demo {folder} --force")
        raise typer.Exit(130)
    say(f"\nEverything is in {folder}, and the scores are in {folder / 'new.scores.csv'}.")
    next_command(f"cd {folder} && judgekit score new.csv --force   or your own: judgekit ingest votes.csv")
    say(f"How far to believe the judge, to open in a browser: {folder / verb.REPORT_FILE}")
