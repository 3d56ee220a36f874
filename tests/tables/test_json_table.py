import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.errors import DataError
from judgekit.tables.json_records.records import read_records
from judgekit.tables.json_records.table import read_json_table
from judgekit.tables.source import SourceTable


def read(content: Any) -> SourceTable:
    return read_json_table(read_records(Path("votes.json"), json.dumps(content).encode(), strict=True))


def test_objects_become_dotted_columns_and_lists_json():
    source = read([{"id": 1, "pair": {"a": "x", "b": {"c": None}}, "labels": ["yes", 2]}, {"id": 2, "new": True}])
    assert source.frame.columns == ["id", "pair.a", "pair.b.c", "labels", "new"]
    assert source.frame.rows() == [("1", "x", "", '["yes", "2"]', ""), ("2", "", "", "", "true")]
    assert source.where([1]) == "record 2"


def test_a_list_of_annotations_becomes_a_row_each_and_items_without_any_are_set_aside():
    source = read(
        [
            {"id": 1, "text": "a", "label": "gold", "annotations": [{"user": {"id": 7}, "label": "x"}, {"label": "y"}]},
            {"id": 2, "text": "b", "annotations": []},
            {"id": 3, "text": "c", "annotations": [None, {"user": {"id": 8}, "label": "x"}]},
        ]
    )
    assert source.frame.select("id", "text", "user.id", "annotations.label").rows() == [
        ("1", "a", "7", "x"),
        ("1", "a", "", "y"),
        ("3", "c", "8", "x"),
    ]
    assert (source.roles.annotator, source.roles.label) == ("user.id", ("annotations.label",))
    assert source.where([2]) == "record 3"
    assert [(aside.reason, aside.rows, aside.where, aside.is_fault) for aside in source.set_aside] == [
        ("nobody labelled the item", 1, "record 2", False),
        ("an entry of annotations is no object", 1, "record 3", True),
    ]


def test_an_object_from_annotator_to_label_becomes_a_row_each():
    source = read({"x1": {"text": "a", "ratings": {"ann1": 3, "ann2": 5}}, "x2": {"text": "b", "ratings": {"ann9": 1}}})
    assert source.frame.rows() == [("x1", "a", "ann1", "3"), ("x1", "a", "ann2", "5"), ("x2", "b", "ann9", "1")]
    assert source.frame.columns == ["item_id", "text", "annotator", "label"]


def test_names_that_differ_between_items_are_people_and_names_that_all_items_share_may_be_questions():
    people = read([{"text": "a", "votes": {"bob": "x", "eve": "y"}}, {"text": "b", "votes": {"eve": "y"}}])
    assert people.frame["annotator"].to_list() == ["bob", "eve", "eve"]
    questions = read([{"text": t, "labels": {"toxic": "yes", "funny": "no"}} for t in "ab"])
    assert questions.frame.columns == ["text", "labels.toxic", "labels.funny"]


@pytest.mark.parametrize(
    ("name", "counted", "label"), [("label_counts", {"ironic": 3}, "ironic"), ("crowd", {"no": 1, "yes": 2}, "yes")]
)
def test_an_object_from_label_to_number_becomes_counts(name: str, counted: dict[str, int], label: str):
    source = read([{"text": "a", name: counted}, {"text": "b", name: {"no": 4}}])
    assert source.roles.counts == tuple(sorted({"no", *counted}))
    assert source.frame.select("no", label).rows()[1] == ("4", "0")


def test_an_object_of_shares_becomes_probabilities():
    source = read(
        [{"text": "a", "soft_label": {"0": 0.67, "1": 0.33}}, {"text": "b", "soft_label": {"0": 1.0, "1": 0}}]
    )
    assert (source.roles.layout, source.roles.counts) == ("probabilities", ("0", "1"))
    assert source.frame.select("0", "1").rows() == [("0.67", "0.33"), ("1.0", "0")]


def test_two_lists_of_annotations_are_not_guessed_between():
    votes = [{"annotator": "a", "label": "x"}]
    with pytest.raises(DataError, match="2 parts of a record could be its annotations: first, second"):
        read([{"text": "a", "first": votes, "second": votes}])


def test_the_key_is_the_item_only_where_a_record_has_no_id():
    assert read({"x": {"text": "a", "uid": "7"}}).frame.columns == ["text", "uid"]
    assert read({"x": {"text": "a", "task": "t"}}).frame.columns == ["item_id", "text", "task"]


def test_a_chat_is_read_aloud():
    chat = [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Hello."}]
    assert read([{"chat": chat}]).frame["chat"].to_list() == ["user: Hi.\n\nassistant: Hello."]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([{"a.b": 1, "a": {"b": 2}}], "'a.b' both as a key and within"),
        ([{f"k{n}.{k}": 1 for k in range(100)} for n in range(30)], "3,000 different keys"),
        ([{"a\x00": 1}], "cannot be the name of a column"),
    ],
)
def test_records_that_are_no_table_are_refused(content: Any, said: str):
    with pytest.raises(DataError, match=said):
        read(content)


_TREES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "label", "annotator", "votes", "annotations", "ann1", "yes"]), inner)
    ),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.sampled_from(["id", "text", "votes", "labels", "annotations"]), _TREES), min_size=1))
def test_any_tree_becomes_a_table_of_texts_or_is_refused(content: list[dict[str, Any]]):
    try:
        source = read(content)
    except DataError:
        return
    assert source.lines is not None and len(source.lines) == source.frame.height
    assert source.frame.null_count().sum_horizontal().sum() == 0
    assert source.rows_read >= len(content)


def test_an_abyss_of_objects_is_no_traceback():
    deep: Any = "x"
    for _ in range(300):
        deep = {"k": [deep]} if _ % 2 else {"k": deep}
    assert read([{"text": "a", "deep": deep}]).frame.height == 1


@pytest.mark.parametrize("name", ["total", "n"])
def test_sum_of_the_counts_is_no_label(name):
    counts = [(3, 1), (0, 2), (4, 4), (1, 0)]
    source = read([{"text": f"text {n}", "votes": {"yes": a, "no": b, name: a + b}} for n, (a, b) in enumerate(counts)])
    assert source.roles.counts == ("no", "yes")
    assert any(f"{name!r} in 'votes' is the sum of the others" in note for note in source.notes)
