"""`judgekit estimate`: what people would say of many items, from the annotations of a few and a judge on all."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Unpack

from judgekit.config import EstimateSettings
from judgekit.config.keywords import EstimateKeywords
from judgekit.decisions.estimate import EstimateResult
from judgekit.decisions.estimating import estimate_all, gather
from judgekit.decisions.held_out import held_out_predictions, open_judge, predictions_of_file
from judgekit.decisions.population import read_population
from judgekit.reports.estimate_page import estimate_page as estimate_page
from judgekit.training.reporter import SILENT, Reporter
from judgekit.workspace.versions import of_one_version


def estimate(
    data: str | PathLike[str],
    *,
    judge: str | Path | None = None,
    workspace: str | Path | None = None,
    offline: bool = False,
    reporter: Reporter = SILENT,
    settings: EstimateSettings | None = None,
    **keywords: Unpack[EstimateKeywords],
) -> EstimateResult:
    """Estimate the shares of people's labels among the items of a table, with intervals that hold for any judge.

    The judge says what it expects of every item; annotated items, in whose predictions they had no part, say how far
    that is off. The annotated items must be like those of the table, as a random sample of it is.

    Args:
        data: a file with the columns that the judge reads; rows that repeat an item count once.
        judge: its name, or its folder; None takes the newest.
        workspace: its folder; None finds one.
        offline: never ask the hub.
        reporter: gets notes and progress.
        settings: what is estimated, and how the judge is loaded and asked.
        keywords: fields of `EstimateSettings`; they win over `settings`.

    Raises:
        DataError: a table cannot be read or lacks columns, fewer than ten items are annotated, or the judge was trained
            on all of them.
        WorkspaceError: there is no such judge, or its dataset is gone or has changed.

    Examples:
        >>> found = estimate("new.csv", annotations="held_out.csv")
        >>> found.items, found.annotated
        (2, 20)
    """
    chosen = EstimateSettings.chosen(settings, keywords)

    def work() -> EstimateResult:
        opened = open_judge(judge, workspace, chosen, offline=offline)
        if chosen.annotations is None:
            held_out = held_out_predictions(opened, chosen, reporter)
        else:
            held_out = predictions_of_file(opened, Path(chosen.annotations), chosen, reporter)
        tables = [(Path(data), chosen.by), *([(Path(chosen.against), None)] if chosen.against else [])]
        found = [
            gather(opened, held_out, read_population(opened, path, by, chosen, reporter, apart=True))
            for path, by in tables
        ]
        return estimate_all(opened, found[0], found[1] if chosen.against else None, chosen)

    return of_one_version(work)
