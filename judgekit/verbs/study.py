"""`judgekit study`: the tables and curves of arXiv 2505.12301 on a dataset of one's own."""

from __future__ import annotations

import csv
import gc
import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from judgekit.config import StudySettings
from judgekit.dataset.opening import Dataset, named_annotations, open_dataset, open_workspace
from judgekit.models.loading import Backbone
from judgekit.reports.study_figures import study_figures
from judgekit.reports.study_html import study_html
from judgekit.reports.study_page import study_markdown
from judgekit.reports.study_page import study_page as study_page
from judgekit.studies.data import find_budget, with_fixed_split
from judgekit.studies.notes import study_notes
from judgekit.studies.plans import Run, plans_of, runs_of, variants_of
from judgekit.studies.records import Record, Records
from judgekit.studies.result import StudyResult, summarise
from judgekit.studies.runs import Ground, lay_ground, make_run
from judgekit.training.reporter import SILENT, Reporter
from judgekit.training.setup import wanted_backbone
from judgekit.training.training_data import split_parts
from judgekit.workspace.atomic import write_text
from judgekit.workspace.layout import check_name

# They may grow from call to call: the runs that are there stay what they are.
_MAY_DIFFER = ("preset", "plan", "seeds")
_NOT_FOR_RUNS = ("plan", "seeds", "train_items", "seed", "split", "split_seed")
_COLUMNS = (
    "seed", "key", "kl", "accuracy", "validation_kl", "temperature", "label_mass", "training_items", "per_item",
    "epochs", "learning_rate", "steps", "best_step", "seconds", "items_per_second", "peak_memory",
)  # fmt: skip
_SETTINGS = ("alpha", "epsilon", "adversary")


def study(
    dataset: str | None = None,
    *,
    name: str | None = None,
    workspace: str | Path | None = None,
    force: bool = False,
    offline: bool = False,
    reporter: Reporter = SILENT,
    should_stop: Callable[[], bool] = lambda: False,
    **settings: Any,
) -> StudyResult:
    """Train and evaluate the variants of the paper's study on one split, and report them side by side.

    Finished runs are kept: called again, a study goes on where it was stopped, and takes further plans and seeds.

    Args:
        dataset: its name; None takes the newest.
        name: of the study; None takes the dataset's.
        workspace: its folder; None finds one.
        force: start anew, and forget the runs that are there.
        offline: never ask the hub.
        reporter: told about notes and progress.
        should_stop: asked after every step; true gives up the run at work and returns.
        settings: fields of `StudySettings`.

    Raises:
        JudgekitError: whatever the user can mend, before the backbone is loaded where possible.
    """
    chosen = StudySettings.from_json(settings)
    place = open_workspace(workspace)
    data = open_dataset(place, dataset)
    name = check_name(name or data.name)
    plans = plans_of(chosen.plan)
    with place.only_one(f"study-{name}"):
        if chosen.annotator_weights:
            named_annotations(
                data, split_parts(data.items, chosen) == "train"
            )  # a dataset without names is refused before a backbone is looked for
        fixed = with_fixed_split(data, chosen)
        budget = find_budget(fixed, chosen, plans)
        backbone = wanted_backbone(chosen, offline=offline)
        records = Records(place.study_folder(name))
        records.start(_facts(data, backbone, chosen), force=force)
        given = {key: value for key, value in settings.items() if key not in _NOT_FOR_RUNS} | {"split": "auto"}
        ground = lay_ground(fixed, backbone, budget, given)
        variants = variants_of(plans, budget.per_item if budget else ())
        seeds = [chosen.seed + number for number in range(chosen.seeds)]
        runs = {
            variant.name: runs_of(variant, given, seeds=seeds, kind=backbone.kind, items=ground.items)
            for variant in variants
        }
        notes = study_notes(ground, runs)
        for note in notes:
            reporter.note(note)
        is_finished = _make_all(ground, runs, records, reporter, should_stop)
        keys = {run.key for several in runs.values() for run in several}
        result = StudyResult(name, records.folder, len(keys), sum(map(records.has, keys)), {})
        if not is_finished:
            return result
        found = {name: [records.load(run.key) for run in several] for name, several in runs.items()}
        about = {"dataset": data.name, "backbone": backbone.name, "notes": notes, **ground.sizes()}
        result = result._replace(facts={**about, **summarise(plans, found, ground.held(chosen.seed))})
    _write_report(records.folder, result, found)
    return result


def _facts(data: Dataset, backbone: Backbone, settings: StudySettings) -> dict[str, Any]:
    """What the runs of a study have in common; they cannot be compared if it changes."""
    return {
        "dataset": data.name,
        "content_hash": data.content_hash,
        "template": data.template.source,
        "backbone": asdict(backbone.identity),
        "settings": {key: value for key, value in settings.to_json().items() if key not in _MAY_DIFFER},
    }


def _make_all(
    ground: Ground,
    runs: Mapping[str, Sequence[Run]],
    records: Records,
    reporter: Reporter,
    should_stop: Callable[[], bool],
) -> bool:
    """Make the runs that are not there yet; False if it was asked to stop.

    Seed by seed, so that a study which is stopped early has something of every variant.
    """
    most = max(len(several) for several in runs.values())
    order = [(name, several[n]) for n in range(most) for name, several in runs.items() if n < len(several)]
    todo = {run.key: (name, run) for name, run in reversed(order)}  # the first of equal runs gives the name
    todo = {run.key: todo[run.key] for _, run in order if not records.has(run.key)}
    seconds: list[float] = []
    for done, (name, run) in enumerate(todo.values()):
        left = sum(seconds) / len(seconds) * (len(todo) - done) if seconds else None
        reporter.runs(done, len(todo), f"{name}, seed {run.settings.seed}", left)
        started = time.monotonic()
        gc.collect()  # two models at once may not fit
        record = None if should_stop() else make_run(ground, run, reporter=reporter, should_stop=should_stop)
        if record is None:
            return False
        records.save(run.key, record)
        if run.is_trained:
            seconds.append(time.monotonic() - started)
    reporter.runs(len(todo), len(todo), "done", 0.0)
    return True


def _write_report(folder: Path, result: StudyResult, variants: Mapping[str, Sequence[Record]]) -> None:
    """Write `runs.csv`, `table.md` and the self-contained `report.html` of a finished study into its folder."""
    write_text(folder / "runs.csv", _runs_table(variants))
    write_text(folder / "table.md", study_markdown(result))
    write_text(folder / "report.html", study_html(result, study_figures(result)))


def _runs_table(variants: Mapping[str, Sequence[Record]]) -> str:
    """One row per variant and seed; runs that several variants share have one key."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["variant", *_COLUMNS, *_SETTINGS])
    for name, records in variants.items():
        for record in records:
            settings = record.facts["settings"]
            own = [record.facts.get(column) for column in _COLUMNS]
            writer.writerow([name, *own, *(settings[column] for column in _SETTINGS)])
    return text.getvalue()
