"""`judgekit study`: the tables and curves of arXiv 2505.12301 on a dataset of one's own."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Unpack

from judgekit.config import StudySettings
from judgekit.config.keywords import StudyKeywords
from judgekit.dataset.opening import named_annotations, open_dataset, open_workspace
from judgekit.reports.study_figures import study_figures
from judgekit.reports.study_html import study_html
from judgekit.reports.study_page import study_markdown
from judgekit.reports.study_page import study_page as study_page
from judgekit.studies.data import find_budget, with_fixed_split
from judgekit.studies.manifest import StudyManifest
from judgekit.studies.notes import study_notes
from judgekit.studies.plans import given_settings, plans_of, runs_of, variants_of
from judgekit.studies.records import Records, runs_table
from judgekit.studies.result import StudyResult, summarise
from judgekit.studies.runs import lay_ground, make_all
from judgekit.training.reporter import SILENT, Reporter
from judgekit.training.setup import wanted_backbone
from judgekit.training.training_data import split_parts
from judgekit.wording import visible
from judgekit.workspace.atomic import write_text
from judgekit.workspace.layout import check_name
from judgekit.workspace.manifest import now


def study(
    dataset: str | None = None,
    *,
    settings: StudySettings | None = None,
    name: str | None = None,
    workspace: str | Path | None = None,
    force: bool = False,
    offline: bool = False,
    reporter: Reporter = SILENT,
    should_stop: Callable[[], bool] = lambda: False,
    **keywords: Unpack[StudyKeywords],
) -> StudyResult:
    """Train and evaluate the variants of the paper's study on one split, and report them side by side.

    Finished runs are kept: called again, a study goes on where it was stopped, and takes further plans and seeds.

    Args:
        dataset: its name; None takes the newest.
        settings: what to compare, and how to train.
        name: of the study; None takes the dataset's.
        workspace: its folder; None finds one.
        force: start anew, and forget the runs that are there.
        offline: never ask the hub.
        reporter: gets notes and progress.
        should_stop: asked after every step; true gives up the present run and returns.
        keywords: single settings, over those of `settings`.

    Raises:
        JudgekitError: whatever the user can mend, before the backbone is loaded where possible.

    Examples:
        >>> found = study("votes", plan=["table1"], seeds=1, epochs=1, device="cpu")
        >>> found.is_finished, found.runs
        (True, 4)
    """
    chosen = StudySettings.chosen(settings, keywords)
    given = given_settings(settings, keywords)
    place = open_workspace(workspace)
    data = open_dataset(place, dataset)
    name = check_name(name or data.name)
    plans = plans_of(chosen.plan)
    with place.only_one(f"study-{name}"):
        if chosen.annotator_weights:  # a dataset without names is refused before a backbone is looked for
            named_annotations(data, split_parts(data.items, chosen) == "train")
        fixed = with_fixed_split(data, chosen)
        budget = find_budget(fixed, chosen, plans)
        backbone = wanted_backbone(chosen, offline=offline)
        manifest = StudyManifest(
            created=now(),
            dataset=data.name,
            content_hash=data.content_hash,
            template=data.template.source,
            backbone=backbone.identity,
            settings=chosen,
        )
        records = Records(place.study_folder(name))
        records.start(manifest, force=force)
        ground = lay_ground(fixed, backbone, budget, given)
        seeds = [chosen.seed + number for number in range(chosen.seeds)]
        runs = {
            variant.name: runs_of(variant, given, seeds=seeds, kind=backbone.kind, items=ground.items)
            for variant in variants_of(plans, budget.per_item if budget else ())
        }
        notes = study_notes(ground, runs)
        for note in notes:
            reporter.note(note)
        is_finished = make_all(ground, runs, records, reporter=reporter, should_stop=should_stop)
        keys = {run.key for several in runs.values() for run in several}
        result = StudyResult(name, records.folder, len(keys), sum(map(records.has, keys)))
        if not is_finished:
            return result
        found = {
            variant: [records.load(run.key, ground.counts.shape) for run in several]
            for variant, several in runs.items()
        }
        held, sizes = ground.held(chosen.seed), ground.sizes()
        command = shlex.join(["judgekit", "study", data.name, "--name", name, *chosen.options()])
        findings = summarise(
            plans, found, held, dataset=data.name, backbone=backbone.name, notes=notes, sizes=sizes, command=command
        )
    write_text(records.folder / "runs.csv", runs_table(found))
    write_text(records.folder / "table.md", visible(study_markdown(name, findings)))
    write_text(records.folder / "report.html", study_html(name, findings, study_figures(findings)))
    return result._replace(findings=findings)
