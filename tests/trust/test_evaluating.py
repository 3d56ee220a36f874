"""What an evaluation says beyond its metrics: by a column, beside another judge, of a new round, of its own use."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from made_up_votes import LABELS, votes_rows, write_csv

from judgekit import Judge, evaluate, score
from judgekit.errors import DataError
from judgekit.judge.label_sets import LEVELS, LabelSets
from judgekit.trust import evaluating

EXACT: dict[str, Any] = {"device": "cpu", "dtype": "float32", "resamples": 50}
RAN = Callable[..., Any]


@pytest.fixture
def held_out(tmp_path: Path) -> Path:
    """60 new items by 3 people, with a number and a word of each item, and one of each annotation."""
    head, *rows = votes_rows(60, first=7000)
    number = {item: n for n, item in enumerate(dict.fromkeys(row[0] for row in rows))}
    more = [
        [*row, str(number[row[0]]), ("old", "new")[number[row[0]] % 2] if number[row[0]] else "", str(n % 2)]
        for n, row in enumerate(rows)
    ]
    return write_csv(tmp_path / "held_out.csv", [[*head, "size", "era", "mood"], *more])


# -- by a column -------------------------------------------------------------------------------------------------------


def test_figures_by_a_number_are_in_bins_and_by_a_word_by_its_values(judged: Path, held_out: Path) -> None:
    by_size = evaluate(held_out, by="size", **EXACT).by
    assert [one.name for one in by_size] == ["0 to 14", "15 to 29", "30 to 44", "45 to 59"]
    assert sum(one.items for one in by_size) == 60
    by_era = evaluate(held_out, by="era", **EXACT).by
    assert {one.name: one.items for one in by_era} == {"new": 30, "old": 29, "empty": 1}
    frame = evaluate(held_out, **EXACT).items.to_polars()
    new = frame.filter(pl.int_range(60) % 2 == 1)
    assert next(one for one in by_era if one.name == "new").kl.value == pytest.approx(new["kl"].mean())


def test_many_texts_are_shown_by_their_length(judged: Path, held_out: Path) -> None:
    found = evaluate(held_out, by="text", **EXACT)
    assert all(one.name.endswith(" characters") for one in found.by)
    assert sum(one.items for one in found.by) == 60
    longest = found.items.texts["text"].str.len_chars().max()
    assert found.by[-1].name.endswith(f"{longest} characters")


def test_a_column_that_differs_within_items_says_so(judged: Path, held_out: Path) -> None:
    assert [one.name for one in evaluate(held_out, by="mood", **EXACT).by] == ["several values"]


def test_a_column_that_is_not_there_is_refused(judged: Path, held_out: Path) -> None:
    with pytest.raises(DataError, match=r"has no column 'sise' .did you mean 'size'"):
        evaluate(held_out, by="sise", **EXACT)
    with pytest.raises(DataError, match="dataset 'votes' has no column 'size'"):
        evaluate(by="size", **EXACT)


# -- against -----------------------------------------------------------------------------------------------------------


def test_a_table_of_predictions_is_compared_item_by_item(judged: Path, held_out: Path, run: RAN) -> None:
    own = evaluate(held_out, **EXACT)
    people = own.items.to_polars().select("item_id", *(pl.col(f"people_{name}").alias(name) for name in LABELS))
    people.reverse().head(50).write_csv("perfect.csv")
    found = evaluate(held_out, against="perfect.csv", **EXACT).comparison
    assert found is not None
    assert (found.items, found.left_out, found.verdict) == (50, 10, "worse")
    assert found.kl.value == pytest.approx(-own.items.kl[10:].mean())
    assert found.p < 0.05 and all(one.other_kl == pytest.approx(0) for one in found.changed)
    assert "It is worse than perfect.csv on 50 items that are new to both" in " ".join(
        run("evaluate", "held_out.csv", "--against", "perfect.csv", "--resamples", 50).out.split()
    )


def test_a_judge_beside_itself_is_not_told_apart(judged: Path, held_out: Path) -> None:
    shutil.copytree(judged / "judges" / "votes", "elsewhere")
    found = evaluate(held_out, against="elsewhere", **EXACT).comparison
    assert found is not None
    assert (found.items, found.verdict, found.p) == (60, "not told apart", 1.0)


def test_a_judge_that_was_trained_on_the_items_is_not_compared_on_them(judged: Path, tmp_path: Path) -> None:
    from judgekit import ingest, train

    ingest(write_csv(tmp_path / "more.csv", votes_rows(60, first=7000)), name="more")
    train("more", judge="other", epochs=1, device="cpu", backbone=_backbone(judged))
    rows = [*votes_rows(60, first=7000), *votes_rows(10, first=9000)[1:]]
    found = evaluate(write_csv(tmp_path / "both.csv", rows), judge="votes", against="other", **EXACT)
    assert found.comparison is not None
    assert (len(found.items), found.comparison.items) == (70, 16)  # its test part has 6 of its 60


def _backbone(workspace: Path) -> str:
    return json.loads((workspace / "judges" / "votes" / "manifest.json").read_text())["backbone"]["name"]


def test_predictions_without_ids_labels_or_sums_are_refused_all_at_once(judged: Path, held_out: Path) -> None:
    write_csv(Path("bad.csv"), [["key", "good"], ["a", "1"]])
    with pytest.raises(DataError) as error:
        evaluate(held_out, against="bad.csv", **EXACT)
    assert "no column of ids" in str(error.value) and "no column for the label 'bad'" in str(error.value)
    write_csv(Path("sums.csv"), [["id", *LABELS], ["a", "1", "1", "0"], ["b", "x", "0", "1"], ["c", "0", "0", "1"]])
    with pytest.raises(DataError) as error:
        evaluate(held_out, against="sums.csv", **EXACT)
    assert len(error.value.problems) == 2 and "line 2" in error.value.problems[0]


# -- a new round, its people, and how often it was looked at -----------------------------------------------------------


def test_a_round_of_the_same_people_is_no_drift_and_one_of_others_is(judged: Path, held_out: Path) -> None:
    same = evaluate(held_out, **EXACT).drift
    assert same is not None and not same.is_found
    head, *rows = votes_rows(60, first=7000)
    turned = write_csv(Path("turned.csv"), [head, *([*row[:3], LABELS[0]] for row in rows)])
    other = evaluate(turned, **EXACT).drift
    assert other is not None and other.is_found and other.shares.p < 0.01
    assert evaluate(**EXACT).drift is None


def test_the_alt_test_is_made_where_it_can_be_and_else_says_why(judged: Path, held_out: Path) -> None:
    found = evaluate(held_out, **EXACT).stand_in
    assert found is not None and found.test is not None and len(found.annotators) == 3
    few = evaluate(**EXACT).stand_in
    assert few is not None and few.why_not == "it needs 50 items, and there are 6."
    rows = [[row[0], *row[2:]] for row in votes_rows(60, first=7000)]
    unnamed = evaluate(write_csv(Path("unnamed.csv"), rows), **EXACT).stand_in
    assert unnamed is not None and "does not say who" in unnamed.why_not


def test_looks_at_a_test_part_are_counted_for_all_judges_of_its_dataset(judged: Path, held_out: Path) -> None:
    assert [evaluate(**EXACT).looks for _ in range(3)] == [1, 2, 3]
    assert [evaluate(held_out, **EXACT).looks for _ in range(2)] == [1, 2]
    shutil.copytree(judged / "judges" / "votes", judged / "judges" / "again")
    assert evaluate(judge="again", **EXACT).looks == 4
    assert evaluate(judge="again", part="validation", **EXACT).looks == 1


def test_looks_are_said_on_the_page(judged: Path, run: RAN) -> None:
    looks = judged / "datasets" / "votes" / "looks.json"
    assert "This is the first evaluation on these items." in " ".join(run("evaluate", "--resamples", 20).out.split())
    looks.write_text(looks.read_text().replace(": 1", ": 11"))
    said = " ".join(run("evaluate", "--resamples", 20).out.split())
    assert "This is evaluation number 12 on these items." in said and "have new items annotated" in said


# -- sets of labels ----------------------------------------------------------------------------------------------------


def test_sets_of_labels_are_fitted_on_the_validation_part_kept_and_measured(
    judged: Path, held_out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert evaluate(held_out, **EXACT).coverage is None  # 6 items are too few
    monkeypatch.setattr(evaluating, "FEWEST_ITEMS", 5)
    found = evaluate(held_out, **EXACT).coverage
    assert found is not None and found.fitted_on == 6
    # 6 items and one to come: nine in ten cannot be promised with fewer than all labels.
    assert (found.covered.value, found.whole) == (1.0, 1.0)
    kept = LabelSets.read(judged / "judges" / "votes" / "label_sets.json")
    judge = Judge.load("votes", device="cpu", dtype="float32")
    q = judge.predict(pl.read_csv(held_out).unique("item_id", maintain_order=True)).probabilities
    assert len(kept.thresholds) == len(LEVELS) and kept.sets(q, 0.5).any(axis=1).all()


def test_sets_of_an_ordinal_scale_are_intervals_whatever_the_order_of_the_labels() -> None:
    rng = np.random.default_rng(0)
    q = rng.dirichlet(np.ones(4), size=300)
    counts = rng.multinomial(3, q)
    values = (3.0, 1.0, 4.0, 2.0)
    sets = LabelSets.fit(q, counts, values, created="2026-01-01").sets(q, 0.8)
    in_order = sets[:, np.argsort(values)]
    assert all("01" not in "".join(map(str, row.astype(int))).strip("0") for row in in_order)
    assert (counts * sets).sum() / counts.sum() == pytest.approx(0.8, abs=0.03)


def test_what_is_found_is_json(judged: Path, held_out: Path, run: RAN) -> None:
    score(held_out, judge="votes", output="scores.csv", device="cpu")
    facts = run("evaluate", "held_out.csv", "--against", "scores.csv", "--by", "era", "--resamples", 50, "--json").json
    assert facts["comparison"]["items"] == 60 and facts["by_column"] == "era" and len(facts["by"]) == 3
    assert facts["calibrations"]["shares"][0]["name"] == LABELS[0]
    assert facts["drift"]["labels"] == list(LABELS) and facts["looks"] == 1
    assert facts["stand_in"]["test"]["winning_rate"] <= 1


@pytest.fixture
def with_sets(judged: Path, held_out: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A judge that keeps what sets of labels need."""
    monkeypatch.setattr(evaluating, "FEWEST_ITEMS", 5)
    evaluate(held_out, **EXACT)
    return held_out


