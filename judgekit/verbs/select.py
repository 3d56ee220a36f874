"""`judgekit select`: the items whose annotation tells most, drawn with known chances."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Unpack

from judgekit.config import SelectSettings
from judgekit.config.keywords import SelectKeywords
from judgekit.decisions.held_out import open_judge
from judgekit.decisions.population import read_population
from judgekit.decisions.select import SelectResult, select_items
from judgekit.judge.score_table import check_output, write_table
from judgekit.reports.select_page import select_page as select_page
from judgekit.training.reporter import SILENT, Reporter
from judgekit.workspace.versions import of_one_version


def select(
    data: str | PathLike[str],
    *,
    output: str | PathLike[str] | None = None,
    judge: str | Path | None = None,
    workspace: str | Path | None = None,
    force: bool = False,
    offline: bool = False,
    reporter: Reporter = SILENT,
    settings: SelectSettings | None = None,
    **keywords: Unpack[SelectKeywords],
) -> SelectResult:
    """Draw the items of a table that are to be annotated next, and write them with their chances.

    Args:
        data: a file with the columns that the judge reads; rows that repeat an item count once.
        output: the file to write; None writes `NAME.next.csv` beside the table.
        judge: its name, or its folder; None takes the newest.
        workspace: its folder; None finds one.
        force: replace the output if it is there.
        offline: never ask the hub.
        reporter: gets notes and progress.
        settings: how many items, how they are drawn, and how the judge is loaded and asked.
        keywords: fields of `SelectSettings`; they win over `settings`.

    Raises:
        DataError: a table cannot be read, lacks columns or has too few items, or the output cannot be written.
        WorkspaceError: there is no such judge, or it is damaged.

    Examples:
        >>> select("new.csv", output="next.csv", items=2).random_gain > 0
        True
    """
    chosen, path = SelectSettings.chosen(settings, keywords), Path(data)
    place = path.with_name(f"{path.stem}.next.csv") if output is None else Path(output)
    check_output(place, read=path, force=force)

    def work() -> SelectResult:
        opened = open_judge(judge, workspace, chosen, offline=offline)
        whole = read_population(opened, path, None, chosen, reporter)
        found = select_items(opened, whole, place, chosen)
        write_table(found.table, place, own=found.table.columns, reporter=reporter, force=force)
        return found.result

    return of_one_version(work)
