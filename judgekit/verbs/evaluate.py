"""`judgekit evaluate`: how near a judge comes to what people chose, beside baselines and the noise floor."""

from __future__ import annotations

import os
from os import PathLike
from pathlib import Path
from typing import Unpack

from judgekit.config import EvaluateSettings, Part
from judgekit.config.keywords import EvaluateKeywords
from judgekit.judge.evaluation import EvaluateResult, KeptEvaluation
from judgekit.judge.judge import Judge
from judgekit.judge.manifest import EVALUATION_FILE
from judgekit.reports.evaluate_page import evaluate_page as evaluate_page
from judgekit.tables.frames import TableData
from judgekit.training.reporter import SILENT, Reporter
from judgekit.workspace.manifest import now


def evaluate(
    data: TableData | str | PathLike[str] | None = None,
    *,
    judge: str | PathLike[str] | None = None,
    workspace: str | Path | None = None,
    offline: bool = False,
    reporter: Reporter = SILENT,
    settings: EvaluateSettings | None = None,
    **keywords: Unpack[EvaluateKeywords],
) -> EvaluateResult:
    """Compare a judge with human annotations it was not trained on; the judge keeps the figures for its model card.

    A judge of pairwise comparisons is asked in both orders, for its order gap.

    Args:
        data: annotations in a file or in memory, in any layout that `ingest` reads, with the judge's columns and
            labels; None takes the test part of the dataset the judge was trained on.
        judge: its name, or its folder; None takes the newest.
        workspace: its folder; None finds one.
        offline: never ask the hub.
        reporter: gets notes and progress.
        settings: how the judge is loaded and measured.
        keywords: fields of `EvaluateSettings`; they win over `settings`.

    Raises:
        DataError: the table cannot be read, lacks columns, or has labels the judge does not know.
        LabelError: both orders are asked for and the judge compares no two sides.
        WorkspaceError: there is no such judge, or its dataset is gone or has changed.

    Examples:
        >>> figures = evaluate("votes.csv", judge="comments")
        >>> figures.items, figures.annotations
        (60, 180)
    """
    chosen = EvaluateSettings.chosen(settings, keywords)
    opened = Judge.load(judge, workspace=workspace, offline=offline, settings=chosen)
    result = opened.evaluate(data, reporter=reporter, settings=chosen)
    if data is not None or chosen.part is Part.test:  # figures on other parts would flatter it
        _keep(result, opened.folder, reporter)
    return result


def _keep(result: EvaluateResult, folder: Path, reporter: Reporter) -> None:
    """Leave the figures with the judge, whose model card shows the newest."""
    if os.access(folder, os.W_OK):
        KeptEvaluation.from_json({"created": now(), **result.to_json()}).write(folder / EVALUATION_FILE)
    else:
        reporter.note(f"{folder} cannot be written to: these figures are not kept for the judge's model card.")
