"""A study of all plans on a small encoder: equal runs are made once, finished runs survive, and the figures hold."""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_votes import votes_rows, write_csv
from small_studies import Listener, Studied

from judgekit import ingest, study
from judgekit.config import TrainSettings
from judgekit.config.keywords import StudyKeywords
from judgekit.core.distributions import empirical_distribution
from judgekit.core.metrics import kl_per_item
from judgekit.dataset.opening import open_dataset, open_workspace
from judgekit.errors import BackboneError, DataError, SettingsError, WorkspaceError
from judgekit.studies import runs
from judgekit.studies.plans import PAPER, RAW, SINGLE_POINT, VARIANTS, WITHOUT_KL, runs_of, settings_of
from judgekit.studies.result import StudyResult
from judgekit.training import assembly
from judgekit.training.assembly import make_model
from judgekit.training.training_data import split_parts

Again = Callable[..., StudyResult]


def figures(facts: dict[str, Any], plan: str) -> dict[str, Any]:
    """What does not depend on the machine's speed."""
    return {line["variant"]: (line["kl"], line["accuracy"]) for line in facts["plans"][plan]}


def test_a_study_of_all_plans_reports_every_variant_and_makes_equal_runs_once(study_of_all: Studied) -> None:
    facts, listener = study_of_all.facts, study_of_all.listener
    variants = {variant.name for several in VARIANTS.values() for variant in several}
    shown = {line["variant"] for lines in facts["plans"].values() for line in lines}
    assert shown - {"class prior"} == variants
    # Of 22 variants: without KL and alpha 0 are single-point, alpha 0.8 and epsilon 0.25 paper, alpha 1 without CE, and
    # epsilon 0 without Adv. (default searches its adversary and averages, so it is a run of its own.)
    assert len(variants) == 22
    assert facts["runs"] == facts["finished"] == len(listener.names) == 16
    for lines in facts["plans"].values():
        for line in lines:
            assert line["kl"]["low"] <= line["kl"]["value"] <= line["kl"]["high"]
    assert facts["noise_floor"] < facts["baselines"]["class_prior"]["kl"]
    raw, prior = facts["plans"]["table1"][0], facts["baselines"]["class_prior"]
    assert raw["kl"]["value"] == pytest.approx(prior["kl"], abs=0.02)  # the weights of a fresh head are small
    budget = [line["training_items"] for line in facts["plans"]["budget"]]
    assert budget == [30, 10, 6]  # of 36 training items with 5 annotations each: the largest multiple of 15
    assert any("Budget: 30 annotations" in note for note in listener.notes)
    json.dumps(facts, allow_nan=False)


