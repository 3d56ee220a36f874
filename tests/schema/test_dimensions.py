"""Tables with several labels: a dataset of each where that is clear, else a question."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from judgekit.config.roles import Roles
from judgekit.dataset.building import build_items
from judgekit.errors import DataError
from judgekit.schema.inference import infer_schema, infer_schemas


def long_table(names: str, *values: Sequence[str], items: int = 20) -> str:
    generator = random.Random(0)
    rows = [
        f"i{item},p{person},some words number {item}," + ",".join(generator.choice(pool) for pool in values)
        for item in range(items)
        for person in range(3)
    ]
    return f"item_id,annotator_id,summary,{names}\n" + "\n".join(rows) + "\n"


def wide_table(names: str, *, items: int = 20) -> str:
    generator = random.Random(0)
    lines = [f"id,text,{names}"]
    for item in range(items):
        ratings = ",".join(str(generator.randint(1, 5)) for _ in names.split(","))
        lines.append(f"i{item},some words number {item},{ratings}")
    return "\n".join(lines) + "\n"


FOUR = long_table("coherence,consistency,fluency,relevance", "12345", "12345", "2345", "12345")


def test_ratings_on_one_scale_make_a_dataset_each(table):
    source = table(FOUR)
    schemas = infer_schemas(source)
    assert [schema.dimension for schema in schemas] == ["coherence", "consistency", "fluency", "relevance"]
    assert schemas[2].label == "fluency" and schemas[2].labels == ("2", "3", "4", "5")
    assert "coherence" in schemas[2].ignored and schemas[2].fields == ("summary",)
    assert any("a dataset of its own" in reason for reason in schemas[0].reasons)
    report = build_items(source, schemas[1]).report
    assert report.annotations == 60 and any("this is 'consistency'" in note for note in report.notes)


def test_one_schema_of_several_ratings_is_a_question(table):
    with pytest.raises(DataError, match="the label is not clear") as caught:
        infer_schema(table(FOUR))
    assert "--label coherence --label consistency" in caught.value.problems[-1]
    assert infer_schema(table(FOUR), Roles(label=("fluency",))).dimension is None


def test_labels_that_the_user_names_make_a_dataset_each(table):
    source = table(long_table("tone,funny", ["warm", "cold", "flat"], ["yes", "no"]))
    schemas = infer_schemas(source, Roles(label=("tone", "funny")))
    assert [schema.labels for schema in schemas] == [("cold", "flat", "warm"), ("no", "yes")]
    with pytest.raises(DataError, match="the label is not clear"):
        infer_schemas(source)


def test_column_named_label_stays_alone_and_names_the_others(table):
    (schema,) = infer_schemas(table(long_table("label,consistency,fluency", "12345", "12345", "12345")))
    assert schema.label == "label"
    assert any("--label label --label consistency --label fluency" in reason for reason in schema.reasons)


@pytest.mark.parametrize(
    "names", ["rater1_fluency,rater1_grammar,rater2_fluency,rater2_grammar", "fluency_1,fluency_2,grammar_1,grammar_2"]
)
def test_wide_ratings_of_two_things_are_two_datasets(table, names):
    source = table(wide_table(names))
    schemas = infer_schemas(source)
    assert [schema.dimension for schema in schemas] == ["fluency", "grammar"]
    assert [len(schema.annotator_columns) for schema in schemas] == [2, 2]
    assert all("fluency" in name for name in schemas[0].annotator_columns)
    assert build_items(source, schemas[1]).report.annotators == 2


@pytest.mark.parametrize(
    "names",
    [
        "ton_1,ton_2,kraft_1,kraft_2",
        "ann_fluency,bob_fluency,ann_grammar,bob_grammar",
        "model1_fluency,model2_fluency,model1_grammar,model2_grammar",
    ],
)
def test_wide_grid_of_unknown_names_is_a_question(table, names):
    with pytest.raises(DataError, match="--annotator-columns"):
        infer_schemas(table(wide_table(names)))


def test_qualities_of_a_text_are_no_annotators(table):
    schemas = infer_schemas(table(wide_table("helpfulness,correctness,coherence")))
    assert [(schema.layout, schema.label) for schema in schemas] == [
        ("long", "helpfulness"),
        ("long", "correctness"),
        ("long", "coherence"),
    ]


def test_label_map_may_meet_one_of_several_labels(table):
    source = table(long_table("tone,funny", ["warm", "cold"], ["yes", "no", "skip"]))
    roles = Roles(label=("tone", "funny"), drop_labels=("skip",))
    assert [schema.labels for schema in infer_schemas(source, roles)] == [("cold", "warm"), ("no", "yes")]
    with pytest.raises(DataError, match=r"--drop-label skp: no label is 'skp'.*did you mean 'skip'"):
        infer_schemas(source, Roles(label=("tone", "funny"), drop_labels=("skp",)))
