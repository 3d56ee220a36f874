"""What the user says about labels holds in every layout, and a slip of the pen is found."""

from __future__ import annotations

import pytest

from judgekit.config.roles import Roles
from judgekit.dataset.building import build_items
from judgekit.errors import DataError
from judgekit.schema.inference import infer_schema

TOLD = Roles(label_map=(("Y", "y"), ("no idea", "skip")), drop_labels=("skip",))
LONG = (
    "item_id,annotator,text,label\n1,a,one text,x\n1,b,one text,y\n1,c,one text,Y\n1,d,one text,skip\n"
    "2,a,two texts,no idea\n2,b,two texts,skip\n3,a,three texts,Y\n3,b,three texts,x\n"
)
TABLES = {
    "long": LONG,
    "wide": "id,text,r1,r2,r3,r4\n1,one text,x,y,Y,skip\n2,two texts,no idea,skip,,\n3,three texts,Y,x,,\n",
    "counts": (
        "id,text,n_x,n_y,n_Y,n_skip,n_no idea\n1,one text,1,1,1,1,0\n2,two texts,0,0,0,1,1\n3,three texts,1,0,1,0,0\n"
    ),
    "list": "id,text,labels\n1,one text,x|y|Y|skip\n2,two texts,no idea|skip\n3,three texts,Y|x\n",
    "probabilities": (
        "id,text,p_x,p_y,p_Y,p_skip,p_no idea,n\n1,one text,0.25,0.25,0.25,0.25,0,4\n"
        "2,two texts,0,0,0,0.5,0.5,2\n3,three texts,0.5,0,0.5,0,0,2\n"
    ),
}


@pytest.mark.parametrize("layout", TABLES)
def test_map_and_drop_hold_in_every_layout(ingest, layout):
    roles = Roles(label_map=TOLD.label_map, drop_labels=TOLD.drop_labels, layout=layout)
    outcome = ingest(TABLES[layout], roles)
    report = outcome.report
    assert outcome.items.labels == ("x", "y") and outcome.items.counts.tolist() == [[1, 2], [1, 1]]
    assert outcome.annotations.get_column("count").sum() == report.annotations == 5
    dropped = [aside for aside in report.set_aside if "is dropped" in aside.reason]
    assert sum(aside.rows for aside in dropped) == (3 if layout == "long" else 1)
    assert report.rows_read == report.rows_kept + sum(aside.rows for aside in report.set_aside)
    if layout != "long":
        assert any("1 annotations of 'skip' were dropped from rows" in note for note in report.notes)


def test_label_that_never_occurs_is_a_slip_of_the_pen(ingest):
    roles = Roles(label_map=(("Yy", "y"), ("x", "y"), ("x", "z")), drop_labels=("scip",))
    with pytest.raises(DataError) as caught:
        ingest(LONG, roles)
    assert len(caught.value.problems) == 3
    assert "--drop-label scip: no label is 'scip' (did you mean 'skip'?)" in caught.value.problems
    assert "--label-map x=z: 'x' is mapped twice" in caught.value.problems


def test_labels_can_be_exchanged(ingest):
    outcome = ingest(
        "id,text,label\n1,one text,x\n1,one text,x\n1,one text,y\n", Roles(label_map=(("x", "y"), ("y", "x")))
    )
    assert outcome.items.counts.tolist() == [[1, 2]]


def test_map_of_a_judge_may_meet_a_file_without_the_label(ingest):
    content = "id,text,label\n1,one text,x\n1,one text,y\n"
    assert ingest(content, TOLD, known_labels=("y", "x")).items.counts.tolist() == [[1, 1]]


def test_declared_labels_are_those_after_the_map(ingest):
    roles = Roles(labels=("y", "x"), label_map=TOLD.label_map, drop_labels=TOLD.drop_labels)
    assert ingest(LONG, roles).items.labels == ("y", "x")
    with pytest.raises(DataError, match="--label-map OLD=NEW"):
        ingest(LONG, Roles(labels=("y", "x")))


def test_same_label_after_the_map_is_a_repeat(ingest):
    content = "id,annotator,text,label\n1,a,one text,y\n1,a,one text,Y\n1,b,one text,x\n"
    outcome = ingest(content, Roles(label_map=(("Y", "y"),)))
    assert outcome.items.counts.tolist() == [[1, 1]] and outcome.report.set_aside[0].rows == 1


def test_label_of_rows_set_aside_is_no_label(table):
    rows = "".join(f"i{n},{p},words number {n},{(n + p) % 4 + 1}\n" for n in range(10) for p in range(3))
    source = table("id,annotator,text,label\n" + rows + "i1,0,words number 1,oops\n")
    items = build_items(source, infer_schema(source), most_set_aside=0.1).items
    assert items.labels == ("1", "2", "3", "4") and items.scale == "ordinal" and items.values == (1, 2, 3, 4)
