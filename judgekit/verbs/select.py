"""`judgekit select`: the items whose annotation teaches a judge most, drawn with known chances."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Unpack

from judgekit.config import SelectSettings
from judgekit.config.keywords import SelectKeywords
from judgekit.decisions.candidates import make_pool, own_items_of
from judgekit.decisions.held_out import Opened, open_judge
from judgekit.decisions.population import read_population
from judgekit.decisions.select import SelectResult, select_items
from judgekit.decisions.tasks import ENDINGS, tasks_of, write_tasks
from judgekit.errors import DataError
from judgekit.judge.score_table import check_output, write_table
from judgekit.reports.select_page import select_page as select_page
from judgekit.training.reporter import SILENT, Reporter
from judgekit.workspace.versions import of_one_version


def select(
    data: str | PathLike[str] | None = None,
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
    """Draw the items that are to be annotated next, and write them with their chances.

    Args:
        data: a file with the columns that the judge reads, whose rows that repeat an item count once; or the name of
            the judge's dataset, whose items may be annotated once more. None takes the judge's dataset.
        output: the file to write; None writes `NAME.next.csv` beside the table, or here.
        judge: its name, or its folder; None takes the newest.
        workspace: its folder; None finds one.
        force: replace the output if it is there.
        offline: never ask the hub.
        reporter: gets notes and progress.
        settings: how many items, how they are drawn and written, and how the judge is loaded and asked.
        keywords: fields of `SelectSettings`; they win over `settings`.

    Raises:
        DataError: a table cannot be read, lacks columns or has too few items, or the output cannot be written.
        WorkspaceError: there is no such judge, or it is damaged; or its dataset is asked for and is gone.

    Examples:
        >>> select("new.csv", output="next.csv", items=2).random_gain > 0
        True
    """
    chosen = SelectSettings.chosen(settings, keywords)
    opened = open_judge(judge, workspace, chosen, offline=offline)
    path = None if data is None or _is_own_dataset(opened, data) else Path(data)
    beside = Path(opened.judge.manifest.dataset.name) if path is None else path
    name = f"{beside.name if path is None else path.stem}.next{ENDINGS[chosen.tool]}"
    place = beside.with_name(name) if output is None else Path(output)
    check_output(place, read=path, force=force)

    def work() -> SelectResult:
        opened = open_judge(judge, workspace, chosen, offline=offline)
        own = own_items_of(opened, chosen, reporter)
        if own is None and (path is None or chosen.again):
            raise DataError(
                f"The dataset {opened.judge.manifest.dataset.name!r} of the judge {opened.judge.name!r} is not here, "
                "or has changed since the training; its items cannot be drawn.",
                hint="Train the judge on the dataset as it is, or draw from a table alone: judgekit select FILE",
            )
        whole = None if path is None else read_population(opened, path, chosen.cost, chosen, reporter)
        found = select_items(opened, make_pool(opened, whole, own, chosen, reporter), place, chosen)
        if chosen.tool == "none":
            write_table(found.table, place, own=found.table.columns, reporter=reporter, force=force)
        else:
            chances = [one.chance for one in found.result.chosen]
            tasks = tasks_of(chosen.tool, found.ids, found.texts, chances, opened.judge.labels)
            write_tasks(tasks, place, force=force)
        return found.result

    return of_one_version(work)


def _is_own_dataset(opened: Opened, data: str | PathLike[str]) -> bool:
    """Whether what was given names the judge's dataset, and no file.

    Raises:
        DataError: it is neither a file nor that dataset.
    """
    path, dataset = Path(data), opened.judge.manifest.dataset.name
    if path.exists() or path.suffix or len(path.parts) > 1:
        return False
    if str(data) != dataset:
        raise DataError(
            f"{str(data)!r} is no file, and the judge {opened.judge.name!r} was trained on the dataset {dataset!r}.",
            hint="Name a file, or a judge of that dataset: --judge NAME",
        )
    return True
