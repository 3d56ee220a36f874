"""Writing the report on a judge: evaluated, drawn, and put into its file."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from judgekit.config import MeasureSettings
from judgekit.judge.score_table import check_output
from judgekit.reports.trust_files import check_folder, write_files
from judgekit.reports.trust_html import trust_html
from judgekit.tables.frames import TableData
from judgekit.training.reporter import Reporter
from judgekit.trust.columns import LENGTHS
from judgekit.trust.evaluated import EvaluateResult
from judgekit.trust.judge import Judge
from judgekit.trust.report import ReportFacts, ReportResult, training_curve
from judgekit.workspace.atomic import write_text
from judgekit.workspace.manifest import now


def write_report(
    judge: Judge,
    data: TableData | str | PathLike[str] | None,
    output: Path,
    files: Path | None,
    *,
    redact: bool,
    force: bool,
    reporter: Reporter,
    settings: MeasureSettings,
) -> ReportResult:
    """Evaluate a judge and write the page, and the files beside it; what cannot be written is refused before.

    Args:
        judge: the judge.
        data: annotations; None takes what was held out.
        output: the page.
        files: the folder of figures and tables; None for none.
        redact: whether the texts of the items are left out.
        force: replace what is there.
        reporter: gets notes and progress.
        settings: of the measurement.

    Raises:
        JudgekitError: whatever the user can mend.
    """
    check_output(output, read=Path(data) if isinstance(data, str | PathLike) else None, force=force)
    if files is not None:
        check_folder(files, force=force)
    found = judge.evaluate(data, reporter=reporter, settings=settings)
    facts = ReportFacts(
        evaluation=_without_texts(found) if redact else found,
        manifest=judge.manifest,
        backbone=Path(judge.manifest.backbone.name).name,
        curve=training_curve(judge.folder),
        created=this_minute(),
    )
    write_text(output, trust_html(facts, redact=redact))
    written = [] if files is None else write_files(facts, files, redact=redact)
    return ReportResult(output, found, tuple(written))


def _without_texts(found: EvaluateResult) -> EvaluateResult:
    """The same, but for the values of a column that is a text of the items."""
    if found.by_column not in found.items.texts.columns or all(one.name.endswith(LENGTHS) for one in found.by):
        return found
    return found._replace(by=tuple(one._replace(name=f"value {n}") for n, one in enumerate(found.by, 1)))


def this_minute() -> str:
    """The time as pages show it."""
    return now()[:16].replace("T", " ") + " UTC"
