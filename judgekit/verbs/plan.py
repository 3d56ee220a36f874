"""`judgekit plan`: what a round of annotation will tell, before money is spent on it."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from judgekit.annotators.agreement_level import level_of_alpha
from judgekit.config import PlanSettings
from judgekit.config.keywords import PlanKeywords
from judgekit.dataset.opening import open_dataset, open_workspace
from judgekit.decisions.plan import PlanResult, plan_rounds
from judgekit.errors import DataError
from judgekit.reports.plan_figure import KINDS, plan_figure
from judgekit.reports.plan_page import plan_page as plan_page
from judgekit.workspace.atomic import replaced_file


def plan(
    dataset: str | None = None,
    *,
    figure: str | Path | None = None,
    workspace: str | Path | None = None,
    force: bool = False,
    settings: PlanSettings | None = None,
    **keywords: Unpack[PlanKeywords],
) -> PlanResult:
    """Compare rounds of annotation by what they will tell: agreement, noise, a label's share, a better judge.

    Args:
        dataset: the pilot; None takes the newest.
        figure: where to draw the rounds, as .svg or .pdf; None draws nothing.
        workspace: its folder; None finds one.
        force: replace the figure if it is there.
        settings: the budget, and the confidence of the intervals.
        keywords: fields of `PlanSettings`; they win over `settings`.

    Raises:
        WorkspaceError: there is no such dataset, or it is damaged.
        DataError: too few items of the pilot have two annotations, all have one label, or the figure is there already
            or cannot be written.

    Examples:
        >>> round(plan("votes", budget=600).rounds[0].share, 3)
        0.038
    """
    chosen = PlanSettings.chosen(settings, keywords)
    path = None if figure is None else Path(figure)
    if path is not None:
        _check_figure(path, force=force)
    opened = open_dataset(open_workspace(workspace), dataset)
    found = plan_rounds(opened.name, opened.items, level_of_alpha(chosen.level, opened.items), chosen)
    if path is not None:
        drawn = plan_figure(found, path.suffix[1:].lower())
        with replaced_file(path) as temporary:
            temporary.write_bytes(drawn)
    return found


def _check_figure(path: Path, *, force: bool) -> None:
    if path.suffix[1:].lower() not in KINDS:
        raise DataError(f"{path}: a figure is drawn as {' or '.join(KINDS)}.", hint="Name it so: --figure plan.svg")
    if path.is_dir() or not path.absolute().parent.is_dir():
        what = "is a folder" if path.is_dir() else "would be in a folder that is not there"
        raise DataError(f"{path} {what}.", hint="Name another file: --figure plan.svg")
    if path.exists() and not force:
        raise DataError(f"{path} is there already.", hint="Name another file, or replace it with --force.")