def test_score_adds_the_sets_and_marks_what_people_should_look_at(with_sets: Path, run: RAN) -> None:
    ran = run("score", "held_out.csv", "--sets", 0.6, "--review", 0.25, "--device", "cpu", "--dtype", "float32")
    table = pl.read_csv("held_out.scores.csv")
    kept = LabelSets.read(Path(".judgekit/judges/votes/label_sets.json"))
    q = table.select(f"prob_{label}" for label in LABELS).to_numpy()
    assert table["review"].to_list() == (1 - q.max(axis=1) > kept.doubts[74]).tolist()
    expected = ["|".join(label for label, is_in in zip(LABELS, row, strict=True) if is_in) for row in kept.sets(q, 0.6)]
    assert table["set_60"].to_list() == expected
    said = " ".join((ran.err + ran.out).split())
    assert f"{int(table['review'].sum())} items" in said
    assert f"On the others of these its accuracy was {kept.accuracies[74]:.1%}" in said
    judge = Judge.load("votes", device="cpu", dtype="float32")
    asked = judge.predict([{"text": "clean bed"}, {"text": "cold tea"}], sets=0.6, review=0.25)
    assert asked.to_polars().columns[-3:] == ["set_60", "review", "truncated"] and len(asked[:1].to_polars()) == 1


