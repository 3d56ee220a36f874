"""Of tables in every layout, below real header words and beside distractors: the right counts, or a question."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tables_of_known_counts import make_table

from judgekit.dataset.building import build_items
from judgekit.errors import DataError
from judgekit.schema.inference import infer_schema
from judgekit.schema.question import Question
from judgekit.tables.delimited.table import read_table


def test_ratings_on_which_people_agree_are_not_the_counts_of_a_fixed_number_of_people():
    rows = ["2,0,2,2,2", *["3,3,3,3,3"] * 8, "1,1,2,1,1", "2,0,0,0,0", "2,0,2,1,0"]
    content = "text,Ann,Eva,Mia,DP,Sam\n" + "".join(f"the lamp number {n} is lit,{row}\n" for n, row in enumerate(rows))
    source = read_table(Path("votes.csv"), content.encode())
    try:
        schema = infer_schema(source)
    except Question:
        return
    assert schema.layout == "wide"


@settings(max_examples=60)
@given(st.integers(0, 10**9))
def test_counts_are_right_or_asked_for(seed):
    known = make_table(seed)
    source = read_table(Path("votes.csv"), known.content.encode())
    try:
        outcome = build_items(source, infer_schema(source))
    except DataError:
        return
    totals = dict(zip(outcome.items.labels, outcome.items.counts.sum(axis=0).tolist(), strict=True))
    assert {label: total for label, total in totals.items() if total} == known.counts, known.header
    assert (len(outcome.items), outcome.items.fields) == (known.items, (known.text,)), known.header
