"""The files of a study: what differs between two, and runs that an earlier judgekit made."""

from __future__ import annotations

from pathlib import Path

import pytest

from judgekit.config import StudySettings
from judgekit.errors import WorkspaceError
from judgekit.models.identity import BackboneIdentity
from judgekit.studies.manifest import FinishedRun, StudyManifest
from judgekit.studies.plans import given_settings
from judgekit.studies.records import RUNS_FOLDER, Records, runs_table
from judgekit.workspace.manifest import read_json, write_json

KEPT = Path(__file__).parents[1] / "workspace" / "kept" / "format1" / "workspace" / "studies" / "paper"


def manifest(**settings: object) -> StudyManifest:
    return StudyManifest(
        created="2026-11-28T00:00:00.000000+00:00", dataset="votes", content_hash="c", template="t",
        backbone=BackboneIdentity("starter", "r", "s", "encoder"),
        settings=StudySettings.from_json(dict(settings)),
    )  # fmt: skip


def test_plans_and_seeds_may_grow_and_all_else_is_named() -> None:
    assert manifest().changed_in(manifest(plan="all", seeds=9)) == []
    other = manifest(epochs=2).model_copy(update={"template": "u"})
    assert manifest(epochs=1).changed_in(other) == ["its template", "--epochs: 1 then, 2 now"]


def test_runs_of_version_1_are_read_trained_and_untrained(tmp_path: Path) -> None:
    runs = {path.stem: FinishedRun.read(path) for path in (KEPT / "runs").glob("*.json")}
    then = {key: read_json(KEPT / "runs" / f"{key}.json") for key in runs}
    assert {run.training is None for run in runs.values()} == {True, False}
    for key, run in runs.items():
        assert (run.key, run.kl, run.calibration.temperature) == (key, then[key]["kl"], then[key]["temperature"])
        if run.training is not None:
            assert (run.training.steps, run.training.seconds) == (then[key]["steps"], then[key]["seconds"])
        run.write(tmp_path / "run.json")
        assert FinishedRun.read(tmp_path / "run.json") == run


def test_a_row_of_the_table_has_the_figures_of_its_run_and_blanks_where_nothing_was_trained() -> None:
    records = Records(KEPT)
    keys = [path.stem for path in (KEPT / "runs").glob("*.json")]
    lines = runs_table({"some": [records.load(key) for key in keys]}).splitlines()
    rows = [dict(zip(lines[0].split(","), line.split(","), strict=True)) for line in lines[1:]]
    for key, row in zip(keys, rows, strict=True):
        run = records.load(key).run
        assert (row["variant"], row["key"], float(row["kl"])) == ("some", key, run.kl)
        assert row["steps"] == ("" if run.training is None else str(run.training.steps))
        assert row["adversary"] == run.settings.adversary


def test_a_damaged_run_is_named(tmp_path: Path) -> None:
    write_json(tmp_path / "run.json", {**read_json(next((KEPT / "runs").glob("*.json"))), "seed": "one"})
    with pytest.raises(WorkspaceError, match=r"(?s)run\.json is damaged.*seed"):
        FinishedRun.read(tmp_path / "run.json")


def test_keywords_go_over_an_object_of_which_defaults_say_nothing() -> None:
    given = given_settings(StudySettings(epochs=3, alpha=0.5, seeds=9), {"alpha": 0.25, "warmup": 0.06})
    assert given == {"epochs": 3, "alpha": 0.25, "warmup": 0.06, "split": "auto"}


def test_a_study_begun_anew_keeps_what_it_did_not_write(tmp_path: Path) -> None:
    runs = tmp_path / "study" / RUNS_FOLDER
    runs.mkdir(parents=True)
    for path in (runs / "a.json", runs / "a.npy", runs.parent / "report.html", runs.parent / "thoughts.md"):
        path.write_text("x")
    Records(tmp_path / "study").start(manifest(), force=True)
    left = sorted(path.name for path in (tmp_path / "study").rglob("*") if path.is_file())
    assert left == ["manifest.json", "thoughts.md"]