def test_sets_that_are_not_fitted_or_no_percentage_are_refused(judged: Path, held_out: Path, run: RAN) -> None:
    refused = run("score", "held_out.csv", "--sets", 0.9)
    assert refused.code == 3 and "judgekit evaluate --judge votes" in refused.err
    assert "a whole percentage" in run("score", "held_out.csv", "--review", 0.105).err
    assert not Path("held_out.scores.csv").exists()


def test_the_accuracy_of_the_rest_is_that_of_the_held_out_items_that_are_no_more_doubtful() -> None:
    q = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
    counts = np.array([[3, 0], [3, 0], [3, 0], [0, 3]])
    kept = LabelSets.fit(q, counts, (), created="2026-01-01")
    assert kept.accuracy_of_rest(0.5) == pytest.approx(2 / 3)  # 0.9, 0.8 and 0.7
    assert kept.for_review(q, 0.5).tolist() == [False, False, False, True]


# -- a judge that was trained in folds ---------------------------------------------------------------------------------


@pytest.fixture
def folded(judged: Path) -> Path:
    """Beside the judge `votes` two of its dataset in folds, which learn nothing but a probe."""
    from judgekit import train

    for name, seed in (("folded", 0), ("other", 1)):
        train("votes", judge=name, folds=3, quick=True, device="cpu", seed=seed, backbone=_backbone(judged))
    return judged


def test_sets_of_a_folded_judge_are_kept_and_measured_across_its_folds(folded: Path, run: RAN) -> None:
    found = evaluate(judge="folded", **EXACT).coverage
    assert found is not None and (found.folds, found.fitted_on) == (3, 60)
    assert found.covered.value > 0.75
    assert (
        run(
            "score",
            str(write_csv(Path("new.csv"), votes_rows(9, first=8000))),
            "--judge",
            "folded",
            "--sets",
            0.8,
            "--review",
            0.2,
        ).code
        == 0
    )
    said = " ".join(run("evaluate", "--judge", "folded", "--resamples", 20).out.split())
    assert "Each of 3 folds was measured with what the others say." in said


def test_folded_judges_of_one_dataset_are_compared_by_what_had_not_seen_the_items(folded: Path) -> None:
    found = evaluate(judge="folded", against="other", **EXACT).comparison
    assert found is not None and (found.items, found.left_out) == (60, 0)
    other = evaluate(judge="other", **EXACT).items
    own = evaluate(judge="folded", **EXACT).items
    other_kl = dict(zip(other.ids, other.kl, strict=True))
    expected = np.mean([other_kl[one] for one in own.ids]) - own.kl.mean()
    assert found.kl.value == pytest.approx(expected)
    assert evaluate(judge="folded", against="folded", **EXACT).comparison.p == 1  # type: ignore[union-attr]
