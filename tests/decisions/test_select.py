"""`judgekit select`, and the estimate from what it drew: the file, the weights, the refusals."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_votes import text_of, votes_rows, write_csv

from judgekit import estimate, evaluate, gate, select
from judgekit.errors import DataError

Run = Callable[..., Any]
CHANCE = "inclusion_probability"


@pytest.fixture
def new_csv(tmp_path: Path) -> Path:
    """120 items that no training saw."""
    rows = [[f"i{n}", text_of(n, n % 3)] for n in range(900, 1020)]
    return write_csv(tmp_path / "new.csv", [["item_id", "text"], *rows])


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def annotated(path: Path, drawn: list[dict[str, str]], chance: Callable[[dict[str, str]], str]) -> Path:
    """Annotations of drawn items by three people, with their chances."""
    votes = votes_rows(120, first=900)
    place = {name: n for n, name in enumerate(votes[0])}
    text, who, label = (place[name] for name in ("text", "annotator_id", "label"))
    said: dict[str, list[tuple[str, str]]] = {}
    for row in votes[1:]:
        said.setdefault(row[text], []).append((row[who], row[label]))
    rows = [
        [one["item_id"], one["text"], person, given, chance(one)]
        for one in drawn
        for person, given in said[one["text"]]
    ]
    return write_csv(path, [["item_id", "text", "annotator_id", "label", CHANCE], *rows])


def test_the_file_has_the_items_with_their_chances_and_reasons(
    judged: Path, new_csv: Path, tmp_path: Path, run: Run
) -> None:
    found = run("select", new_csv, "--items", 30)
    assert found.code == 0 and "To annotate next: 30 of 120 items of new.csv" in found.out
    drawn = rows_of(tmp_path / "new.next.csv")
    assert list(drawn[0]) == ["item_id", "text", CHANCE, "expected_gain", "reason"]
    assert len({row["item_id"] for row in drawn}) == 30
    assert all(0 < float(row[CHANCE]) <= 1 and row["reason"] for row in drawn)
    assert [float(row["expected_gain"]) for row in drawn] == sorted(
        (float(row["expected_gain"]) for row in drawn), reverse=True
    )
    assert run("select", new_csv, "--items", 30).code == 3  # is there already
    again = run("select", new_csv, "--items", 30, "--json", "--force").json
    assert [one["item_id"] for one in again["chosen"]] == [row["item_id"] for row in drawn]
    assert again["mean_gain"] >= again["random_gain"]


def test_an_estimate_weighs_what_was_drawn(judged: Path, new_csv: Path, tmp_path: Path, run: Run) -> None:
    select(new_csv, items=40)
    drawn = rows_of(tmp_path / "new.next.csv")
    file = annotated(tmp_path / "round.csv", drawn, lambda one: one[CHANCE])
    facts = run("estimate", new_csv, "--annotations", file, "--json").json
    assert (facts["is_weighted"], facts["annotated"], facts["among"], facts["differences"]) == (True, 40, 40, [])
    assert "They count by their inclusion_probability" in " ".join(
        run("estimate", new_csv, "--annotations", file).out.split()
    )
    even = annotated(tmp_path / "even.csv", drawn, lambda one: "0.25")
    unequal = [one["estimate"]["annotations_alone"]["value"] for one in facts["quantities"]]
    assert unequal != [
        one.estimate.annotations_alone.value for one in estimate(new_csv, annotations=str(even)).quantities
    ]


def test_chances_that_are_none_and_another_table_are_refused(judged: Path, new_csv: Path, tmp_path: Path) -> None:
    select(new_csv, items=20)
    drawn = rows_of(tmp_path / "new.next.csv")
    for wrong in ("0", "1.5", "often"):
        file = annotated(tmp_path / "wrong.csv", drawn, lambda one, wrong=wrong: wrong)
        with pytest.raises(DataError, match="60 of 60 rows cannot be used") as raised:
            estimate(new_csv, annotations=str(file))
        assert f"inclusion_probability is '{wrong}'; it must be a number above 0" in raised.value.problems[0]
    file = annotated(tmp_path / "round.csv", drawn, lambda one: one[CHANCE])
    header, *rows = new_csv.read_text(encoding="utf-8").splitlines(keepends=True)
    gone = drawn[0]["item_id"]
    (tmp_path / "other.csv").write_text("".join([header, *(row for row in rows if not row.startswith(gone + ","))]))
    found = estimate("other.csv", annotations=str(file))
    assert (found.annotated, found.is_weighted) == (19, True)
    assert (
        found.not_used == "1 annotated item is left out: not drawn from other.csv with a known inclusion_probability."
    )


def test_more_items_than_there_are_and_items_of_the_training_are_not_drawn(
    judged: Path, new_csv: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="120 items; 200 are to be drawn"):
        select(new_csv, items=200)
    old = {row[0]: row for row in votes_rows(60)[1:]}
    both = [[row[0], row[votes_rows(1)[0].index("text")]] for row in old.values()]
    mixed = write_csv(tmp_path / "mixed.csv", [["item_id", "text"], *both, ["z1", "never seen before"]])
    found = select(mixed, items=3)
    assert found.trained_on > 0 and found.items + found.trained_on == 61


def test_a_round_that_was_drawn_and_appended_is_weighed_by_its_chances(
    judged: Path, new_csv: Path, tmp_path: Path, run: Run
) -> None:
    select(new_csv, items=40)
    drawn = rows_of(tmp_path / "new.next.csv")
    file = annotated(tmp_path / "round.csv", drawn, lambda one: one[CHANCE])
    assert run("ingest", file, "--append").code == 0
    facts = run("estimate", new_csv, "--json").json
    # The 6 items of the judge's test part are no sample of new.csv; those of its training are none at all.
    assert (facts["is_weighted"], facts["annotated"], facts["among"], facts["left_out"]) == (True, 40, 40, 54)
    assert facts["not_used"].startswith("6 annotated items are left out: not drawn from new.csv")
    given = run("estimate", new_csv, "--annotations", file, "--json").json
    assert facts["quantities"] == given["quantities"]


def test_an_evaluation_weighs_what_was_drawn_and_says_so(judged: Path, new_csv: Path, tmp_path: Path, run: Run) -> None:
    select(new_csv, items=40)
    drawn = rows_of(tmp_path / "new.next.csv")
    file = annotated(tmp_path / "round.csv", drawn, lambda one: one[CHANCE])
    found = run("evaluate", file)
    assert "40 items were drawn by judgekit select and count by 1 / inclusion_probability" in " ".join(
        found.out.split()
    )
    weighted = evaluate(file)
    odds = np.array([1 / float(one[CHANCE]) for one in drawn])
    place = [weighted.items.ids.index(one["item_id"]) for one in drawn]
    kl = weighted.metrics["kl"]
    assert kl is not None and kl.value == pytest.approx(np.average(weighted.items.kl[place], weights=odds))
    assert weighted.drift is None
    without = evaluate(annotated(tmp_path / "without.csv", drawn, lambda one: ""))
    assert without.drawn == 0 and without.metrics["kl"] != kl


def test_a_gate_rests_on_no_item_that_was_drawn_by_its_gain(judged: Path, new_csv: Path, tmp_path: Path) -> None:
    select(new_csv, items=40)
    drawn = rows_of(tmp_path / "new.next.csv")
    file = annotated(tmp_path / "round.csv", drawn, lambda one: one[CHANCE])
    with pytest.raises(DataError, match="judgekit select drew all items with different chances"):
        gate(annotations=str(file), error=0.5)
    even = annotated(tmp_path / "even.csv", drawn, lambda one: "0.25")
    assert gate(tmp_path / "even.json", annotations=str(even), error=0.9).gate.items == 40
