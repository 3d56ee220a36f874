"""Tables to score: fields found, one row per item, ids and order kept."""

from __future__ import annotations

import dataclasses

import pytest

from judgekit.config.roles import Roles
from judgekit.dataset.score_input import read_score_items
from judgekit.errors import DataError
from judgekit.tables.account import SetAside


def test_repeated_items_collapse_in_order(table):
    source = table("item_id,worker,text\ni2,a,second one\ni1,a,first one\ni2,b,second one\n")
    found = read_score_items(source, fields=["text"])
    assert found.ids.rows() == [("i2",), ("i1",)] and found.texts.rows() == [("second one",), ("first one",)]
    assert any("3 rows repeat 2 items" in note for note in found.notes)


def test_rows_are_numbered_without_an_id(table):
    found = read_score_items(table("text,other\nsame text,1\nsame text,2\n"), fields=["text"])
    assert found.ids.columns == ["row"] and found.ids.rows() == [(1,), (2,)]


def test_judges_item_column_comes_first(table):
    source = table("id,snippet,text\n1,s1,one text\n2,s1,one text\n")
    assert read_score_items(source, fields=["text"], item_column="snippet").ids.rows() == [("s1",)]
    assert read_score_items(source, fields=["text"]).ids.columns == ["id"]


def test_fields_come_in_the_judges_order(table):
    found = read_score_items(table("id,b,a\n1,bb,aa\n"), fields=["a", "b"])
    assert found.texts.columns == ["a", "b"] and found.texts.row(0) == ("aa", "bb")


def test_missing_fields_are_listed_with_the_nearest_name(table):
    with pytest.raises(DataError, match="did you mean 'premise'") as caught:
        read_score_items(table("id,premise\n1,a\n"), fields=["premises", "hypothesis"])
    assert len(caught.value.problems) == 2


def test_a_row_without_any_text_is_set_aside_or_refused_with_its_line(table):
    source = table('id,a,b\n1,"x\ny",\n2,, \n3,z,z\n')
    with pytest.raises(DataError, match=r"(?s)1 of 3 rows.*line 4: no text in a, b.*Correct these lines\.$"):
        read_score_items(source, fields=["a", "b"])
    with pytest.raises(DataError, match=r"more than the share of 0\.1"):
        read_score_items(source, fields=["a", "b"], most_set_aside=0.1)
    with pytest.raises(DataError, match="line 4"):
        read_score_items(source, fields=["a", "b"], most_set_aside=0.5, strict=True)
    found = read_score_items(source, fields=["a", "b"], most_set_aside=0.5)
    assert found.ids.rows() == [("1",), ("3",)] and found.rows.tolist() == [0, 2]
    assert "1 row is not scored: it has no text in a and b (line 4)." in found.notes


def test_a_table_without_any_text_is_refused(table):
    with pytest.raises(DataError, match="no row has a text in a"):
        read_score_items(table("id,a\n1,\n2,\n"), fields=["a"], most_set_aside=1)


def test_every_row_can_be_kept(table):
    source = table("item_id,worker,text\ni2,a,second one\ni1,a,first one\ni2,b,second one\n")
    found = read_score_items(source, fields=["text"], every_row=True)
    assert found.ids.rows() == [("i2",), ("i1",), ("i2",)] and found.rows.tolist() == [0, 1, 2]


def test_one_id_with_two_texts_is_scored_twice_and_said(table):
    found = read_score_items(table("id,text\n1,one\n1,two\n"), fields=["text"])
    assert found.ids.height == 2 and any("a different text" in note for note in found.notes)


def test_what_the_reader_says_is_heard(table):
    source = dataclasses.replace(
        table("thread,text\nt1,one text\nt2,two texts\n"),
        roles=Roles(item="thread"),
        set_aside=(SetAside("the answer is a draft", 2, "lines 4, 5"),),
        warnings=("half of it is missing",),
    )
    found = read_score_items(source, fields=["text"])
    assert found.ids.columns == ["thread"] and "half of it is missing" in found.notes
    assert "2 rows are not scored: the answer is a draft (lines 4, 5)." in found.notes
