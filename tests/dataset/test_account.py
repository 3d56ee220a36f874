"""Every row is kept or set aside with its reason; what contradicts the file is refused, or set aside where allowed."""

from __future__ import annotations

import dataclasses

import pytest

from judgekit.config.roles import Roles
from judgekit.dataset.building import build_items
from judgekit.errors import DataError
from judgekit.schema.inference import infer_schema
from judgekit.tables.account import SetAside

HEADER = "item_id,annotator,text,label\n"
GOOD = "".join(f"i{n},{p},words number {n},{'xy'[(n + p) % 2]}\n" for n in range(15) for p in range(4))
FAULTY = {
    "the item id (item_id) is empty": ",9,words number 1,x\n",
    "no text at all (text)": "i2,9,,x\n",
    "the item has another text than before": "i3,9,WORDS number 3,x\n",
}


@pytest.fixture
def build(table):
    def run(content: str, roles: Roles | None = None, **limits):
        source = table(content)
        outcome = build_items(source, infer_schema(source, roles), **limits)
        report = outcome.report
        assert report.rows_read == report.rows_kept + sum(aside.rows for aside in report.set_aside)
        return outcome

    return run


def asides(outcome) -> dict[str, tuple[int, bool]]:
    return {aside.reason: (aside.rows, aside.is_fault) for aside in outcome.report.set_aside}


@pytest.mark.parametrize("reason", FAULTY)
def test_faulty_row_is_set_aside_alone(build, reason):
    content = HEADER + GOOD + FAULTY[reason]
    with pytest.raises(DataError, match=r"votes\.csv line 62"):
        build(content)
    outcome = build(content, most_set_aside=0.1)
    assert asides(outcome) == {reason: (1, True)}
    assert outcome.report.rows_kept == outcome.report.annotations == 60 and len(outcome.items) == 15


def test_annotator_who_contradicts_herself_is_not_heard_on_that_item(build):
    outcome = build(HEADER + GOOD + "i0,0,words number 0,y\ni0,1,words number 0,y\n", most_set_aside=0.1)
    assert asides(outcome) == {
        "the annotator gave the same item several labels": (2, True),
        "the same annotator gave the same item the same label before": (1, False),
    }
    assert outcome.items.counts[0].tolist() == [1, 2]
    assert (
        "lines 2, 62: annotator '0' labels item 'i0' 2 times, differently: 'x', 'y'"
        in (outcome.report.set_aside[0].details[0])
    )


def test_contradiction_beside_good_cells_costs_no_row_but_is_said(build):
    content = "id,text,rater1,rater2,rater3\n1,one text,x,y,\n1,one text,y,,x\n2,two texts,x,y,x\n"
    with pytest.raises(DataError, match="annotator 'rater1' labels item '1' 2 times"):
        build(content)
    outcome = build(content, most_set_aside=0.1)
    assert outcome.items.counts.tolist() == [[1, 1], [2, 1]] and outcome.report.rows_kept == 3
    assert any(
        "2 annotations are left out of rows that are kept (lines 2, 3)" in warning
        for warning in outcome.report.warnings
    )


def test_too_many_faulty_rows_refuse_the_file_and_name_the_share(build):
    content = HEADER + GOOD + "".join(FAULTY.values())
    with pytest.raises(DataError, match=r"3 of 63 rows .* more than the share of 0.04") as caught:
        build(content, most_set_aside=0.04)
    assert "--most-set-aside 0.06" in caught.value.hint and len(caught.value.problems) == 3
    assert build(content, most_set_aside=0.06).report.rows_kept == 60


def test_strict_refuses_all_but_empty_rows_and_what_the_user_drops(build):
    content = HEADER + GOOD + ",,,\ni0,9,words number 0,skip\n"
    told = Roles(drop_labels=("skip",))
    assert set(asides(build(content, told, strict=True))) == {
        "the row is empty",
        "the label 'skip' is dropped",
    }
    with pytest.raises(DataError, match="line 64: the label is empty") as caught:
        build(content + "i0,8,words number 0,\n", told, strict=True)
    assert "Without --strict" in caught.value.hint
    assert build(content + "i0,8,words number 0,\n", told).report.annotations == 60


