"""The command line: options in, verbs called, results printed. The only place where errors become exit codes.

Exit codes: 0 done, 1 a bug of judgekit (with its traceback), 2 usage, 3 a problem that the user can solve, 130
interrupted.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from judgekit.cli import (
    check,
    demo,
    doctor,
    estimate,
    evaluate,
    export,
    gate,
    ingest,
    init,
    plan,
    report,
    score,
    select,
    serve,
    show,
    study,
    synthesize,
    train,
)
from judgekit.cli.help import OneColumnCommand, OneColumnGroup
from judgekit.cli.machine import in_words, is_narrow, machine_errors, narrowness
from judgekit.cli.options import OFFLINE_HELP, WORKSPACE_HELP
from judgekit.errors import JudgekitError, SettingsError
from judgekit.version import __version__
from judgekit.wording import visible

USAGE = 2

app = typer.Typer(
    name="judgekit",
    cls=OneColumnGroup,
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"auto_envvar_prefix": "JUDGEKIT", "help_option_names": ["-h", "--help"]},
    help="From the annotations of several people to a judge that predicts how human labels are distributed.",
    epilog="Start with: judgekit ingest votes.csv, judgekit train, judgekit score new.csv. Or try: judgekit demo",
)
for verb in (
    init,
    ingest,
    check,
    plan,
    synthesize,
    train,
    score,
    evaluate,
    estimate,
    gate,
    select,
    report,
    study,
    export,
    serve,
    show,
    demo,
    doctor,
):
    name = verb.__name__.rsplit(".", 1)[1]
    app.command(name, cls=OneColumnCommand)(getattr(verb, name))


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"judgekit {__version__}")
        raise typer.Exit


@app.callback()
def before_every_verb(
    context: typer.Context,
    workspace: Annotated[
        Path | None, typer.Option(help=f"{WORKSPACE_HELP} Also: $JUDGEKIT_WORKSPACE.", metavar="FOLDER")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help=OFFLINE_HELP)] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Set what the libraries of all verbs read from the environment, before any of them is imported."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and context.invoked_subcommand != "train":
        raise SettingsError(
            "Only `judgekit train` runs in several processes.",
            hint="Run this command without `accelerate launch`.",
        )
    if is_narrow():
        typer.echo(f"judgekit: {narrowness()}", err=True)
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    # Waiting threads give way instead of spinning: beside one busy process on 2 cores training ran at 68 to 92
    # items/s this way and at 18 to 22 the other way; alone at the same speed.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: the arguments after the program's name; None takes the process's own.

    Returns:
        the exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        # A pipe on Windows, or LANG=C, may know no `█` and no `…`; a question mark is better than a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    before = _end_on_signals()
    try:
        app(args=None if argv is None else list(argv))
    except JudgekitError as error:
        if error.is_shown_elsewhere:
            return 3
        typer.echo(f"judgekit: {visible(str(error))}", err=True)
        if isinstance(error, SettingsError):
            _say_environment()
        return 3
    except SystemExit as end:  # how typer ends
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if code == USAGE:
            _say_environment()
        if _is_interruption(end):
            typer.echo("judgekit: interrupted", err=True)
        return code
    except KeyboardInterrupt:
        typer.echo("judgekit: interrupted", err=True)
        return 130
    except machine_errors() as error:
        sentence = in_words(error)
        if sentence is None:
            raise
        typer.echo(f"judgekit: {visible(sentence)}", err=True)
        return 3
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _end_on_signals() -> dict[int, Any]:
    """Let the requests to end do what Ctrl-C does; returns what was done on them before, by their number."""
    if threading.current_thread() is not threading.main_thread():  # which alone may say so
        return {}
    numbers = {getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)}
    # `nohup` lets a closed terminal be ignored.
    return {n: signal.signal(n, _end) for n in numbers if signal.getsignal(n) is not signal.SIG_IGN}


def _end(number: int, frame: FrameType | None) -> None:
    """End as on Ctrl-C: nothing half-written stays, and a training keeps its checkpoint."""
    raise KeyboardInterrupt


def _is_interruption(end: BaseException | None) -> bool:
    """Whether an exit goes back to Ctrl-C, which typer turns into one without a word."""
    return end is not None and (
        isinstance(end, KeyboardInterrupt) or _is_interruption(end.__cause__ or end.__context__)
    )


def _say_environment() -> None:
    """The settings that come from the environment: an error names the flag, which nobody may have given."""
    found = [
        f"{name}={value}"
        for name, value in sorted(os.environ.items())
        if name.startswith("JUDGEKIT_") and not name.endswith("_TOKEN")
    ]
    if found:
        typer.echo(visible(f"Set in the environment: {' '.join(found)}"), err=True)


if __name__ == "__main__":
    sys.exit(main())
