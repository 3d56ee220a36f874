"""The schema: what each column is taken for, why, and what is refused as unclear."""

from __future__ import annotations

import dataclasses
import json

import pytest

from judgekit.config.roles import Roles
from judgekit.errors import DataError
from judgekit.schema.inference import infer_schema
from judgekit.schema.scales import order_labels
from judgekit.schema.schema import Schema

LONG = (
    "item_id,annotator_id,question,answer_a,answer_b,label,category,model_a,turn,fluency,annotator_group\n"
    "i1,a,What is it?,It is one.,It is two.,A,writing,m1,1,5,expert\n"
    "i1,b,What is it?,It is one.,It is two.,B,writing,m1,1,4,crowd\n"
    "i1,c,What is it?,It is one.,It is two.,A,writing,m1,1,4,crowd\n"
    "i2,a,Who was it?,She was here.,He was there.,tie,maths,m2,2,2,expert\n"
    "i2,b,Who was it?,She was here.,He was there.,A,maths,m2,2,1,crowd\n"
    "i2,c,Who was it?,She was here.,He was there.,A,maths,m2,2,3,crowd\n"
)


@pytest.fixture
def infer(table):
    return lambda content, roles=None, **known: infer_schema(table(content), roles, **known)


def test_long_table_with_metadata(infer):
    schema = infer(LONG)
    assert (schema.layout, schema.item, schema.annotator, schema.label) == ("long", "item_id", "annotator_id", "label")
    assert schema.fields == ("question", "answer_a", "answer_b")
    assert schema.ignored == ("category", "model_a", "turn")
    assert (schema.of_annotation, schema.of_annotator) == (("fluency",), ("annotator_group",))
    assert (schema.labels, schema.scale, schema.values) == (("A", "B", "tie"), "nominal", ())
    reasons = " ".join(schema.reasons)
    assert "--label fluency would make it the label" in reasons and "describes the annotator" in reasons


def test_schema_survives_json(infer):
    schema = infer(LONG)
    assert Schema.from_json(json.loads(json.dumps(schema.to_json()))) == schema
    with pytest.raises(DataError, match="layout"):
        Schema.from_json({"item": "x"})


def test_schema_of_an_older_dataset_still_loads(infer):
    schema = infer(LONG)
    stored = schema.to_json()
    for key in ("dimension", "number", "separator", "split", "label_map", "drop_labels", "is_declared", "warnings"):
        del stored[key]
    assert Schema.from_json(stored) == schema
    with pytest.raises(DataError, match="colour"):
        Schema.from_json(stored | {"colour": "red"})


def test_label_map_survives_json(infer):
    schema = infer(LONG, Roles(label_map=(("A", "B"),), drop_labels=("tie",), labels=("B", "tie")))
    assert Schema.from_json(json.loads(json.dumps(schema.to_json()))) == schema


def test_word_of_the_user_beats_that_of_the_format(table):
    source = dataclasses.replace(table(LONG), roles=Roles(label=("fluency",), annotator="model_a"))
    schema = infer_schema(source, Roles(annotator="annotator_id"))
    assert (schema.label, schema.annotator) == ("fluency", "annotator_id")


def test_text_that_the_user_did_not_name_is_left_out_for_that_reason(infer):
    content = "id,rater_1,rater_2,text,remarks\n" + "".join(
        f"{n},{'ab'[n % 2]},b,some words number {n},a remark of several words {n}\n" for n in range(4)
    )
    assert "'remarks' is left out: --text does not name it" in infer(content, Roles(text=("text",))).reasons
    judged = infer(content, known_fields=("text",), known_labels=("a", "b"))
    assert "'remarks' is left out: it is no field of the judge" in judged.reasons


@pytest.mark.parametrize(
    "header",
    [
        "task,worker,text,label",
        "Example ID,Rater,Sentence,Vote",
        "pairId,coder_id,premise,judgment",
        "uid,completed_by,prompt,rating",
    ],
)
def test_other_names_for_the_roles(infer, header):
    schema = infer(header + "\n1,ann,some words,x\n1,bob,some words,y\n2,ann,other words,x\n")
    item, annotator, text, label = header.split(",")
    assert (schema.item, schema.annotator, schema.fields, schema.label) == (item, annotator, (text,), label)