def test_what_the_reader_set_aside_joins_the_account(table):
    source = table(HEADER + GOOD)
    refused = SetAside("the answer was refused", 5, "lines 90, 91 and 3 more")
    ragged = SetAside("the row has 5 fields, the header 4", 2, "lines 95, 96", is_fault=True)
    source = dataclasses.replace(source, set_aside=(refused, ragged), warnings=("something is odd",))
    schema = infer_schema(source)
    report = build_items(source, schema, most_set_aside=0.1).report
    assert (report.rows_read, report.rows_kept) == (67, 60) and report.set_aside == (refused, ragged)
    assert "something is odd" in report.warnings
    with pytest.raises(DataError, match=r"votes\.csv lines 95, 96: the row has 5 fields, the header 4"):
        build_items(source, schema)
    with pytest.raises(DataError, match="the answer was refused"):
        build_items(dataclasses.replace(source, set_aside=(refused,)), schema, strict=True)


def test_details_are_the_first_few_and_the_rest_is_counted(build):
    twice = GOOD + "".join(f"j{n},0,other words {n},{label}\n" for n in range(25) for label in "xy")
    with pytest.raises(DataError) as caught:
        build(HEADER + twice)
    assert len(caught.value.problems) == 21 and "and 45 more: the annotator gave" in caught.value.problems[-1]
    assert "50 of 110 rows" in caught.value.message


def test_counts_that_are_none_or_differ_are_set_aside(build):
    rows = "".join(f"{n},text number {n},{n % 4},{3 - n % 4}\n" for n in range(40))
    content = "id,text,n_x,n_y\n" + rows + "50,more words,x,-1\n3,text number 3,1,1\n"
    outcome = build(content, most_set_aside=0.1)
    assert asides(outcome) == {
        "a count is not a whole number of 0 or more": (1, True),
        "the rows of the item have different counts": (2, True),
    }
    assert len(outcome.items) == 39
    details = outcome.report.set_aside[0].details
    assert details == (
        "votes.csv line 42: n_x must be a whole number of 0 or more, found 'x'",
        "votes.csv line 42: n_y must be a whole number of 0 or more, found '-1'",
    )


def test_item_in_two_groups_is_set_aside_whole(build):
    content = "id,text,label,doc\n" + "".join(f"{n},text {n} here,{'xy'[n % 2]},d{n // 2}\n" for n in range(30))
    outcome = build(content + "4,text 4 here,x,d9\n", Roles(group="doc"), most_set_aside=0.1)
    assert asides(outcome) == {"the item is in more than one of the groups (doc)": (2, True)}
    assert "4" not in outcome.items.item_ids.to_list() and len(outcome.items) == 29


def split_table(parts: list[str], name: str = "split") -> str:
    rows = [f"i{n},{p},words number {n},{'xy'[p]},{part}\n" for n, part in enumerate(parts) for p in range(2)]
    return f"item_id,annotator,text,label,{name}\n" + "".join(rows)


@pytest.mark.parametrize("name", ["split", "Split", "partition", "dataset_split"])
def test_given_split_is_kept_by_its_names(build, name):
    outcome = build(split_table(["train", "Dev", "TEST", "validation", ""], name))
    assert outcome.items.parts.to_list() == ["train", "validation", "test", "validation", None]


@pytest.mark.parametrize("parts", [["0", "1", "2"], ["train", "test", "reddit"], ["train", "train", "train"]])
def test_column_with_other_values_is_no_split(build, parts):
    assert build(split_table(parts)).items.parts is None


def test_split_that_the_user_names_must_be_one(build):
    content = split_table(["train", "test", "unseen"], "origin")
    with pytest.raises(DataError, match="'unseen' is no part"):
        build(content, Roles(split="origin"))
    assert build(content.replace("unseen", "dev"), Roles(split="origin")).items.parts.to_list()[2] == "validation"


def test_item_in_two_parts_is_a_fault(build):
    content = split_table(["train", "test"] * 12) + "i3,9,words number 3,x,train\ni5,9,words number 5,x,\n"
    with pytest.raises(DataError, match="item 'i3' is in 2 parts of the split: 'test', 'train'"):
        build(content)
    items = build(content, most_set_aside=0.1).items
    assert "i3" not in items.item_ids.to_list() and items.parts.null_count() == 0
