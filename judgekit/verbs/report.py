"""`judgekit report`: how far a judge may be believed, on one page that can be forwarded."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Unpack

from rich.console import Group, RenderableType
from rich.text import Text

from judgekit.config import CheckSettings, EvaluateSettings
from judgekit.config.keywords import CheckKeywords, EvaluateKeywords
from judgekit.dataset.opening import open_dataset, open_workspace
from judgekit.judge.score_table import check_output
from judgekit.reports.blocks import point
from judgekit.reports.dataset_html import DatasetReport, dataset_html
from judgekit.reports.evaluate_page import verdict_page
from judgekit.reports.index_html import IndexResult, index_html
from judgekit.reports.judge import Judge
from judgekit.reports.trust_files import check_folder, write_dataset_files
from judgekit.reports.trust_report import this_minute
from judgekit.tables.frames import TableData
from judgekit.training.reporter import SILENT, Reporter
from judgekit.trust.report import ReportResult
from judgekit.verbs.check import check
from judgekit.verbs.show import show
from judgekit.wording import counted
from judgekit.workspace.atomic import write_text


def report_page(result: ReportResult) -> RenderableType:
    """What the terminal shows of a report: its first sentences."""
    return verdict_page(result.evaluation)


def report(
    judge: str | PathLike[str] | None = None,
    data: TableData | str | PathLike[str] | None = None,
    *,
    output: str | PathLike[str] | None = None,
    files: str | PathLike[str] | None = None,
    redact: bool = False,
    workspace: str | Path | None = None,
    force: bool = False,
    offline: bool = False,
    reporter: Reporter = SILENT,
    settings: EvaluateSettings | None = None,
    **keywords: Unpack[EvaluateKeywords],
) -> ReportResult:
    """Evaluate a judge and write one HTML file that needs nothing else: the verdict, the figures, every item.

    Args:
        judge: its name, or its folder; None takes the newest.
        data: annotations in a file or in memory, as `evaluate` takes them; None takes what was held out of the dataset
            that the judge was trained on.
        output: the file; None writes `JUDGE.report.html` into the current folder.
        files: a folder for every figure as SVG and PDF and every table as CSV; None writes none.
        redact: leave the texts of the items out.
        workspace: its folder; None finds one.
        force: replace the file if it is there.
        offline: never ask the hub.
        reporter: gets notes and progress.
        settings: how the judge is loaded and measured.
        keywords: fields of `EvaluateSettings`; they win over `settings`.

    Raises:
        DataError: the table cannot be read, lacks columns, or has labels the judge does not know; or the file is there
            already.
        WorkspaceError: there is no such judge, or its dataset is gone or has changed.

    Examples:
        >>> report("comments", "held_out.csv", redact=True).output.name
        'comments.report.html'
    """
    chosen = EvaluateSettings.chosen(settings, keywords)
    opened = Judge.load(judge, workspace=workspace, offline=offline, settings=chosen)
    return opened.report(
        data, output=output, files=files, redact=redact, force=force, reporter=reporter, settings=chosen
    )


def dataset_page(result: DatasetReport) -> RenderableType:
    """What the terminal shows of a report on a dataset: its first sentences."""
    return Group(*map(point, result.check.advice))


def report_dataset(
    dataset: str | None = None,
    *,
    output: str | PathLike[str] | None = None,
    files: str | PathLike[str] | None = None,
    redact: bool = False,
    workspace: str | Path | None = None,
    force: bool = False,
    settings: CheckSettings | None = None,
    **keywords: Unpack[CheckKeywords],
) -> DatasetReport:
    """Check a dataset and write one HTML file that needs nothing else: the advice, the evidence, every item.

    Args:
        dataset: its name; None takes the newest.
        output: the file; None writes `DATASET.dataset.html` into the current folder.
        files: a folder for every figure as SVG and PDF and every table as CSV; None writes none.
        redact: leave the texts of the items out.
        workspace: its folder; None finds one.
        force: replace the file if it is there.
        settings: how agreement is measured, and what is required.
        keywords: fields of `CheckSettings`; they win over `settings`.

    Raises:
        DataError: the file is there already.
        WorkspaceError: there is no such dataset, or it is damaged.

    Examples:
        >>> report_dataset("votes", output="annotations.html").check.items
        60
    """
    name = open_dataset(open_workspace(workspace), dataset).name
    place = Path(f"{name}.dataset.html") if output is None else Path(output)
    check_output(place, read=None, force=force)
    if files is not None:
        check_folder(Path(files), force=force)
    found = check(name, workspace=workspace, settings=settings, **keywords)
    items = open_dataset(open_workspace(workspace), name).items
    write_text(place, dataset_html(found, items, created=this_minute(), redact=redact))
    written = [] if files is None else write_dataset_files(found, items, Path(files), redact=redact)
    return DatasetReport(place, found, tuple(written))


def index_page(result: IndexResult) -> RenderableType:
    """What the terminal shows of a page on all judges."""
    return Text(f"{counted(result.judges, 'judge')} on one page.")


def report_index(
    *, output: str | PathLike[str] | None = None, workspace: str | Path | None = None, force: bool = False
) -> IndexResult:
    """Write one HTML file that lists all judges of a workspace with what is known of each.

    Args:
        output: the file; None writes `judges.html` into the current folder.
        workspace: its folder; None finds one.
        force: replace the file if it is there.

    Raises:
        DataError: the file is there already.

    Examples:
        >>> report_index(output="index.html").judges
        1
    """
    place = Path("judges.html") if output is None else Path(output)
    check_output(place, read=None, force=force)
    contents = show(workspace=workspace)
    write_text(place, index_html(contents, created=this_minute(), folder=place.parent))
    return IndexResult(place, len(contents.judges))
