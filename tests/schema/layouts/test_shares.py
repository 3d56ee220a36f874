"""Shares and a number of annotators give back whole counts, or are refused."""

from __future__ import annotations

import pytest

from judgekit.config.roles import Roles
from judgekit.dataset.building import build_items
from judgekit.errors import DataError
from judgekit.schema.inference import infer_schema

COUNTS = [[2, 1, 0], [1, 1, 1], [0, 3, 0], [1, 0, 2]]


def table_of(cell, *, names="p_x,p_y,p_z", number=3, counts=COUNTS) -> str:
    rows = [",".join(cell(count / sum(row)) for count in row) for row in counts]
    return f"id,text,{names},n\n" + "".join(
        f"i{n},some words number {n},{row},{number}\n" for n, row in enumerate(rows)
    )


@pytest.mark.parametrize(
    "cell",
    [
        "{:.2f}".format,
        "{:.3f}".format,
        repr,
        lambda share: f"{int(share * 100) / 100}",  # cut off: 0.66
        lambda share: f"{100 * share:.1f}",
        lambda share: f"{100 * share:.1f} %",
        lambda share: f"{share:.2f}".rstrip("0").rstrip("."),
        lambda share: f"{share:.7g}",
    ],
)
def test_counts_come_back_from_shares_of_any_spelling(ingest, cell):
    outcome = ingest(table_of(cell))
    assert outcome.items.labels == ("x", "y", "z") and outcome.items.counts.tolist() == COUNTS
    assert outcome.report.annotations == 12 and outcome.report.annotators is None


def test_decimal_commas_are_shares(ingest):
    content = "id;text;x;y;n\n1;some words;0,33;0,67;3\n2;more words;1,00;0,00;3\n3;last words;0,67;0,33;3\n"
    assert ingest(content).items.counts.tolist() == [[1, 2], [3, 0], [2, 1]]


def test_number_of_annotators_is_asked_for(ingest):
    content = table_of("{:.2f}".format).replace(",n\n", ",wert\n")
    with pytest.raises(DataError, match="look like probabilities") as caught:
        ingest(content)
    assert "--number 5, or --number COLUMN" in caught.value.hint
    for number in ("3", "wert"):
        assert ingest(content, Roles(number=number)).items.counts.tolist() == COUNTS


def test_shares_that_cannot_be_are_faults_with_their_lines(table):
    rows = "".join(f"i{n},some words number {n},0.67,0.33,0.00,3\n" for n in range(30))
    wrong = ["0.50,0.50,0.00,3", "0.33,0.33,0.00,3", "a,0.50,0.50,3", "0.67,0.33,0.00,x", "1.40,-0.40,0.00,3"]
    rows += "".join(f"w{n},other words {n},{cells}\n" for n, cells in enumerate(wrong)) + "e,last words,,,,3\n"
    source = table("id,text,x,y,z,n\n" + rows)
    schema = infer_schema(source, Roles(counts=("x", "y", "z"), number="n"))
    with pytest.raises(DataError) as caught:
        build_items(source, schema)
    told = " ".join(caught.value.problems)
    assert "line 32: x '0.50', y '0.50', z '0.00' of 3 annotators; the shares are not those of so many" in told
    assert "line 33" in told and "do not add up to 1" in told and "not a whole number of 1 or more" in told
    report = build_items(source, schema, most_set_aside=0.2).report
    assert (report.rows_read, report.rows_kept, report.annotations) == (36, 30, 90)
    assert sum(aside.rows for aside in report.set_aside if aside.is_fault) == 5


def test_too_few_digits_for_the_number_are_warned_about(ingest):
    coarse = table_of("{:.2f}".format, number=1000)
    report = ingest(coarse).report
    assert report.annotations == 4000 and any("too few digits" in warning for warning in report.warnings)
    exact = table_of("{:.2f}".format, number=100, counts=[[31, 60, 9], [50, 25, 25], [0, 100, 0]])
    report = ingest(exact).report
    assert report.annotations == 300 and report.warnings == ()


def test_sum_of_the_shares_is_not_the_number(ingest):
    content = "id,text,x,y,total\n1,some words,0.2,0.8,1.0\n2,more words,0.5,0.5,1.0\n"
    with pytest.raises(DataError, match="--number"):
        ingest(content)


def test_shares_for_a_judge_are_found_by_its_labels(ingest):
    content = "id,text,note,x,y,n\n1,some words,0.3,0.2,0.8,5\n2,more words,0.1,0.4,0.6,5\n"
    assert ingest(content, known_labels=("y", "x"), known_fields=("text",)).items.counts.tolist() == [[4, 1], [3, 2]]


def test_unanimous_shares_are_no_counts_of_one(ingest):
    rows = "".join(f"i{n},some words number {n},{n % 2}.00,{1 - n % 2}.00,5\n" for n in range(6))
    assert ingest("id,text,p_x,p_y,n\n" + rows).items.counts.tolist()[:2] == [[0, 5], [5, 0]]


@pytest.mark.parametrize("shares", ["0.333,0.333,0.333", "0.667,0.333,0.000"])
def test_shares_that_are_the_same_for_every_item_are_shares(ingest, shares):
    rows = "".join(f"i{n},some words number {n},{shares},3\n" for n in range(6))
    for columns in ("n_annotators", "n"):
        counts = ingest(f"id,text,p_x,p_y,p_z,{columns}\n" + rows).items.counts
        assert counts.tolist() == [[round(3 * float(share)) for share in shares.split(",")]] * 6
