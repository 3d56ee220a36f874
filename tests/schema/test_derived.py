"""A column that the others determine is found by its cells; a person who agrees with others is none."""

from __future__ import annotations

import random
import statistics

import polars as pl
import pytest

from judgekit.errors import DataError
from judgekit.schema.derived import derived_columns
from judgekit.schema.question import Question
from judgekit.verbs.ingest import ingest

PEOPLE = ("AK", "BM", "CL", "DP")


def sheet(seed=0, rows=40, steps=5, gaps=0.2, people=PEOPLE):
    rng = random.Random(seed)
    table = []
    for _ in range(rows):
        middle = rng.randint(1, steps)
        said = [min(steps, max(1, middle + rng.choice((-1, 0, 0, 1)))) for _ in people]
        table.append([None if n > 1 and rng.random() < gaps else label for n, label in enumerate(said)])
    return table


def frame(table, names, **more):
    columns = {name: ["" if row[n] is None else str(row[n]) for row in table] for n, name in enumerate(names)}
    for name, calculate in more.items():
        columns[name] = [str(calculate([label for label in row if label is not None])) for row in table]
    return pl.DataFrame(columns)


def as_a_sheet_shows_it(values):
    return f"{statistics.mean(values):.2f}".rstrip("0").rstrip(".")


CALCULATIONS = {
    "two digits": lambda x: f"{statistics.mean(x):.2f}",
    "as shown": as_a_sheet_shows_it,
    "comma": lambda x: f"{statistics.mean(x):.1f}".replace(".", ","),
    "rounded": lambda x: int(statistics.mean(x) + 0.5),
    "median": statistics.median,
    "sum": sum,
    "max": max,
    "spread": lambda x: f"{statistics.pstdev(x):.3f}",
}


@pytest.mark.parametrize("what", CALCULATIONS)
@pytest.mark.parametrize("gaps", [0.0, 0.2])
def test_calculation_is_found_whatever_its_name(what, gaps):
    table = frame(sheet(gaps=gaps), PEOPLE, Eva=CALCULATIONS[what])
    assert list(derived_columns(table, table.columns)) == ["Eva"]


@pytest.mark.parametrize("telling", [1, 2])
@pytest.mark.parametrize("agreeing", [6, 60])
def test_fraction_in_one_row_is_enough_where_every_row_fits(telling, agreeing):
    said = [[4, 5, 5]] * telling + [[n % 5 + 1] * 3 for n in range(agreeing)]
    table = frame(said, PEOPLE[:3], Note=as_a_sheet_shows_it)
    assert list(derived_columns(table, table.columns)) == ["Note"]
    other = frame(said, PEOPLE[:3], Note=lambda x: 4.67 if x == [4, 5, 5] else 6 - x[0])
    assert not derived_columns(other, other.columns)


def test_majority_of_words_is_found():
    rng = random.Random(3)
    rows = [[rng.choice("xyz") for _ in range(3)] for _ in range(60)]
    rows = [[*row, max(sorted(set(row)), key=row.count) if len(set(row)) < 3 else rng.choice(row)] for row in rows]
    table = pl.DataFrame(rows, schema=["a", "b", "c", "d"], orient="row")
    assert derived_columns(table, table.columns) == {"d": "the majority of the others"}


def test_two_calculations_are_both_found():
    table = frame(sheet(), PEOPLE, avg=as_a_sheet_shows_it, Total=sum)
    assert set(derived_columns(table, table.columns)) == {"avg", "Total"}


@pytest.mark.parametrize("steps", [2, 3, 5])
@pytest.mark.parametrize("people", [3, 4, 5])
def test_people_who_mostly_agree_are_no_calculations(steps, people):
    names = [f"p{n}" for n in range(people)]
    for seed in range(30):
        table = frame(sheet(seed, rows=100, steps=steps, people=names), names)
        assert derived_columns(table, names) == {}


def test_person_who_always_agrees_with_another_stays():
    table = frame([[*row[:2], row[1]] for row in sheet()], ("a", "b", "c"))
    assert derived_columns(table, ["a", "b", "c"]) == {}


def test_a_person_who_nearly_always_agrees_with_the_others_stays_a_person() -> None:
    """As the first annotators of SNLI do, whose labels chose what was kept."""
    choose = random.Random(5)
    rows = []
    for _ in range(3000):
        truth = choose.choice("abc")
        rows.append(
            [truth if choose.random() < share else choose.choice("abc") for share in (0.95, 0.8, 0.6, 0.6, 0.6)]
        )
    frame = pl.DataFrame(rows, schema=["one", "two", "three", "four", "five"], orient="row")
    assert derived_columns(frame, frame.columns) == {}


def test_person_who_says_what_most_say_in_every_row_is_asked_about(tmp_path):
    rng = random.Random(8)
    said = [[rng.choice("xyz") for _ in PEOPLE] for _ in range(24)]
    rows = [[*row, max(sorted(row), key=row.count)] for row in said]
    lines = [f"{n},words of item number {n},{','.join(row)}" for n, row in enumerate(rows)]
    path = tmp_path / "votes.csv"
    path.write_text("\n".join([f"id,text,{','.join(PEOPLE)},Otto", *lines]) + "\n", encoding="utf-8")
    with pytest.raises(Question, match="who is an annotator") as caught:
        ingest(path, dry_run=True)
    found = [dict(answer.options)["annotator_columns"] for answer in caught.value.answers]
    assert found == [PEOPLE, (*PEOPLE, "Otto")]
    assert [ingest(path, dry_run=True, annotator_columns=one).report.annotations for one in found] == [96, 120]