def test_long_without_annotators_repeats_items(infer):
    schema = infer("id,text,label\n1,some words,x\n1,some words,y\n2,more words,x\n")
    assert (schema.layout, schema.annotator) == ("long", None)


def test_long_without_item_ids_goes_by_text(infer):
    schema = infer("text,label\nsome words,x\nsome words,y\nmore words,x\n")
    assert (schema.item, schema.fields) == (None, ("text",))


def test_id_of_the_annotation_is_not_the_item(infer):
    rows = "".join(f"{n},{'ab'[n % 2]},words number {n // 2},{'xy'[n % 2]}\n" for n in range(8))
    schema = infer("id,annotator,text,label\n" + rows)
    assert schema.item is None and "numbers the annotations" in " ".join(schema.reasons)


@pytest.mark.parametrize(
    "names", ["yes,no", "n_yes,n_no", "yes_count,no_count", "count_yes,count_no", "Yes votes,No votes"]
)
def test_counts_are_found_by_sums_or_names(infer, names):
    schema = infer(f"id,text,{names}\n1,some words,3,0\n2,more words,1,2\n3,last words,0,3\n")
    assert schema.layout == "counts" and [label.lower() for label in schema.labels] == ["yes", "no"]
    assert schema.count_columns == tuple(names.split(","))


def test_total_and_metadata_are_no_counts(infer):
    schema = infer("id,text,yes,no,total,turn\n1,some words,3,0,3,1\n2,more words,1,2,3,2\n3,last words,0,3,3,1\n")
    assert schema.count_columns == ("yes", "no") and schema.ignored == ("total", "turn")


def test_numeric_count_columns_are_an_ordinal_scale(infer):
    schema = infer("id,text,3,1,2\n1,some words,3,0,0\n2,more words,1,2,1\n3,last words,0,3,2\n")
    assert (schema.count_columns, schema.scale, schema.values) == (("1", "2", "3"), "ordinal", (1.0, 2.0, 3.0))


@pytest.mark.parametrize(
    "names", ["annotator_1,annotator_2,annotator_3", "a1,a2,a3", "ann@x.org,bob@x.org,cy@x.org", "anna,bert,cleo"]
)
def test_wide_columns_share_their_values(infer, names):
    schema = infer(f"id,text,{names}\n1,some words,x,y,\n2,more words,x,x,y\n3,last words,y,y,y\n4,and words,y,x,x\n")
    assert schema.layout == "wide" and schema.annotator_columns == tuple(names.split(","))
    assert schema.labels == ("x", "y")


def test_wide_ratings_are_not_counts(infer):
    schema = infer("id,text,rater1,rater2,rater3\n1,some words,5,4,1\n2,more words,1,2,2\n3,last words,3,3,5\n")
    assert (schema.layout, schema.scale, schema.labels) == ("wide", "ordinal", ("1", "2", "3", "4", "5"))


def test_wide_or_counts_is_refused_when_both_fit(infer):
    content = "id,text,anna,bert\n1,some words,0,2\n2,more words,1,2\n3,last words,0,1\n4,and words,2,2\n"
    with pytest.raises(DataError, match="--layout"):
        infer(content)
    assert infer(content, Roles(layout="wide")).annotator_columns == ("anna", "bert")
    assert infer(content, Roles(layout="counts")).count_columns == ("anna", "bert")


def test_two_label_columns_are_ambiguous(infer):
    content = "id,annotator,text,rating,vote\n1,a,some words,x,n\n1,b,some words,y,m\n2,a,more words,x,m\n"
    with pytest.raises(DataError, match="--label") as caught:
        infer(content)
    assert [problem.partition(" ")[0] for problem in caught.value.problems] == ["'vote'", "'rating'", "each"]
    assert infer(content, Roles(label=("vote",))).label == "vote"


