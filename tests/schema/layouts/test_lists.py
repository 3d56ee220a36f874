"""The labels of all annotators in one cell: taken apart where they are that, and never where a label has a comma."""

from __future__ import annotations

import json

import polars as pl
import pytest

from judgekit.config.roles import Roles
from judgekit.dataset.building import build_items
from judgekit.errors import DataError
from judgekit.schema.inference import infer_schema
from judgekit.schema.layouts.cells_of_labels import split_cells
from judgekit.schema.question import Question

VOTES = [["A", "B", "A"], ["B", "B", "tie"], ["A", "A", "A"], ["tie", "B", "tie"]]
COUNTS = [[2, 1, 0], [0, 2, 1], [3, 0, 0], [0, 1, 2]]


def table_of(name: str, cells: list[str], more: str = "") -> str:
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells]
    rows = [f"i{n},some words number {n},{cell}" for n, cell in enumerate(quoted)]
    header, _, ends = more.partition("\n")
    ends = ends.split("\n") if ends else [""] * len(rows)
    return f"id,text,{name}{header}\n" + "".join(f"{row}{end}\n" for row, end in zip(rows, ends, strict=True))


@pytest.mark.parametrize("name", ["label", "labels", "annotations", "votes", "urteile"])
@pytest.mark.parametrize("separator", ["|", ";", ", ", " | ", None])
def test_lists_of_labels_are_taken_apart(ingest, name, separator):
    outcome = ingest(
        table_of(name, [json.dumps(votes) if separator is None else separator.join(votes) for votes in VOTES])
    )
    assert outcome.items.labels == ("A", "B", "tie") and outcome.items.counts.tolist() == COUNTS
    assert outcome.report.annotations == 12 and outcome.report.rows_kept == 4


@pytest.mark.parametrize("separator", ["/", " ", "\n"])
def test_rarer_separators_are_found_below_the_name_of_a_label(ingest, separator):
    ratings = [["1", "2", "2"], ["3", "1", "1"], ["2", "3", "3"]] * 3
    assert ingest(table_of("votes", [separator.join(votes) for votes in ratings])).report.annotations == 27


def test_cell_of_a_list_keeps_the_spelling_of_its_members():
    cells = pl.Series(['["01", 1, 1.50, true, null]', "['a', \"b\"]", "", "['a' 'b']", "[1, [2]]", "[01]", "plain"])
    assert split_cells(cells, None).to_list() == [
        ["01", "1", "1.50", "true", ""],
        ["a", "b"],
        [],
        None,  # numpy's way: Python would read one label `ab`
        None,
        None,
        None,
    ]


def test_annotators_beside_the_labels_are_named(ingest):
    people = "\n".join(["Ann1;Ann2;Ann3"] * 4).replace(";", "|")
    outcome = ingest(
        table_of(
            "annotations",
            list(map(json.dumps, VOTES)),
            ",annotators\n" + "\n".join(f",{p}" for p in people.split("\n")),
        )
    )
    assert outcome.report.annotators == 3
    assert outcome.annotations.head(3).rows() == [
        ("i0", "Ann1", "A", 1),
        ("i0", "Ann2", "B", 1),
        ("i0", "Ann3", "A", 1),
    ]


def test_empty_member_is_a_missing_annotation(ingest):
    outcome = ingest(table_of("labels", ["A||A", "B|B|", "", "A|B|B"], ",annotators\n" + "\n".join([",x|y|z"] * 4)))
    assert outcome.items.counts.tolist() == [[2, 0], [0, 2], [1, 2]]
    assert [tuple(aside[:3]) for aside in outcome.report.set_aside] == [("no annotator labelled the item", 1, "line 4")]
    assert outcome.annotations.get_column("annotator").to_list()[:2] == ["x", "z"]


def test_other_number_of_annotators_is_a_fault_with_its_line(table):
    cells = ["|".join(votes) for votes in VOTES * 3]
    source = table(table_of("labels", cells, ",annotators\n" + "\n".join([",x|y"] + [",x|y|z"] * 11)))
    schema = infer_schema(source)
    with pytest.raises(DataError, match=r"line 2: 3 labels \(labels\), but 2 annotators \(annotators\)"):
        build_items(source, schema)
    report = build_items(source, schema, most_set_aside=0.1).report
    assert (report.rows_kept, report.set_aside[0].rows, report.set_aside[0].is_fault) == (11, 1, True)


