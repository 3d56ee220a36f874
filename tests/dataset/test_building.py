"""Items and annotations: the counts, and every row kept, set aside and said, or refused."""

from __future__ import annotations

import numpy as np
import pytest

from judgekit.config.roles import Roles
from judgekit.errors import DataError

HEADER = "item_id,annotator,text,label\n"


def balanced(outcome):
    report = outcome.report
    return report.rows_read == report.rows_kept + sum(aside.rows for aside in report.set_aside)


def test_long_counts_by_hand(ingest):
    outcome = ingest(HEADER + "i2,a,second text,y\ni1,a,first text,x\ni2,b,second text,x\ni1,b,first text,x\n")
    items = outcome.items
    assert items.item_ids.to_list() == ["i2", "i1"] and items.labels == ("x", "y")
    assert np.array_equal(items.counts, [[1, 1], [2, 0]])
    assert items.texts.rows() == [("second text",), ("first text",)]
    assert outcome.annotations.columns == ["item_id", "annotator", "label", "count"]
    assert outcome.annotations.height == 4 and outcome.report.annotators == 2 and balanced(outcome)


def test_wide_and_counts_give_the_same_counts_as_long(ingest):
    wide = ingest("id,text,rater1,rater2,rater3\ni1,one text,x,y,x\ni2,two texts,y,,y\n")
    counts = ingest("id,text,n_x,n_y\ni1,one text,2,1\ni2,two texts,0,2\n")
    assert np.array_equal(wide.items.counts, [[2, 1], [0, 2]])
    assert np.array_equal(counts.items.counts, wide.items.counts)
    assert wide.report.annotators == 3 and counts.report.annotators is None
    assert wide.annotations.get_column("annotator").to_list() == ["rater1", "rater2", "rater3", "rater1", "rater3"]
    assert counts.annotations.rows() == [("i1", None, "x", 2), ("i1", None, "y", 1), ("i2", None, "y", 2)]


def test_labels_that_look_empty_elsewhere_are_labels(ingest):
    outcome = ingest(HEADER + "i1,a,one text,NA\ni1,b,one text,None\ni2,a,two texts,null\ni2,b,two texts,01\n")
    assert outcome.items.labels == ("01", "NA", "None", "null") and balanced(outcome)


def test_annotation_without_label_is_set_aside_and_said(ingest):
    outcome = ingest(HEADER + "i1,a,one text,x\ni1,b,one text,\ni2,a,two texts,y\ni2,b,two texts, \n")
    assert tuple(aside[:3] for aside in outcome.report.set_aside) == (("the label is empty", 2, "lines 3, 5"),)
    assert outcome.report.annotations == 2 and balanced(outcome)


def test_empty_rows_are_set_aside(ingest):
    outcome = ingest(HEADER + "i1,a,one text,x\n,,,\ni1,b,one text,y\n,,,\n")
    assert tuple(aside[:3] for aside in outcome.report.set_aside) == (
        ("the row is empty", 2, "lines 3, 5"),
    ) and balanced(outcome)


def test_repeated_annotation_is_kept_once_and_said(ingest):
    outcome = ingest(HEADER + "i1,a,one text,x\ni1,a,one text,x\ni1,b,one text,y\n")
    assert np.array_equal(outcome.items.counts, [[1, 1]]) and balanced(outcome)
    assert outcome.report.set_aside[0].rows == 1 and outcome.report.set_aside[0].where == "line 3"


def test_contradicting_annotator_and_changed_text_are_refused_together(ingest):
    content = HEADER + "i1,a,one text,x\ni1,a,one text,y\ni2,a,two texts,y\ni2,b,TWO texts,x\ni3,a,,x\n,b,last text,x\n"
    with pytest.raises(DataError) as caught:
        ingest(content)
    problems = caught.value.problems
    assert len(problems) == 4
    assert "votes.csv line 7: the item id (item_id) is empty" in problems
    assert "votes.csv line 5: item 'i2' has another text (text) than on line 4" in problems
    assert "votes.csv line 6: no text at all (text)" in problems
    assert "votes.csv lines 2, 3: annotator 'a' labels item 'i1' 2 times, differently: 'x', 'y'" in problems


