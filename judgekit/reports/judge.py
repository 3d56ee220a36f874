"""The judge that Python users hold: it predicts, says how far to believe it, and writes that down for others."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from judgekit.config import MeasureSettings
from judgekit.config.keywords import MeasureKeywords
from judgekit.tables.frames import TableData
from judgekit.training.reporter import SILENT, Reporter
from judgekit.trust.judge import Judge as EvaluatingJudge

if TYPE_CHECKING:
    from judgekit.trust.report import ReportResult


class Judge(EvaluatingJudge):
    """A trained judge: it predicts how the labels of people would be distributed over items it has not seen.

    Make one with `Judge.load`, or with `train`. The weights are loaded at the first prediction and stay in memory.
    """

    def report(
        self,
        data: TableData | str | PathLike[str] | None = None,
        *,
        output: str | PathLike[str] | None = None,
        files: str | PathLike[str] | None = None,
        redact: bool = False,
        force: bool = False,
        reporter: Reporter = SILENT,
        settings: MeasureSettings | None = None,
        **keywords: Unpack[MeasureKeywords],
    ) -> ReportResult:
        """Evaluate the judge and write one HTML file that needs nothing else: the verdict, the figures, every item.

        Args:
            data: annotations, as `evaluate` takes them.
            output: the file; None writes `JUDGE.report.html` into the current folder.
            files: a folder for every figure as SVG and PDF and every table as CSV; None writes none.
            redact: leave the texts of the items out.
            force: replace the file if it is there.
            reporter: gets notes and progress.
            settings: how the annotations are read and the judge is measured.
            keywords: fields of `MeasureSettings`; they win over `settings`.

        Raises:
            DataError: as of `evaluate`, or the file is there already.
            WorkspaceError: the judge's dataset is gone or has changed.

        Examples:
            >>> judge.report("held_out.csv", output="comments.html").output.name
            'comments.html'
        """
        # With it comes what draws figures, which takes a second to import and predicts nothing.
        from judgekit.reports.trust_report import write_report

        chosen = MeasureSettings.chosen(settings, keywords)
        place = Path(f"{self.name}.report.html") if output is None else Path(output)
        folder = None if files is None else Path(files)
        return write_report(self, data, place, folder, redact=redact, force=force, reporter=reporter, settings=chosen)
