"""`judgekit report`: how far a judge may be believed, on one page that can be forwarded."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Unpack

from rich.console import RenderableType

from judgekit.config import EvaluateSettings
from judgekit.config.keywords import EvaluateKeywords
from judgekit.judge.score_table import check_output
from judgekit.reports.evaluate_page import verdict_page
from judgekit.reports.trust_files import check_folder, write_files
from judgekit.reports.trust_html import trust_html
from judgekit.tables.frames import TableData
from judgekit.training.reporter import SILENT, Reporter
from judgekit.trust.judge import Judge
from judgekit.trust.report import ReportFacts, ReportResult, training_curve
from judgekit.workspace.atomic import write_text
from judgekit.workspace.manifest import now


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
    place = Path(f"{opened.name}.report.html") if output is None else Path(output)
    check_output(place, read=Path(data) if isinstance(data, str | PathLike) else None, force=force)
    if files is not None:
        check_folder(Path(files), force=force)
    found = opened.evaluate(data, reporter=reporter, settings=chosen)
    manifest = opened.manifest
    facts = ReportFacts(
        evaluation=found,
        manifest=manifest,
        backbone=Path(manifest.backbone.name).name,
        curve=training_curve(opened.folder),
        created=now()[:16].replace("T", " ") + " UTC",
    )
    write_text(place, trust_html(facts, redact=redact))
    written = [] if files is None else write_files(facts, Path(files), redact=redact)
    return ReportResult(place, found, tuple(written))