def test_unnamed_annotators_are_never_repeats(ingest):
    outcome = ingest(HEADER + "i1,,one text,x\ni1,,one text,y\ni1,a,one text,x\n")
    assert outcome.items.counts.sum() == 3
    assert any("do not name their annotator" in warning for warning in outcome.report.warnings)


def test_one_empty_field_is_fine_beside_another(ingest):
    outcome = ingest("id,instruction,input,label\n1,do it,,x\n1,do it,,y\n2,do that,with this,x\n")
    assert any("'input' is empty in 1 of 2 items" in note for note in outcome.report.notes)


def test_single_annotations_are_kept_and_warned_about(ingest):
    outcome = ingest(HEADER + "i1,a,one text,x\ni2,a,two texts,y\n")
    assert any("single annotation" in warning for warning in outcome.report.warnings)


def test_label_variants_are_warned_about_and_not_merged(ingest):
    outcome = ingest(HEADER + "i1,a,one text,yes\ni1,b,one text,Yes\ni2,a,two texts,yes \ni2,b,two texts,no\n")
    assert len(outcome.items.labels) == 3
    assert any("'Yes' (1) beside 'yes' (2)" in warning for warning in outcome.report.warnings)


def test_one_label_and_far_too_many_are_refused(ingest):
    with pytest.raises(DataError, match="nothing to learn"):
        ingest(HEADER + "i1,a,one text,x\ni1,b,one text,x\n")
    rows = "".join(f"i{n // 2},{n % 2},text number {n // 2},comment {n}\n" for n in range(120))
    with pytest.raises(DataError, match="120 different values"):
        ingest(HEADER + rows)


@pytest.mark.parametrize("cell", ["", "-1", "1.5", "many", "1e3"])
def test_counts_that_are_no_counts_are_refused(ingest, cell):
    content = f"id,text,n_x,n_y\n1,one text,2,1\n2,two texts,{cell},2\n3,three,1,1\n"
    with pytest.raises(DataError, match="line 3: n_x must be a whole number"):
        ingest(content, Roles(counts=("n_x", "n_y")))


def test_rows_without_any_count_are_set_aside(ingest):
    outcome = ingest("id,text,n_x,n_y\n1,one text,2,1\n2,two texts,0,0\n3,three,1,1\n")
    assert tuple(aside[:3] for aside in outcome.report.set_aside) == (
        ("all counts are zero", 1, "line 3"),
    ) and balanced(outcome)


def test_repeated_counts_rows(ingest):
    outcome = ingest("id,text,n_x,n_y\n1,one text,2,1\n1,one text,2,1\n2,two texts,0,3\n")
    assert np.array_equal(outcome.items.counts, [[2, 1], [0, 3]]) and balanced(outcome)
    with pytest.raises(DataError, match="item '1' has 2 rows with different counts"):
        ingest("id,text,n_x,n_y\n1,one text,2,1\n1,one text,1,2\n2,two texts,0,3\n")


def test_wide_rows_without_labels_and_repeats(ingest):
    outcome = ingest("id,text,rater1,rater2\n1,one text,x,y\n2,two texts,,\n1,one text,x,y\n3,three,y,x\n")
    assert sorted(aside.rows for aside in outcome.report.set_aside) == [1, 1] and balanced(outcome)
    with pytest.raises(DataError, match="annotator 'rater1' labels item '1' 2 times"):
        ingest("id,text,rater1,rater2\n1,one text,x,y\n1,one text,y,y\n3,three,y,x\n")


def test_equal_texts_under_two_ids_share_a_group(ingest):
    outcome = ingest(HEADER + "i1,a,One  text,x\ni2,a,one text ,y\ni3,a,two texts,y\n")
    groups = outcome.items.groups.to_list()
    assert groups[0] == groups[1] != groups[2] and len(outcome.items) == 3


