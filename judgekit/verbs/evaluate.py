"""`judgekit evaluate`: how near a judge comes to what people chose, beside baselines and the noise floor."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Unpack

from judgekit.config import EvaluateSettings
from judgekit.config.keywords import EvaluateKeywords
from judgekit.judge.finding import can_be_read_again, named_judge
from judgekit.judge.kept_evaluation import KeptEvaluation
from judgekit.judge.manifest import EVALUATION_FILE
from judgekit.judge.score_table import check_output, write_table
from judgekit.reports.evaluate_page import evaluate_page as evaluate_page
from judgekit.reports.judge import Judge
from judgekit.tables.frames import TableData
from judgekit.training.reporter import SILENT, Reporter
from judgekit.trust.evaluated import EvaluateResult
from judgekit.workspace.manifest import now
from judgekit.workspace.versions import of_one_version


def evaluate(
    data: TableData | str | PathLike[str] | None = None,
    *,
    output: str | PathLike[str] | None = None,
    judge: str | PathLike[str] | None = None,
    judge_model: str | None = None,
    dataset: str | None = None,
    workspace: str | Path | None = None,
    force: bool = False,
    offline: bool = False,
    reporter: Reporter = SILENT,
    settings: EvaluateSettings | None = None,
    **keywords: Unpack[EvaluateKeywords],
) -> EvaluateResult:
    """Compare a judge with human annotations it was not trained on; the judge keeps the figures for its model card.

    Items that it was trained on are recognised by their texts and left out. A judge of pairwise comparisons is asked
    in both orders, for its order gap. A requirement that is not met raises nothing here; see `EvaluateResult.missed`.

    Args:
        data: annotations in a file or in memory, in any layout that `ingest` reads, with the judge's columns and
            labels; None takes what was held out of the dataset the judge was trained on.
        output: where to write every evaluated item with people's and the judge's distribution; None writes nothing.
        judge: its name, or its folder; None takes the newest.
        judge_model: a chat model that nobody trained, in its place: it is asked for probabilities, and annotations
            calibrate it. A local folder, an id on the hub, or the address of an OpenAI-compatible endpoint.
        dataset: whose labels and annotations that model is given; None takes the newest.
        workspace: its folder; None finds one.
        force: replace the output if it is there.
        offline: never ask the hub.
        reporter: gets notes and progress.
        settings: how the judge is loaded and measured.
        keywords: fields of `EvaluateSettings`; they win over `settings`.

    Raises:
        DataError: the table cannot be read, lacks columns, or has labels the judge does not know; or the output is
            there already.
        LabelError: both orders are asked for and the judge compares no two sides.
        WorkspaceError: there is no such judge, or its dataset is gone or has changed.

    Examples:
        >>> figures = evaluate("held_out.csv", judge="comments")
        >>> len(figures.items), figures.annotations
        (20, 60)
    """
    chosen = EvaluateSettings.chosen(settings, keywords)
    if output is not None:
        read = Path(data) if isinstance(data, str | PathLike) else None
        check_output(Path(output), read=read, force=force)

    meant = named_judge(judge, judge_model, dataset, workspace, chosen, offline=offline, reporter=reporter)

    def work() -> EvaluateResult:
        opened = Judge.load(meant.judge, workspace=workspace, offline=offline, settings=chosen)
        opened.chat = meant.chat
        result = opened.evaluate(data, reporter=reporter, settings=chosen)
        if result.is_test:  # on other items the figures would flatter it
            _keep(result, opened, reporter)
        return result

    result = of_one_version(work) if data is None or can_be_read_again(data) else work()
    if output is not None:
        table = result.items.to_polars()
        write_table(table, Path(output), own=table.columns, reporter=reporter, force=force)
    return result


def _keep(result: EvaluateResult, judge: Judge, reporter: Reporter) -> None:
    """Leave the figures with the judge, whose model card shows the newest."""
    kept = KeptEvaluation.from_json({"created": now(), **result.to_json()})
    if problem := judge.keep(EVALUATION_FILE, kept):
        reporter.note(f"{problem}: these figures are not kept for the judge's model card.")