@pytest.mark.parametrize(
    "labels",
    [
        ["yes, but", "no", "yes, and", "no"],
        ["agree, strongly", "agree, weakly", "disagree, strongly", "disagree, weakly"],
        ["N/A", "yes", "no", "N/A"],
        ["very good", "not very good", "so so", "very bad"],
        ["1,0", "1,5", "2,0", "2,5"],
    ],
)
def test_labels_with_a_separator_in_them_stay_whole(ingest, labels):
    cells = [labels[n % 4] for n in range(24)]
    assert set(ingest(table_of("label", cells)).items.labels) == set(labels)


def test_several_choices_of_one_are_refused_with_both_ways_out(ingest):
    cells = ["joy;anger", "anger;fear", "fear;joy", "joy;fear"] * 3
    with pytest.raises(Question, match="Several choices of one") as caught:
        ingest(table_of("label", cells))
    assert [dict(answer.options)["layout"] for answer in caught.value.answers] == ["list", "long"]
    assert "--separator ';'" in caught.value.commands[0]
    assert ingest(table_of("label", cells), Roles(separator=";")).report.annotations == 24
    assert len(ingest(table_of("label", cells), Roles(layout="long")).items.labels) == 4


def test_label_made_of_other_labels_is_refused(ingest):
    content = "id,annotator,text,label\n" + "".join(
        f"i{n // 3},p{n % 3},some words {n // 3},{label}\n"
        for n, label in enumerate(["joy", "anger", "joy", "anger", "joy|anger", "joy"])
    )
    with pytest.raises(DataError, match="1 labels are made of other labels") as caught:
        ingest(content)
    assert "--label-map 'joy|anger=NEW'" in caught.value.hint
    assert ingest(content, Roles(drop_labels=("joy|anger",))).report.annotations == 5
    assert ingest(content, Roles(label_map=(("joy|anger", "both"),))).items.labels == ("anger", "both", "joy")


def test_one_annotator_per_row_cannot_have_given_a_list(ingest):
    content = table_of("label", list(map(json.dumps, VOTES)), ",annotator\n" + "\n".join(f",p{n}" for n in range(4)))
    with pytest.raises(DataError, match="'annotator' names one annotator per row"):
        ingest(content)
    single = table_of(
        "label", ['["A"]', '["B"]', '["A"]', '["B"]'], ",annotator\n" + "\n".join(f",p{n}" for n in range(4))
    )
    assert ingest(single).report.annotators == 4


def test_two_ratings_with_a_comma_between_are_not_one_decimal(ingest):
    cells = ["4,5", "3,3", "5,4", "3,4", "5,5", "4,3"] * 3
    with pytest.raises(DataError, match="the several labels in one cell"):
        ingest(table_of("label", cells))
    assert ingest(table_of("label", cells), Roles(separator=",")).items.labels == ("3", "4", "5")


def test_settled_label_beside_lists_is_left_out_and_said(ingest):
    outcome = ingest(table_of("labels", ["|".join(votes) for votes in VOTES], ",label\n,A\n,B\n,A\n,tie"))
    assert outcome.report.annotations == 12
    assert any("'label' is taken for a settled label" in warning for warning in outcome.report.warnings)


def test_labels_of_a_judge_decide_what_a_list_is(ingest):
    content = table_of("label", ["A|B", "B|A"])
    with pytest.raises(Question, match="who gave the several labels"):
        ingest(content)
    assert ingest(content, known_labels=("B", "A")).items.counts.tolist() == [[1, 1], [1, 1]]


def test_lists_as_long_as_those_of_the_annotators_need_no_agreement(ingest):
    outcome = ingest("id,text,labels,annotators\n1,some words,z|y,p1|p0\n2,more words,x|y,p1|p0\n")
    assert outcome.items.labels == ("x", "y", "z") and outcome.report.annotators == 2


def test_empty_lists_are_no_choices_of_one(ingest):
    content = "id,annotator,text,label\n1,a,some words,[]\n2,a,more words,[]\n"
    with pytest.raises(DataError, match="not one annotation"):
        ingest(content)


def test_choices_of_a_question_are_no_annotations(ingest):
    rows = "".join(f'i{n},question number {n},"[""A"", ""B"", ""C""]",{"ABC"[n % 3]}\n' for n in range(9))
    outcome = ingest("id,question,choices,label\n" + rows)
    assert outcome.report.annotations == 9 and outcome.items.labels == ("A", "B", "C")
