"""`judgekit gate`: which items a judge may decide alone, at a share of disagreement that is promised."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Unpack

from judgekit.config import GateSettings
from judgekit.config.keywords import GateKeywords
from judgekit.decisions.gate import GateCheck, GateResult, check_promise, make_gate
from judgekit.decisions.gate_file import Gate, check_gate
from judgekit.decisions.held_out import at_random, held_out_predictions, open_judge, predictions_of_file
from judgekit.decisions.likeness import characters, differences
from judgekit.errors import JudgekitError
from judgekit.judge.score_table import check_output
from judgekit.reports.gate_page import check_page as check_page
from judgekit.reports.gate_page import gate_page as gate_page
from judgekit.training.reporter import SILENT, Reporter
from judgekit.workspace.manifest import now
from judgekit.workspace.versions import of_one_version


def gate(
    output: str | PathLike[str] = "gate.json",
    *,
    judge: str | Path | None = None,
    workspace: str | Path | None = None,
    force: bool = False,
    offline: bool = False,
    reporter: Reporter = SILENT,
    settings: GateSettings | None = None,
    **keywords: Unpack[GateKeywords],
) -> GateResult:
    """Find the items that a judge may decide alone, so that it seldom disagrees with a new annotator on them.

    Args:
        output: the file of the gate, which `score` takes.
        judge: its name, or its folder; None takes the newest.
        workspace: its folder; None finds one.
        force: replace the file if it is there.
        offline: never ask the hub.
        reporter: gets notes and progress.
        settings: the promise, and how the judge is loaded and asked.
        keywords: fields of `GateSettings`; they win over `settings`.

    Raises:
        DataError: the promise cannot be made: people do not keep it among themselves, or too few items are annotated;
            or the file is there already.
        WorkspaceError: there is no such judge, or its dataset is gone or has changed.

    Examples:
        >>> gate("comments.gate.json", annotations="held_out.csv", error=0.95).output.name
        'comments.gate.json'
    """
    chosen, place = GateSettings.chosen(settings, keywords), Path(output)
    check_output(place, read=None, force=force, elsewhere="Name another file: judgekit gate FILE")

    def work() -> Gate:
        opened = open_judge(judge, workspace, chosen, offline=offline)
        if chosen.annotations is None:
            held_out = held_out_predictions(opened, chosen, reporter)
        else:
            held_out = predictions_of_file(opened, Path(chosen.annotations), chosen, reporter)
        return make_gate(opened.judge.name, opened.judge.manifest, at_random(held_out, reporter), chosen, now())

    found = of_one_version(work)
    found.write(place)
    return GateResult(place, found)


def check(
    data: str | PathLike[str],
    file: str | PathLike[str] = "gate.json",
    *,
    judge: str | Path | None = None,
    workspace: str | Path | None = None,
    offline: bool = False,
    reporter: Reporter = SILENT,
    settings: GateSettings | None = None,
    **keywords: Unpack[GateKeywords],
) -> GateCheck:
    """Hold a gate against annotations that came later.

    Nothing is raised here where the promise is broken; see `GateCheck.holds`.

    Args:
        data: annotations in a file, of items that the judge was not trained on.
        file: the gate.
        judge: its name, or its folder; None takes that of the gate.
        workspace: its folder; None finds one.
        offline: never ask the hub.
        reporter: gets notes and progress.
        settings: how the file is read and the judge is loaded and asked.
        keywords: fields of `GateSettings`; they win over `settings`.

    Raises:
        DataError: the gate is of another judge, or the table cannot be read.
        WorkspaceError: there is no such judge, or the gate's file is missing or damaged.
    """
    chosen, gate = GateSettings.chosen(settings, keywords), Gate.read(Path(file))

    def work() -> GateCheck:
        opened = open_judge(judge or gate.judge, workspace, chosen, offline=offline)
        check_gate(gate, opened.judge.manifest, opened.judge.name)
        found = at_random(predictions_of_file(opened, Path(data), chosen, reporter), reporter)
        try:
            before = held_out_predictions(opened, chosen, reporter)
        except JudgekitError:  # the judge's dataset is gone: nothing to compare with
            return check_promise(gate, found, (), seed=chosen.seed)
        fields = opened.judge.fields
        lengths = tuple(characters(one.items.texts.select(fields)) for one in (found, before))
        differing = differences(found.q, before.q, (lengths[0], lengths[1]), opened.judge.labels)
        return check_promise(gate, found, differing, seed=chosen.seed)

    return of_one_version(work)
