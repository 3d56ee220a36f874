"""A judge recognises the items it was trained on in any file, with its dataset at hand and without."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from made_up_votes import LABELS, votes_rows, write_csv

from judgekit import Judge, export
from judgekit.errors import WorkspaceError
from judgekit.judge.manifest import ITEMS_FILE, JudgeManifest

EXACT: dict[str, Any] = {"device": "cpu", "dtype": "float32"}
RAN = Callable[..., Any]


def changed(rows: list[list[str]], write: Callable[[str], str]) -> list[list[str]]:
    """The same items under other ids, with their texts written in another way."""
    return [rows[0], *([f"new-{item}", who, write(text), label] for item, who, text, label in rows[1:])]


@pytest.mark.parametrize("dataset_is_there", [True, False])
def test_the_training_file_is_reduced_to_what_is_new(judged: Path, tmp_path: Path, dataset_is_there: bool) -> None:
    rows = [*votes_rows(60), *votes_rows(5, first=900)[1:]]
    path = write_csv(tmp_path / "more.csv", changed(rows, lambda text: f"  {text.upper().replace(' ', '  ')}!"))
    if not dataset_is_there:
        shutil.rmtree(judged / "datasets" / "votes")
    found = Judge.load("votes", **EXACT).evaluate(path, resamples=20)
    assert (len(found.items), found.left_out, found.trained_on) == (11, 54, 0)


def test_nearly_the_same_texts_are_recognised_while_the_dataset_is_there(judged: Path, tmp_path: Path) -> None:
    rows = changed(votes_rows(60), lambda text: f"{text} x")
    found = Judge.load("votes", **EXACT).evaluate(write_csv(tmp_path / "near.csv", rows), resamples=20)
    assert found.left_out > 40


def test_without_anything_new_the_result_says_that_it_is_no_test_and_stays_off_the_card(
    judged: Path, tmp_path: Path, run: RAN
) -> None:
    trained = Judge.load("votes", **EXACT).evaluate(part="train", resamples=20)
    known = set(trained.items.ids)
    rows = votes_rows(60)
    write_csv(tmp_path / "seen.csv", [rows[0], *(row for row in rows[1:] if row[0] in known)])
    shown = run("evaluate", "seen.csv", "--resamples", 20)
    assert "This is no test: the judge was trained or chosen on all of these items." in shown.out
    facts = run("evaluate", "seen.csv", "--resamples", 20, "--json").json
    assert (facts["items"], facts["left_out"], facts["trained_on"]) == (48, 0, 48)
    assert not (judged / "judges" / "votes" / "evaluation.json").exists()
    export("votes", merged=tmp_path / "merged", device="cpu")
    assert "was not evaluated on held-out items" in (tmp_path / "merged" / "README.md").read_text(encoding="utf-8")


def test_a_judge_in_a_folder_of_its_own_keeps_hashes_and_counts_and_no_text(judged: Path, tmp_path: Path) -> None:
    folder = Judge.load("votes").save(tmp_path / "alone")
    kept = pl.read_parquet(folder / ITEMS_FILE)
    assert kept.columns == ["text_hash", "trained_on", *(f"count.{label}" for label in LABELS)]
    assert (kept.height, kept["trained_on"].sum()) == (60, 54)
    alone = Judge.load(folder, **EXACT).evaluate(write_csv(tmp_path / "votes.csv", votes_rows(60)), resamples=20)
    inside = Judge.load("votes", **EXACT).evaluate(resamples=20)
    assert (len(alone.items), alone.left_out) == (6, 54)
    assert (alone.floor, alone.metrics["kl"]) == (inside.floor, inside.metrics["kl"])


def test_a_judge_that_kept_nothing_says_that_it_does_not_know(judged: Path, tmp_path: Path) -> None:
    shutil.rmtree(judged / "datasets" / "votes")
    (judged / "judges" / "votes" / ITEMS_FILE).unlink()
    path = judged / "judges" / "votes" / "manifest.json"
    then = JudgeManifest.read(path)
    then.model_copy(update={"files": {k: v for k, v in (then.files or {}).items() if k != ITEMS_FILE}}).write(path)
    found = Judge.load("votes", **EXACT).evaluate(write_csv(tmp_path / "votes.csv", votes_rows(20)), resamples=20)
    assert (len(found.items), found.trained_on, found.is_test) == (20, None, False)


def test_a_damaged_record_is_refused_by_its_name(judged: Path, tmp_path: Path) -> None:
    shutil.rmtree(judged / "datasets" / "votes")
    (judged / "judges" / "votes" / ITEMS_FILE).write_bytes(b"no parquet")
    with pytest.raises(WorkspaceError, match=ITEMS_FILE):
        Judge.load("votes", **EXACT).evaluate(write_csv(tmp_path / "votes.csv", votes_rows(20)))


def test_check_and_evaluate_show_the_same_floor(judged: Path, run: RAN) -> None:
    floors = [run(*command, "--json").json["noise_floor"] for command in (["check"], ["evaluate"])]
    assert floors[0] == floors[1]
    assert floors[0]["low"] < floors[0]["kl"] < floors[0]["high"]


def test_every_item_is_written_with_both_distributions(judged: Path, tmp_path: Path, run: RAN) -> None:
    assert run("evaluate", "-o", "items.csv", "--resamples", 20).code == 0
    table = pl.read_csv(tmp_path / "items.csv")
    assert table.columns[:3] == ["item_id", "text", "annotations"]
    q, p = (table.select(pl.col(f"^{kind}_(bad|fair|good)$")).to_numpy() for kind in ("prob", "people"))
    assert q.sum(axis=1) == pytest.approx(np.ones(6), abs=1e-6) and p.sum(axis=1) == pytest.approx(np.ones(6))
    kl = run("evaluate", "--json").json["metrics"]["kl"]["value"]
    assert table["kl"].mean() == pytest.approx(kl)
    refused = run("evaluate", "-o", "items.csv")
    assert refused.code == 3 and "already exists" in refused.err
    assert run("evaluate", "-o", "items.csv", "--force", "--resamples", 20).code == 0


def test_requirements_that_are_not_met_end_with_exit_code_3(judged: Path, run: RAN) -> None:
    assert run("evaluate", "--require", "kl<=9", "--require", "accuracy>=0", "--resamples", 20).code == 0
    missed = run("evaluate", "--require", "kl<=0.0001", "--require", "annotators>=99", "--resamples", 20)
    assert missed.code == 3
    assert "kl<=0.0001 requires at most 0.0001" in missed.err and "annotators>=99" in missed.err
    assert "MISSED" in missed.out
    prior = run("evaluate", "--require", "beats-prior", "--json", "--resamples", 20)
    assert prior.json["requirements"][0]["required"] == "beats-prior"
    assert (prior.code == 3) == (not prior.json["requirements"][0]["met"]) == (prior.json["gain"]["low"] <= 0)
    wrong = run("evaluate", "--require", "kl<0.3", "--require", "kI<=1")
    assert wrong.code == 3 and "'kl<0.3'" in wrong.err and "'kI<=1'" in wrong.err and "beats-prior" in wrong.err