def test_a_study_writes_a_page_that_needs_nothing_else_and_a_row_for_each_run(study_of_all: Studied) -> None:
    page = (study_of_all.folder / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == page.count("</svg>") == 6
    assert "http://" not in page.replace("http://www.w3.org", "")  # names of namespaces alone
    assert "src=" not in page and "<link" not in page
    assert "| single-point |" in (study_of_all.folder / "table.md").read_text(encoding="utf-8")
    rows = study_of_all.rows()
    assert len(rows) == 22 and len({row["key"] for row in rows}) == 16
    assert {row["alpha"] for row in rows if row["variant"] == "alpha 0.2"} == {"0.2"}


def test_the_kl_of_a_line_is_that_of_its_runs_and_robustness_starts_there(studied: Studied, again: Again) -> None:
    levels = {point["x"]: point["kl"] for point in studied.facts["plans"]["robustness"] if point["variant"] == "paper"}
    line = next(line for line in studied.facts["plans"]["table1"] if line["variant"] == "paper")
    assert levels[0.0] == pytest.approx(line["kl"])
    assert list(levels) == [0.0, 0.05, 0.1, 0.15, 0.2, 0.25]

    dataset = open_dataset(open_workspace(studied.workspace))
    test = dataset.items.counts[split_parts(dataset.items, TrainSettings(train_share=0.6)) == "test"]
    facts = again("table1", seeds=2).to_json()
    assert (facts["items"]["test"], facts["test_annotations"]) == (len(test), test.sum())
    kl = []
    for key in [row["key"] for row in studied.rows() if row["variant"] == "paper"]:
        logits = np.load(studied.folder / "runs" / f"{key}.npy").astype(float)
        q = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        kl.append(kl_per_item(q, empirical_distribution(test)).mean())
    line = next(line for line in facts["plans"]["table1"] if line["variant"] == "paper")
    assert len(kl) == line["seeds"] == 2
    assert line["kl"]["value"] == pytest.approx(np.mean(kl), abs=1e-6)
    assert (line["kl"]["least"], line["kl"]["most"]) == pytest.approx((min(kl), max(kl)), abs=1e-6)


def test_finished_runs_survive_a_stop_and_a_crash_and_the_figures_are_those_without(
    studied: Studied, again: Again
) -> None:
    class CrashInSecondRun(Listener):
        def training(self, progress: Any) -> None:
            if len(self.names) == 2:
                raise KeyboardInterrupt

    studied.forget("single-point", "paper", "default")
    with pytest.raises(KeyboardInterrupt):
        again("table1", reporter=CrashInSecondRun())
    asked = iter([False] * 3)  # in the midst of the next run
    stopped = again("table1", should_stop=lambda: next(asked, True))
    assert (stopped.is_finished, stopped.finished, stopped.runs) == (False, 2, 4)
    rest, nothing = Listener(), Listener()
    resumed = again("table1", reporter=rest).to_json()
    assert rest.names == ["paper, seed 0", "default, seed 0"]
    assert figures(resumed, "table1") == figures(studied.facts, "table1")
    assert again("table1", reporter=nothing).to_json() == resumed
    assert nothing.names == []


def test_a_study_takes_further_plans(studied: Studied, again: Again) -> None:
    studied.forget("without Adv", "without CE")
    more = Listener()
    assert again("table1", "ablation", reporter=more).is_finished
    assert more.names == ["without Adv, seed 0", "without CE, seed 0"]


def test_a_run_whose_logits_are_damaged_is_named_by_its_path(studied: Studied, again: Again) -> None:
    key = next(row["key"] for row in studied.rows() if row["variant"] == "paper")
    path = studied.folder / "runs" / f"{key}.npy"
    whole = path.read_bytes()
    np.save(path, np.load(path)[1:])
    with pytest.raises(WorkspaceError, match="finite logits of the shape"):
        again("table1")
    path.write_bytes(whole[:20])
    with pytest.raises(WorkspaceError, match=path.name):
        again("table1")


def test_a_run_that_gives_no_numbers_is_never_kept(
    studied: Studied, again: Again, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = runs.predict

    def lost(*arguments: Any, **named: Any) -> Any:
        found = read(*arguments, **named)
        found.logits[3] = np.nan
        return found

    before = {path.name for path in (studied.folder / "runs").iterdir()}
    monkeypatch.setattr(runs, "predict", lost)
    with pytest.raises(BackboneError, match=r"For 1 of \d+ items the model of the run .* infinite numbers"):
        again("table1", seeds=2)
    assert {path.name for path in (studied.folder / "runs").iterdir()} == before


def test_something_else_under_the_same_name_is_refused_with_what_differs(studied: Studied, again: Again) -> None:
    with pytest.raises(WorkspaceError, match="--epochs: 1 then, 2 now"):
        again("table1", epochs=2)
    ingest(write_csv(studied.workspace.parent / "votes.csv", votes_rows(63)), workspace=studied.workspace, force=True)
    with pytest.raises(WorkspaceError, match="the items of the dataset"):
        again("table1")
    anew = again("table1", force=True, should_stop=lambda: True)
    assert (anew.finished, anew.runs) == (0, 4)


def test_the_model_of_one_run_is_gone_before_the_next_is_made(
    studied: Studied, again: Again, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two models of 7 billion weights at once would not fit where one does."""
    alive: list[weakref.ref[Any]] = []

    def watched(*arguments: Any, **options: Any) -> Any:
        assert [found for found in alive if found() is not None] == []
        model = make_model(*arguments, **options)
        alive.extend(weakref.ref(one) for one in model.trainable().values())
        return model

    monkeypatch.setattr(assembly, "make_model", watched)
    studied.forget("raw", "paper", "default")
    again("table1")
    assert len(alive) > 3 * 4


def test_a_preset_and_an_unknown_plan_are_refused(again: Again) -> None:
    with pytest.raises(SettingsError, match="Unknown settings: preset"):
        again("table1", preset="paper")
    with pytest.raises(SettingsError, match="'table2'; expected one of table1"):
        again("table2")


def test_a_budget_that_cannot_be_spent_in_two_ways_is_refused_before_a_backbone_is_looked_for(tmp_path: Path) -> None:
    ingest(write_csv(tmp_path / "one.csv", votes_rows(60, annotators=2)), workspace=tmp_path / "ws")
    with pytest.raises(DataError, match="only 0 have 3 annotations or more"):
        study(workspace=tmp_path / "ws", backbone=tmp_path / "no such backbone", plan="budget")


def test_training_items_are_limited_and_the_test_part_is_not(again: Again) -> None:
    listener = Listener()
    again("table1", name="limited", train_items=20, reporter=listener, should_stop=lambda: True)
    assert "20 items to train on, 6 to choose checkpoints on, 18 to test on" in listener.notes[0]


def test_a_variant_goes_over_what_the_user_gave_and_that_over_the_preset() -> None:
    given: StudyKeywords = {"epochs": 5, "alpha": 0.5, "projection": "exact"}
    assert (settings_of(PAPER, given).epochs, settings_of(PAPER, given).alpha) == (5, 0.5)
    assert settings_of(SINGLE_POINT, given).alpha == 0
    assert settings_of(PAPER, {}).epochs == 2
    given = {"adversary": "paper", "projection": "cvxpy"}
    assert settings_of(PAPER, given).projection == "cvxpy"
    assert settings_of(SINGLE_POINT, given).projection == "exact"


def test_an_untrained_causal_lm_runs_with_one_seed_and_without_kl_is_single_point() -> None:
    options: dict[str, Any] = {"seeds": [0, 1], "items": lambda _: 60}
    assert len(runs_of(RAW, {}, kind="causal", **options)) == 1
    assert len(runs_of(RAW, {}, kind="encoder", **options)) == 2
    one, other = (runs_of(variant, {}, kind="causal", **options) for variant in (SINGLE_POINT, WITHOUT_KL))
    assert [run.key for run in one] == [run.key for run in other]
    assert one[0].key != one[1].key
