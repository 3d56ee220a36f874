"""The judge that Python users hold: it predicts, and says how far to believe it.

What a judge is stands below in `judge`; what it is worth stands here, because that needs a judge. `Judge` joins both
in one class, so that `judge.evaluate()` needs no import upward.
"""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Unpack

from judgekit.config import MeasureSettings
from judgekit.config.keywords import MeasureKeywords
from judgekit.judge.judge import TrainedJudge
from judgekit.tables.frames import TableData
from judgekit.training.reporter import SILENT, Reporter

if TYPE_CHECKING:
    from judgekit.trust.evaluated import EvaluateResult


class Judge(TrainedJudge):
    """A trained judge: it predicts how the labels of people would be distributed over items it has not seen.

    Make one with `Judge.load`, or with `train`. The weights are loaded at the first prediction and stay in memory.
    """

    def evaluate(
        self,
        data: TableData | str | PathLike[str] | None = None,
        *,
        reporter: Reporter = SILENT,
        settings: MeasureSettings | None = None,
        **keywords: Unpack[MeasureKeywords],
    ) -> EvaluateResult:
        """Compare the judge with human annotations it was not trained on.

        Items that it was trained on are recognised by their texts and left out. A judge of pairwise comparisons is
        asked in both orders, for its order gap.

        Args:
            data: annotations in memory or in a file, in any layout that `ingest` reads, with the judge's columns and
                labels; None takes what was held out of the dataset the judge was trained on.
            reporter: gets notes and progress.
            settings: how the annotations are read and the judge is measured.
            keywords: fields of `MeasureSettings`; they win over `settings`.

        Raises:
            DataError: the table cannot be read, lacks columns, or has labels the judge does not know.
            LabelError: both orders are asked for and the judge compares no two sides.
            WorkspaceError: the judge's dataset is gone or has changed.

        Examples:
            >>> figures = judge.evaluate("held_out.csv", resamples=100)
            >>> len(figures.items), sorted(figures.baselines)
            (20, ['class_prior', 'uniform'])
        """
        # With it come scipy.stats and what trains, which take a second and a half to import and score nothing.
        from judgekit.trust.evaluating import evaluate_judge

        return evaluate_judge(self, self._workspace, data, MeasureSettings.chosen(settings, keywords), reporter)
