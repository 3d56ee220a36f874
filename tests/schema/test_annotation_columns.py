"""Extra columns of a long table: the item's, the annotation's or the annotator's; and what would name a person."""

from __future__ import annotations

import random

import pytest

from judgekit.config.roles import Roles
from judgekit.schema.inference import infer_schema

PEOPLE = {
    "w1": {"age": "31", "country": "Chile", "mail": "ada@example.org", "handle": "Ada", "group": "a"},
    "w2": {"age": "48", "country": "Chile", "mail": "bo@example.org", "handle": "Bo", "group": "b"},
    "w3": {"age": "22", "country": "Ghana", "mail": "cy@example.org", "handle": "Cy", "group": "c"},
}


def long_table(*names: str, items: int = 12, annotator: bool = True) -> str:
    draw = random.Random(0)
    lines = [",".join(["item_id", "text", *["worker"] * annotator, *names, "label"])]
    for item in range(items):
        of_item = {"topic": "abc"[item % 3], "batch": str(item // 4), "year": str(2020 + item % 2)}
        for worker, of_worker in PEOPLE.items():
            of_annotation = {
                "seconds": f"{draw.random() * 60:.1f}",
                "confidence": str(draw.randint(1, 5)),
                "rationale": f"I think so because of word {draw.randint(0, 999)}",
                "comment": f"odd {draw.randint(0, 999)}" if item == 3 else "",
            }
            cells = of_item | of_worker | of_annotation
            said = [f"i{item}", f"some words number {item}", *[worker] * annotator, *(cells[name] for name in names)]
            lines.append(",".join([*said, draw.choice("xy")]))
    return "\n".join(lines) + "\n"


def test_columns_belong_to_the_annotation_the_annotator_or_the_item(table):
    names = ("age", "country", "seconds", "confidence", "rationale", "comment", "topic", "batch", "year")
    schema = infer_schema(table(long_table(*names)))
    assert schema.of_annotation == ("seconds", "confidence", "rationale", "comment")
    assert schema.of_annotator == ("age", "country")
    assert schema.ignored == ("topic", "batch", "year")
    assert (schema.label, schema.fields, schema.annotator) == ("label", ("text",), "worker")
    assert "'age' is kept beside the annotations: it describes the annotator" in schema.reasons


def test_a_column_that_differs_in_few_items_is_the_items_with_mistakes(table):
    content = long_table("topic", items=20).replace("i4,some words number 4,w2,b", "i4,some words number 4,w2,bb")
    schema = infer_schema(table(content))
    assert schema.ignored == ("topic",) and schema.of_annotation == ()


def test_what_names_the_annotator_is_left_out(table):
    schema = infer_schema(table(long_table("mail", "handle", "age", "group")))
    assert schema.ignored == ("mail", "handle") and schema.of_annotator == ("age", "group")
    reasons = " ".join(schema.reasons)
    assert "'mail' is left out: it holds e-mail addresses" in reasons
    assert "'handle' is left out: it tells the annotators apart as 'worker' does" in reasons


@pytest.mark.parametrize("name", ["worker_name", "Annotator ID", "rater", "login"])
def test_a_name_that_means_a_person_is_left_out(table, name):
    schema = infer_schema(table(long_table("group").replace("group", name)), Roles(annotator="worker"))
    assert schema.ignored == (name,)


def test_without_an_annotator_columns_belong_to_the_annotation(table):
    schema = infer_schema(table(long_table("seconds", "age", annotator=False)), Roles(label=("label",)))
    assert schema.annotator is None or schema.annotator == "age"
    assert "seconds" in schema.of_annotation


def test_a_column_that_may_name_the_annotator_is_left_out(table):
    lines = [
        f"i{item},some words {item},{'xy'[item % 2]},p{n},q{(n + item) % 4}" for item in range(12) for n in range(3)
    ]
    schema = infer_schema(table("item_id,text,label,one,other\n" + "\n".join(lines) + "\n"))
    assert schema.annotator is None and schema.ignored == ("one", "other")
