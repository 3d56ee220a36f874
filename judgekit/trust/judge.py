"""The judge that Python users hold: it predicts, and says how far to believe it.

What a judge is stands below in `judge`; what it is worth stands here, because that needs a judge. `Judge` joins both
in one class, so that `judge.evaluate()` needs no import upward.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from judgekit.config import MeasureSettings
from judgekit.config.keywords import MeasureKeywords
from judgekit.errors import WorkspaceError
from judgekit.judge.judge import TrainedJudge
from judgekit.prompts.mirror import find_mirror
from judgekit.tables.files import ReadOptions, read_files
from judgekit.tables.frames import TableData
from judgekit.training.reporter import SILENT, Reporter
from judgekit.workspace.store import Workspace

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
        from judgekit.trust.evaluation import items_of, measure, new_items, own_items

        chosen = MeasureSettings.chosen(settings, keywords)
        mirror = self._mirror(is_required=chosen.both_orders) or find_mirror(self.fields, self.labels)
        if data is None:
            material = own_items(self._own_workspace(), self.entry, chosen.part, reporter)
        else:
            source = read_files([_input(data)], ReadOptions.of(chosen))
            found = items_of(source, self.manifest, chosen, reporter)
            material = new_items(found, source.name, self.entry, self._workspace)
        return measure(self.entry, lambda: self.loaded, mirror, material, chosen, reporter)

    def _own_workspace(self) -> Workspace:
        if self._workspace is None:
            raise WorkspaceError(
                f"The judge {self.name!r} was loaded from a folder outside of the workspace, which has its dataset.",
                hint="Evaluate it on a table of annotations, or load it by its name in the workspace.",
            )
        return self._workspace


def _input(data: Any) -> Any:
    """A path as such, and all else as it is."""
    return Path(data) if isinstance(data, str | PathLike) else data
