"""`judgekit score`: a table of new items becomes a table of distributions."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Unpack, overload

from judgekit.config import ScoreSettings
from judgekit.config.keywords import ScoreKeywords
from judgekit.decisions.gate_file import threshold_for
from judgekit.judge.finding import can_be_read_again, named_judge
from judgekit.judge.judge import TrainedJudge
from judgekit.judge.label_sets import require_label_sets
from judgekit.judge.score_table import check_output, write_scores
from judgekit.judge.scored_file import ScoredFile
from judgekit.judge.scores import Scores
from judgekit.judge.table_files import file_kind
from judgekit.reports.score_page import score_page as score_page
from judgekit.tables.frames import TableData
from judgekit.training.reporter import SILENT, Reporter
from judgekit.workspace.versions import of_one_version


@overload
def score(
    data: str | PathLike[str],
    *,
    output: str | PathLike[str] | None = None,
    judge: str | PathLike[str] | None = None,
    judge_model: str | None = None,
    dataset: str | None = None,
    gate: str | PathLike[str] | None = None,
    workspace: str | Path | None = None,
    force: bool = False,
    fresh: bool = False,
    offline: bool = False,
    reporter: Reporter = SILENT,
    settings: ScoreSettings | None = None,
    **keywords: Unpack[ScoreKeywords],
) -> ScoredFile: ...
@overload
def score(
    data: TableData,
    *,
    output: str | PathLike[str] | None = None,
    judge: str | PathLike[str] | None = None,
    judge_model: str | None = None,
    dataset: str | None = None,
    gate: str | PathLike[str] | None = None,
    workspace: str | Path | None = None,
    force: bool = False,
    fresh: bool = False,
    offline: bool = False,
    reporter: Reporter = SILENT,
    settings: ScoreSettings | None = None,
    **keywords: Unpack[ScoreKeywords],
) -> Scores: ...
def score(
    data: TableData | str | PathLike[str],
    *,
    output: str | PathLike[str] | None = None,
    judge: str | PathLike[str] | None = None,
    judge_model: str | None = None,
    dataset: str | None = None,
    gate: str | PathLike[str] | None = None,
    workspace: str | Path | None = None,
    force: bool = False,
    fresh: bool = False,
    offline: bool = False,
    reporter: Reporter = SILENT,
    settings: ScoreSettings | None = None,
    **keywords: Unpack[ScoreKeywords],
) -> ScoredFile | Scores:
    """Predict the distribution of human labels for every item of a table.

    Args:
        data: a table with the columns the judge reads: a file of any size, in which rows that repeat an item count
            once, or data in memory (a list of dicts, a polars or pandas frame), of which every row is scored.
        output: where to write the score table, as CSV, TSV, JSONL, Parquet or Excel by its ending; None writes
            `new.scores.csv` beside `new.csv`, and nothing for data in memory.
        judge: its name, or its folder; None takes the newest.
        judge_model: a chat model that nobody trained, in its place: it is asked for probabilities, and annotations
            calibrate it. A local folder, an id on the hub, or the address of an OpenAI-compatible endpoint.
        dataset: whose labels and annotations that model is given; None takes the newest.
        gate: file of a gate (`judgekit gate`), which adds the column `decision`: the label, or `review`.
        workspace: its folder; None finds one.
        force: replace the output if it is there.
        fresh: begin anew, whatever a call on the same file that was killed has left.
        offline: never ask the hub.
        reporter: gets notes and progress.
        settings: how the judge is loaded and asked.
        keywords: fields of `ScoreSettings`; they win over `settings`.

    Returns:
        For a file the facts of what was written, for data in memory the scores themselves.

    Raises:
        DataError: a column is missing, the table is empty, the output is there already, or the gate is of another
            judge; nothing is written.
        WorkspaceError: there is no such judge.
        BackboneError: the judge's backbone is missing or has changed.
        LabelError: both orders are asked for and the judge compares no two sides.

    Examples:
        >>> score([{"text": "clean room, kind host"}], judge="comments").labels
        ('bad', 'fair', 'good')
    """
    chosen = ScoreSettings.chosen(settings, keywords)

    meant = named_judge(judge, judge_model, dataset, workspace, chosen, offline=offline, reporter=reporter)

    def work() -> ScoredFile | Scores:
        on_ray = chosen.engine == "ray" and isinstance(data, str | PathLike)
        how = replace(chosen, engine="auto", workers=None) if on_ray else chosen
        opened = TrainedJudge.load(meant.judge, workspace=workspace, offline=offline, settings=how)
        opened.chat = meant.chat
        threshold = None if gate is None else threshold_for(Path(gate), opened)
        _say_of_held_out(opened, chosen, reporter)
        if isinstance(data, str | PathLike):
            return opened.predict_file(
                data,
                output=output,
                force=force,
                fresh=fresh,
                threshold=threshold,
                ray_workers=chosen.workers or 0 if on_ray else None,
                reporter=reporter,
                settings=chosen,
            )
        if output is not None:
            file_kind(Path(output))
            check_output(Path(output), read=None, force=force)
        scores = replace(opened.predict(data, reporter=reporter, settings=chosen), threshold=threshold)
        return scores if output is None else write_scores(scores, Path(output), reporter, force=force)

    return of_one_version(work) if can_be_read_again(data) else work()


def _say_of_held_out(judge: TrainedJudge, settings: ScoreSettings, reporter: Reporter) -> None:
    """What held-out items let expect of sets and of the items that are not for review; refused before any work."""
    if settings.sets is not None:
        kept = require_label_sets(judge.entry, option="--sets")
        reporter.note(
            f"set_{round(100 * settings.sets)} holds a new person's label with probability {settings.sets:.0%}, as "
            f"{kept.items:,} held-out items say."
        )
    if settings.review is not None:
        kept = require_label_sets(judge.entry, option="--review")
        reporter.note(
            f"For review are items of which the judge is as unsure as of {settings.review:.0%} of {kept.items:,} "
            f"held-out items. On the others of these its accuracy was {kept.accuracy_of_rest(settings.review):.1%}."
        )
