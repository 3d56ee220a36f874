"""Workspaces of earlier versions, one of each format: they open, and their judges say what they said then."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from judgekit import evaluate, export, ingest, score, show, study
from judgekit.errors import WorkspaceError
from judgekit.judge.manifest import JUDGES, JudgeManifest
from judgekit.studies.manifest import StudyManifest
from judgekit.workspace.manifest import read_json, write_json
from judgekit.workspace.store import Workspace

KEPT = Path(__file__).parent / "kept"
EXACT: dict[str, Any] = {"device": "cpu", "dtype": "float32"}


def opened(name: str, folder: Path) -> Path:
    """A copy of a kept workspace, with its backbones where its manifests say."""
    home = shutil.copytree(KEPT / name, folder / name)
    for path in home.rglob("*.json"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("/elsewhere", json.dumps(str(home))[1:-1]), encoding="utf-8")
    return home


@pytest.fixture(params=["oldest", "format1"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return opened(request.param, tmp_path)


def test_it_is_shown(home: Path) -> None:
    contents = show(workspace=home / "workspace").to_json()
    assert [found["name"] for found in contents["datasets"]] == ["votes"]
    assert {found["name"] for found in contents["judges"]} >= {"votes"}


def test_its_judge_says_what_it_said_then(home: Path, tmp_path: Path) -> None:
    scores = score(
        home / "new.csv",
        judge="votes",
        workspace=home / "workspace",
        output=tmp_path / "now.csv",
        only_scores=True,
        **EXACT,
    )
    now = scores.to_polars()
    then = pl.read_csv(home / "scores.csv")
    assert now.columns == then.columns
    numbers = pl.selectors.float()
    difference = now.select(numbers).to_numpy() - then.select(numbers).to_numpy()
    assert abs(difference).max() < 1e-5


def test_its_judge_is_evaluated_on_its_own_test_part_and_on_a_file(home: Path) -> None:
    own = evaluate(judge="votes", workspace=home / "workspace", **EXACT)
    assert len(own.items) == 22
    kl: Any = own.metrics["kl"]
    assert kl.value == pytest.approx(0.773108, abs=1e-4)
    file = evaluate(home / "votes.csv", judge="votes", workspace=home / "workspace", **EXACT)
    assert (len(file.items), file.left_out, file.trained_on) == (22, 198, 0)


def test_its_judge_is_exported_with_a_card(home: Path, tmp_path: Path) -> None:
    export("votes", merged=tmp_path / "merged", workspace=home / "workspace", device="cpu")
    assert "votes" in (tmp_path / "merged" / "README.md").read_text(encoding="utf-8")


def test_its_dataset_takes_a_further_round(home: Path, tmp_path: Path) -> None:
    (tmp_path / "round.csv").write_text("item_id,annotator_id,text,label\nz,p9,a lake,good\nz,p8,a lake,bad\n")
    added = ingest(tmp_path / "round.csv", name="votes", append=True, workspace=home / "workspace").round
    assert added is not None
    assert (added.added, added.new_items) == (2, 1)


def test_a_causal_judge_of_format_1_says_what_it_said_then(tmp_path: Path) -> None:
    home = opened("format1", tmp_path)
    scores = score(
        home / "new.csv",
        judge="causal",
        workspace=home / "workspace",
        output=tmp_path / "now.csv",
        only_scores=True,
        **EXACT,
    )
    then = pl.read_csv(home / "causal.csv")
    for column in ("prob_bad", "prob_fair", "prob_good", "label_mass"):
        assert scores.to_polars()[column].to_list() == pytest.approx(then[column].to_list(), abs=1e-5)


def test_a_study_of_format_1_goes_on(tmp_path: Path) -> None:
    home = opened("format1", tmp_path)
    folder = home / "workspace" / "studies" / "paper"
    assert StudyManifest.read(folder / "manifest.json").settings.lora_r == 2
    there = set(folder.rglob("*"))
    study(
        name="paper", workspace=home / "workspace", plan=("table1",), seeds=1, backbone=str(home / "backbone"),
        epochs=1, lora_r=2, lora_dropout=0.0,
        alpha=0.8, epsilon=0.25, targets="empirical", should_stop=lambda: True, **EXACT,
    )  # fmt: skip
    assert there <= set(folder.rglob("*"))


def test_a_manifest_of_version_1_becomes_one_of_the_newest_version(tmp_path: Path) -> None:
    path = opened("format1", tmp_path) / "workspace" / "judges" / "votes" / "manifest.json"
    then, now = read_json(path), JudgeManifest.read(path)
    assert (then["format_version"], now.VERSION, now.files) == (1, 6, None)
    assert now.calibration.temperature == then["temperature"]
    assert (now.columns.item, now.columns.annotator, now.columns.label) == ("item_id", "annotator_id", ("label",))
    now.write(path)
    assert JudgeManifest.read(path) == now


@pytest.mark.parametrize("lacking", ["verbalizer", "run", "annotator_weights", "target_strength"])
def test_a_key_that_older_judges_lack_may_be_missing(tmp_path: Path, lacking: str) -> None:
    path = opened("format1", tmp_path) / "workspace" / "judges" / "causal" / "manifest.json"
    write_json(path, {key: value for key, value in read_json(path).items() if key != lacking})
    place = Workspace(path.parents[2])
    assert getattr(place.open(JUDGES, "causal").manifest, lacking) is None


def test_a_causal_judge_that_does_not_say_how_it_is_read_is_refused_when_it_scores(tmp_path: Path) -> None:
    home = opened("format1", tmp_path)
    path = home / "workspace" / "judges" / "causal" / "manifest.json"
    write_json(path, {key: value for key, value in read_json(path).items() if key != "verbalizer"})
    with pytest.raises(WorkspaceError, match=r"(?s)older judgekit.*train --judge causal --force"):
        score(home / "new.csv", judge="causal", workspace=home / "workspace", **EXACT)


DAMAGE: dict[str, list[object]] = {
    "labels": [None, 3, [1]],
    "vote_columns": [None, [1], {"label": 3}, {"layout": "round"}],
    "temperature": [None, "x", -1],
    "backbone": ["x", {}, {"name": "x", "revision": None, "sha256": "0", "kind": "other"}],
    "settings": [3, {"epochs": 0}, {"projection": "cvxpy"}],
    "items": [{"train": 1}],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field in DAMAGE for value in DAMAGE[field]])
def test_a_damaged_field_is_named_with_its_file(tmp_path: Path, field: str, value: object) -> None:
    path = tmp_path / "manifest.json"
    write_json(path, {**read_json(KEPT / "format1" / "workspace" / "judges" / "votes" / "manifest.json"), field: value})
    with pytest.raises(WorkspaceError) as caught:
        JudgeManifest.read(path)
    assert str(path) in str(caught.value)
    assert caught.value.problems