def test_gold_label_gives_way_to_the_votes(infer):
    schema = infer(
        "id,annotator,text,rating,vote\n1,a,some words,x,n\n1,b,some words,x,m\n"
        "2,a,more words,y,m\n2,b,more words,y,m\n"
    )
    assert schema.label == "vote"


def test_no_label_and_no_text_are_refused(infer):
    with pytest.raises(DataError, match="--label"):
        infer("doc_id,article\n1,some words here\n2,other words here\n")
    with pytest.raises(DataError, match="--text"):
        infer("id,annotator,label\n1,a,x\n1,b,y\n")


def test_file_of_labels_alone_is_told_to_bring_the_texts(infer):
    with pytest.raises(DataError, match="no column holds texts to judge") as caught:
        infer("task,worker,label\n1,w1,x\n1,w2,y\n2,w1,x\n2,w3,x\n")
    assert "add them as a column first, joined by 'task'" in caught.value.hint


def test_item_column_with_prose_is_the_text(infer):
    schema = infer("task,worker,label\nRate this thing,a,x\nRate this thing,b,y\nRate that thing,a,x\n")
    assert (schema.item, schema.fields) == (None, ("task",))


def test_probabilities_are_not_taken_for_annotations(infer):
    with pytest.raises(DataError, match="look like probabilities"):
        infer("id,text,x,y\n1,some words,0.2,0.8\n2,more words,0.5,0.5\n")


def test_option_with_an_unknown_column_lists_the_columns(infer):
    with pytest.raises(DataError, match="did you mean 'label'") as caught:
        infer(LONG, Roles(label=("lable",)))
    assert "answer_a" in caught.value.message


def test_annotators_comment_is_not_a_field(infer):
    schema = infer(
        "id,annotator,text,label,comment\n1,a,some words,x,I like it\n1,b,some words,y,not for me\n"
        "2,a,more words,y,what is it\n"
    )
    assert schema.fields == ("text",) and schema.of_annotation == ("comment",)


def test_known_fields_and_labels_of_a_judge(infer):
    counts = "id,text,note,yes,no\n1,some words,other words,30,70\n2,more words,last words,3,97\n"
    schema = infer(counts, known_labels=("no", "yes", "maybe"), known_fields=("note",))
    assert (schema.fields, schema.labels) == (("note",), ("no", "yes", "maybe"))
    assert (schema.count_columns, schema.count_labels) == (("no", "yes"), ("no", "yes"))
    with pytest.raises(DataError, match="did you mean 'note'"):
        infer(counts, known_fields=("notes",))


@pytest.mark.parametrize(
    ("found", "labels", "values"),
    [
        (["10", "2", "1"], ("1", "2", "10"), (1.0, 2.0, 10.0)),
        (["0", "1", "2"], ("0", "1", "2"), (0.0, 1.0, 2.0)),
        (["0.5", "-1", "0"], ("-1", "0", "0.5"), (-1.0, 0.0, 0.5)),
        (["Agree", "Strongly agree", "Disagree"], ("Disagree", "Agree", "Strongly agree"), (2.0, 6.0, 7.0)),
        (["always", "never", "sometimes"], ("never", "sometimes", "always"), (1.0, 3.0, 6.0)),
    ],
)
def test_ordinal_scales_are_recognised(found, labels, values):
    scale = order_labels(found)
    assert (scale.kind, scale.labels, scale.values) == ("ordinal", labels, values)


@pytest.mark.parametrize("found", [["1", "0"], ["neutral", "entailment", "contradiction"], ["yes", "no"]])
def test_other_labels_are_nominal_and_sorted(found):
    scale = order_labels(found)
    assert (scale.kind, list(scale.labels)) == ("nominal", sorted(found))


def test_declared_labels_must_hold_all_found_ones():
    scale = order_labels(["low", "high"], declared=["low", "mid", "high"])
    assert (scale.kind, scale.labels, scale.values) == ("ordinal", ("low", "mid", "high"), (1.0, 2.0, 3.0))
    with pytest.raises(DataError, match="'hi' \\(did you mean"):
        order_labels(["low", "hi"], declared=["low", "mid", "high"])
