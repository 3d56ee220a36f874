"""`judgekit report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from judgekit.cli.completion import dataset_names
from judgekit.cli.options import Force, Json, JudgeArgument, Offline, WorkspaceFolder
from judgekit.cli.output import emit, next_command, progress, say
from judgekit.cli.settings_options import with_settings
from judgekit.config import EvaluateSettings
from judgekit.errors import DataError


@with_settings(EvaluateSettings)
def report(
    context: typer.Context,
    settings: dict[str, Any],
    judge: JudgeArgument = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Table of annotations (default: what the judge's dataset holds out).", metavar="FILE"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write (default: JUDGE.report.html here).", metavar="FILE"),
    ] = None,
    files: Annotated[
        Path | None,
        typer.Option(help="Write the figures as SVG and PDF, and the tables as CSV, into this folder.", metavar="DIR"),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            help="Report on the annotations of this dataset, not on a judge.",
            metavar="NAME",
            autocompletion=dataset_names,
        ),
    ] = None,
    index: Annotated[bool, typer.Option("--index", help="List all judges of the workspace on one page.")] = False,
    redact: Annotated[bool, typer.Option("--redact", help="Leave the texts of the items out.")] = False,
    force: Force = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    offline: Offline = False,
) -> None:
    """Write one HTML page on how far a judge may be believed, with every evaluated item."""
    from judgekit.verbs import report as verb

    _check_one_of(judge, data, dataset, index=index)
    if index:
        listed = verb.report_index(output=output, workspace=workspace, force=force)
        emit(listed, verb.index_page, as_json=json)
        say(f"Written: {listed.output}")
        return
    if dataset is not None:
        how = {name: settings[name] for name in ("names", "confidence", "resamples", "seed") if name in settings}
        checked = verb.report_dataset(
            dataset, output=output, files=files, redact=redact, workspace=workspace, force=force, **how
        )
        emit(checked, verb.dataset_page, as_json=json)
        _say_written(checked.output, files, len(checked.files))
        return
    with progress(quiet=json) as reporter:
        result = verb.report(
            judge,
            data,
            output=output,
            files=files,
            redact=redact,
            workspace=workspace,
            force=force,
            offline=offline,
            reporter=reporter,
            **settings,
        )
    emit(result, verb.report_page, as_json=json)
    _say_written(result.output, files, len(result.files))
    if missed := result.evaluation.missed():
        raise DataError(f"The judge {result.evaluation.judge!r} does not meet the requirements:", problems=missed)
    next_command(f"open {result.output} in a browser, or send it to others")


def _check_one_of(judge: str | None, data: Path | None, dataset: str | None, *, index: bool) -> None:
    """Refuse a report on several things at once."""
    named = {"JUDGE": judge, "--data": data, "--dataset": dataset, "--index": index or None}
    given = [name for name, value in named.items() if value is not None]
    if len(given) > 1 and given != ["JUDGE", "--data"]:
        raise typer.BadParameter(f"{' and '.join(given)} are reports of different kinds.", param_hint=given[-1])


def _say_written(output: Path, folder: Path | None, files: int) -> None:
    say(f"Written: {output}")
    if folder is not None:
        say(f"Written: {files} files in {folder}")