def test_an_item_whose_first_row_is_set_aside_keeps_its_own_text_and_group(ingest):
    rows = "i2,a,two texts,\ni1,a,one text,x\ni2,b,two texts,y\ni3,a,TWO texts,x\ni1,b,one text,y\n"
    items = ingest(HEADER + rows).items
    assert items.item_ids.to_list() == ["i1", "i2", "i3"]
    assert items.texts.rows() == [("one text",), ("two texts",), ("TWO texts",)]
    assert items.groups[1] == items.groups[2] != items.groups[0]
    assert items.counts.tolist() == [[1, 1], [0, 1], [1, 0]]


def test_an_item_without_a_group_of_the_column_is_in_that_of_its_text(ingest):
    content = "id,text,label,doc\n1,one text,x,d1\n2,two texts,y,\n3,two  texts,y,\n4,one text,x,\n"
    groups = ingest(content, Roles(group="doc")).items.groups.to_list()
    assert groups[1] == groups[2] and len(set(groups)) == 3


def test_group_column_makes_the_groups(ingest):
    content = "id,text,label,doc\n1,one text,x,d1\n2,two texts,y,d1\n3,three,y,d2\n"
    groups = ingest(content, Roles(group="doc")).items.groups.to_list()
    assert groups[0] == groups[1] != groups[2]
    with pytest.raises(DataError, match="item '1' is in 2 groups: 'd1', 'd2'"):
        ingest("id,text,label,doc\n1,one text,x,d1\n1,one text,y,d2\n", Roles(group="doc"))


def test_labels_unknown_to_a_judge_are_listed_with_lines(ingest):
    content = HEADER + "i1,a,one text,x\ni1,b,one text,Z\ni2,a,two texts,Z\n"
    with pytest.raises(DataError, match=r"lines 3, 4: label 'Z' \(2 annotations\) is not one of x, y"):
        ingest(content, known_labels=("x", "y"))
    outcome = ingest(HEADER + "i1,a,one text,x\ni1,b,one text,x\n", known_labels=("y", "x"))
    assert np.array_equal(outcome.items.counts, [[0, 2]])


def test_items_without_ids_get_stable_ones(ingest):
    one = ingest("text,label\nsome words,x\nmore words,y\nsome words,y\n")
    other = ingest("text,label\nmore words,y\nsome words,y\nsome words,x\n")
    assert set(one.items.item_ids) == set(other.items.item_ids) and len(one.items) == 2


def test_columns_named_like_internals_do_no_harm(ingest):
    outcome = ingest("id,_row,_item,count,label,text\n1,5,q,7,x,one text\n1,6,r,8,y,one text\n")
    assert outcome.items.counts.tolist() == [[7, 8]]


def test_one_bad_cell_does_not_lose_a_count_column(ingest):
    rows = "".join(f"{n},text number {n},{n % 4},{3 - n % 4},1\n" for n in range(30))
    with pytest.raises(DataError, match="line 32: yes must be a whole number of 0 or more, found 'x'"):
        ingest("id,text,yes,no,maybe\n" + rows + "30,last text,x,1,2\n")


def test_wide_columns_beside_a_gold_label(ingest):
    outcome = ingest("id,text,label,rater_1,rater_2\n1,some words,x,x,y\n2,more words,y,y,y\n3,last words,x,y,x\n")
    assert np.array_equal(outcome.items.counts, [[1, 1], [0, 2], [1, 1]])


def test_annotators_called_label_and_annotator_do_no_harm(ingest):
    roles = Roles(annotator_columns=("label", "annotator", "count"))
    outcome = ingest("id,text,label,annotator,count\n1,some words,x,y,y\n2,more words,x,x,y\n", roles)
    assert np.array_equal(outcome.items.counts, [[1, 2], [2, 1]])


def test_white_space_around_a_label_is_taken_away_and_counted(ingest):
    outcome = ingest(HEADER + "i1,a,one text, x\ni1,b,one text, y\n")
    assert outcome.items.labels == ("x", "y")
    assert any(note.startswith("2 annotations differed from a label by white space") for note in outcome.report.notes)
