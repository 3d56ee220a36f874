"""`judgekit demo`: the whole main job on the bundled sample."""

from __future__ import annotations

from collections.abc import Callable, Generator
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from rich.console import RenderableType

from judgekit.errors import WorkspaceError
from judgekit.judge.making import make_judge
from judgekit.reports.check_page import check_page
from judgekit.reports.evaluate_page import evaluate_page
from judgekit.reports.ingest_page import ingest_page
from judgekit.reports.score_page import score_page
from judgekit.reports.show_page import template_page, workspace_page
from judgekit.reports.train_page import train_page
from judgekit.training.beginning import Request
from judgekit.training.reporter import SILENT, Reporter
from judgekit.verbs.check import check
from judgekit.verbs.evaluate import evaluate
from judgekit.verbs.ingest import ingest
from judgekit.verbs.init import init
from judgekit.verbs.report import report, report_page
from judgekit.verbs.score import score
from judgekit.verbs.show import show, show_template
from judgekit.workspace.layout import LOCAL_NAME

REPORT_FILE = "votes.report.html"
SAMPLE_FILES = ("votes.csv", "new.csv", "README.md")


class DemoStep(NamedTuple):
    """One command of the demo and what it shows."""

    command: str
    page: RenderableType


def demo(
    folder: str | Path,
    *,
    force: bool = False,
    offline: bool = False,
    reporter: Reporter = SILENT,
    should_stop: Callable[[], bool] = lambda: False,
) -> Generator[DemoStep]:
    """Ingest, check, train, score, evaluate and report on the bundled sample, one step per iteration.

    Args:
        folder: where the sample's files, the workspace and the scores go.
        force: write into a folder that has something in it.
        offline: never ask the hub.
        reporter: gets notes and progress.
        should_stop: asked after every training step; true ends the demo there.

    Yields:
        each command that a user would type in `folder`, with the page of its result.

    Raises:
        WorkspaceError: the folder is not empty, and `force` is false; or a file of the user has the name of one of the
            sample's.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())) and not force:
        raise WorkspaceError(f"{folder} is there already.", hint="Name another folder, or use --force.")
    folder.mkdir(parents=True, exist_ok=True)
    sample = {folder / name: (files("judgekit") / "sample" / name).read_bytes() for name in SAMPLE_FILES}
    others = [str(path) for path, content in sample.items() if path.exists() and path.read_bytes() != content]
    if others:
        raise WorkspaceError(
            "The demo would replace files that it did not write:", problems=others, hint="Name another folder."
        )
    for path, content in sample.items():
        path.write_bytes(content)
    workspace = init(folder / LOCAL_NAME)
    votes, new = folder / "votes.csv", folder / "new.csv"
    yield DemoStep("judgekit ingest votes.csv", ingest_page(ingest(votes, workspace=workspace, force=force)))
    yield DemoStep("judgekit show template", template_page(show_template(workspace=workspace)))
    yield DemoStep("judgekit check", check_page(check(workspace=workspace)))
    request = Request("votes", "votes", None, {"folds": 0}, resume=False, force=force, offline=offline)
    trained = make_judge(workspace, request, reporter, should_stop)
    yield DemoStep("judgekit train --folds 0", train_page(trained))
    if trained.folder is None:
        return
    yield DemoStep("judgekit score new.csv", score_page(score(new, workspace=workspace, force=force, offline=offline)))
    yield DemoStep("judgekit evaluate", evaluate_page(evaluate(workspace=workspace, offline=offline)))
    page = folder / REPORT_FILE
    written = report(workspace=workspace, output=page, force=force, offline=offline)
    yield DemoStep("judgekit report", report_page(written))
    yield DemoStep("judgekit show", workspace_page(show(workspace=workspace)))