@pytest.mark.parametrize("name", ["Wynik", "Sammendrag"])
def test_column_beside_numbered_ones_that_fits_a_calculation_is_asked_about(tmp_path, name):
    rng = random.Random(8)
    rows = [[rng.choice("xy") for _ in range(3)] for _ in range(24)]
    lines = [f"{n},words of item number {n},{','.join(row)},{max('xy', key=row.count)}" for n, row in enumerate(rows)]
    path = tmp_path / "votes.csv"
    path.write_text("\n".join([f"id,text,Ocena 1,Ocena 2,Ocena 3,{name}", *lines]) + "\n", encoding="utf-8")
    with pytest.raises(Question, match="who is an annotator"):
        ingest(path, dry_run=True)


@pytest.mark.parametrize("name", ["old_label", "Previous rating", "intended label", "итог", "最终"])
def test_label_of_earlier_or_of_all_is_nobodys(tmp_path, name):
    rng = random.Random(8)
    lines = [f"{n},{rng.choice('xyz')},words of item number {n},{','.join(rng.choices('xyz', k=3))}" for n in range(24)]
    path = tmp_path / "votes.csv"
    path.write_text("\n".join([f"id,{name},text,AK,BM,CL", *lines]) + "\n", encoding="utf-8")
    report = ingest(path, dry_run=True).report
    assert report.annotations == 72
    assert any(name in warning for warning in report.warnings)


@pytest.mark.parametrize("name", ["Score", "Grade", "Rating"])
def test_mean_that_is_named_like_a_label_is_none(tmp_path, name):
    rows = sheet(rows=16)
    cells = [["" if one is None else str(one) for one in row] for row in rows]
    means = [f"{statistics.mean(one for one in row if one is not None):.2f}" for row in rows]
    lines = [f"{n},words of item number {n},{','.join(row)},{means[n]}" for n, row in enumerate(cells)]
    path = tmp_path / "votes.csv"
    path.write_text("\n".join([f"id,text,{','.join(PEOPLE)},{name}", *lines]) + "\n", encoding="utf-8")
    assert ingest(path, dry_run=True).report.annotations == sum(one is not None for row in rows for one in row)


def test_flag_that_says_whether_all_agree_is_found():
    rng = random.Random(5)
    rows = [[rng.choice(["True", "False"]) for _ in range(3)] for _ in range(40)]
    flags = [[*row, str(len(set(row)) == 1)] for row in rows]
    table = pl.DataFrame(flags, schema=["ann", "ben", "eve", "same"], orient="row")
    assert derived_columns(table, table.columns) == {"same": "the agreement of the others"}


def write(tmp_path, header, rows):
    path = tmp_path / "votes.csv"
    lines = [f"{n},words of item number {n},{','.join(map(str, row))}" for n, row in enumerate(rows)]
    path.write_text("\n".join([f"id,text,{header}", *lines]) + "\n", encoding="utf-8")
    return path


def test_columns_that_are_never_equal_are_asked_about(tmp_path):
    rng = random.Random(5)
    rows = [[*rng.sample(["art", "food", "news", "sport"], k=rng.randint(1, 3)), "", ""][:3] for _ in range(40)]
    with pytest.raises(Question, match="who is an annotator") as caught:
        ingest(write(tmp_path, "label1,label2,label3", rows), dry_run=True)
    assert "several labels of one annotator" in caught.value.more


def test_as_many_columns_of_another_kind_of_name_are_asked_about(tmp_path):
    rng = random.Random(5)
    rows = [rng.choices(["yes", "no"], k=4) for _ in range(40)]
    header = "pre_discussion_A,pre_discussion_B,post_discussion_A,post_discussion_B"
    with pytest.raises(Question, match="who is an annotator"):
        ingest(write(tmp_path, header, rows), dry_run=True)


def test_column_that_agrees_with_nobody_is_warned_of(tmp_path):
    rng = random.Random(5)
    truth = [rng.random() < 0.5 for _ in range(60)]
    rows = [[rng.random() < 0.4, *(one if rng.random() < 0.85 else not one for _ in range(3))] for one in truth]
    warnings = ingest(write(tmp_path, "retweeted,Jane,Tom,Priya", rows), dry_run=True).report.warnings
    assert any("'retweeted' agrees with nobody" in warning for warning in warnings)
    assert not any("'Jane' agrees" in warning for warning in warnings)


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("vote", [["0 of 5"], ["3 of 5"], ["5 of 5"]]),
        ("yes,no", [["1/3", "2/3"], ["2/3", "1/3"], ["2/4", "2/4"], ["3/5", "2/5"]]),
        ("hateful_pct", [["0 %"], ["40 %"], ["100 %"]]),
        ("toxic,severe,obscene", [[f"{n / 10}", f"{(n * 7 % 10) / 10}", f"{(n * 3 % 10) / 10}"] for n in range(10)]),
    ],
)
def test_numbers_and_shares_of_annotators_are_no_labels(tmp_path, header, cells):
    with pytest.raises(DataError, match="like numbers or shares of annotators"):
        ingest(write(tmp_path, header, cells * 8), dry_run=True)


def test_ratings_with_their_whole_are_labels(tmp_path):
    rng = random.Random(5)
    rows = [[f"{rng.randint(1, 5)}/5" for _ in range(3)] for _ in range(40)]
    assert ingest(write(tmp_path, "AK,BM,CL", rows), dry_run=True).report.annotations == 120
