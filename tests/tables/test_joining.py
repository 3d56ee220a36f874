"""Several tables as one: what belongs together is put together, and who annotated is not lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from judgekit.config.roles import Roles
from judgekit.errors import DataError
from judgekit.tables.account import SetAside
from judgekit.tables.joining import join
from judgekit.tables.source import SourceTable


def table(name: str, columns: dict[str, list[str]], **facts) -> SourceTable:
    frame = pl.DataFrame(columns)
    return SourceTable(Path(name), frame, lines=np.arange(2, frame.height + 2), **facts)


def joined(*tables: SourceTable) -> SourceTable:
    return join(Path("folder"), tables, [table.path.stem for table in tables])


def votes(name: str, ids: str, labels: str, **facts) -> SourceTable:
    return table(name, {"id": [*ids], "text": [f"text {n}" for n in ids], "label": [*labels]}, **facts)


def test_rows_stand_below_each_other_whatever_the_order_of_the_columns():
    source = joined(
        table("a.csv", {"id": ["1"], "text": ["x"], "user": ["u"]}),
        table("b.csv", {"user": ["v"], "text": ["y"], "id": ["2"]}),
    )
    assert source.frame.rows() == [("1", "x", "u"), ("2", "y", "v")]
    assert source.place([0, 1]) == "a.csv line 2; b.csv line 2"
    assert source.name == "a.csv and 1 more" and source.path == Path("folder") and not source.warnings


def test_a_column_that_a_file_lacks_is_empty_there_and_warned_of():
    source = joined(
        table("a.csv", {"id": ["1"], "text": ["x"], "label": ["p"], "time": ["9"]}),
        table("b.csv", {"id": ["2"], "text": ["y"], "label": ["q"]}),
    )
    assert source.frame.get_column("time").to_list() == ["9", ""]
    assert source.warnings == ("b.csv has no column 'time'; it is empty there.",)


def test_files_with_few_columns_in_common_are_refused_as_other_tables():
    with pytest.raises(DataError, match="seem to be other tables") as caught:
        joined(
            table("votes.csv", {"id": ["1"], "label": ["a"], "user": ["u"]}),
            table("more.csv", {"id": ["1"], "label": ["a"], "user": ["v"]}),
            table("texts.csv", {"id": ["1"], "text": ["x"]}),
        )
    assert caught.value.problems == ("texts.csv: id, text",)


def test_each_file_is_one_annotator_where_they_share_items():
    source = joined(votes("ann.csv", "12345", "aabba"), votes("bob.csv", "54321", "bbaab"))
    assert source.roles.annotator == "annotator"
    assert source.frame.get_column("annotator").to_list() == ["ann"] * 5 + ["bob"] * 5
    assert "each file is the annotator it is named by" in source.notes[0]


def test_a_small_overlap_of_items_is_enough():
    source = joined(votes("ann.csv", "0123456789", "ababababab"), votes("bob.csv", "9ABCDEFGHI", "ababababab"))
    assert source.roles.annotator == "annotator"


def test_items_without_an_id_are_told_apart_by_their_texts():
    texts = [f"a longer text to judge, number {n}" for n in range(4)]
    source = joined(
        table("ann.csv", {"Satz": texts, "Urteil": [*"aabb"]}), table("bob.csv", {"Satz": texts, "Urteil": [*"abba"]})
    )
    assert source.roles.annotator == "annotator"


def test_a_word_that_all_names_share_says_nothing():
    source = joined(votes("batch1_ann.csv", "12345", "aabba"), votes("batch1_bob.csv", "54321", "bbaab"))
    assert source.roles.annotator == "annotator"


def test_names_of_annotators_are_not_repeated_in_notes():
    source = joined(votes("ann@example.org.csv", "12345", "aabba"), votes("bob@example.org.csv", "54321", "bbaab"))
    assert source.roles.annotator == "annotator" and "ann@" not in source.notes[0]


def test_several_ratings_in_each_file_are_one_annotator_s_and_counts_are_not():
    ids = {"id": [*"123"], "text": ["one", "two", "three"]}
    ratings = [ids | {"fluency": [*"513"], "depth": [*"442"]}, ids | {"fluency": [*"422"], "depth": [*"141"]}]
    assert joined(*(table(f"{n}.csv", rows) for n, rows in zip("ab", ratings, strict=True))).roles.annotator
    counts = [ids | {"spam": [*"513"], "ham": [*"042"]}, ids | {"spam": [*"422"], "ham": [*"133"]}]
    source = joined(*(table(f"{n}.csv", rows) for n, rows in zip("ab", counts, strict=True)))
    assert source.roles.annotator is None and "share items" in source.warnings[0]


def test_authors_of_the_texts_are_no_annotators():
    texts = {"id": [*"123"], "user": ["x", "y", "x"], "tweet": ["one", "two", "three"]}
    source = joined(table("ann.csv", texts | {"label": [*"aab"]}), table("bob.csv", texts | {"label": [*"abb"]}))
    assert source.roles.annotator == "annotator"
    users = [table(f"{name}.csv", texts | {"user": [name] * 3, "label": [*"aab"]}) for name in ("ann", "bob")]
    assert joined(*users).roles.annotator is None


def test_files_called_alike_are_told_by_their_folders():
    source = joined(votes("ann/votes.csv", "12345", "aabba"), votes("bob/votes.csv", "54321", "bbaab"))
    assert source.frame.get_column("annotator").unique(maintain_order=True).to_list() == ["ann", "bob"]


@pytest.mark.parametrize(
    "tables",
    [
        [votes("a.csv", "123", "aab"), votes("b.csv", "456", "aba")],  # parts of one table
        [votes("a.csv", "112233", "aababa"), votes("b.csv", "112244", "ababab")],  # several annotations in each file
        [  # rows numbered anew in each file
            table(name, {"id": [*"123"], "text": [f"{name} {n}" for n in "123"], "label": [*"aab"]})
            for name in ("a.csv", "b.csv")
        ],
        [  # the annotator is known already
            table(name, {"id": [*"123"], "worker": ["w"] * 3, "label": [*"aab"]}) for name in ("a.csv", "b.csv")
        ],
        [  # one column per annotator
            table(name, {"id": [*"123"], "rater1": [*"aab"], "rater2": [*"abb"]}) for name in ("a.csv", "b.csv")
        ],
        [
            table(f"{n}.csv", {"id": [*"123"], "text": [*"xyz"], n: [*"aab"]}) for n in ("ann", "bob")
        ],  # a wide table in pieces
        [votes(name, "123", "aab", roles=Roles(layout="counts", counts=("label",))) for name in ("a.csv", "b.csv")],
    ],
)
def test_files_are_no_annotators_otherwise(tables):
    source = joined(*tables)
    assert "annotator" not in source.frame.columns and source.roles.annotator is None
    assert not any("share items" in warning for warning in source.warnings)


@pytest.mark.parametrize("names", [("train.csv", "my_test.csv"), ("round1.csv", "round2.csv")])
def test_parts_of_the_data_are_no_annotators_but_shared_items_are_warned_of(names):
    source = joined(votes(names[0], "12345", "aabba"), votes(names[1], "54321", "bbaab"))
    assert source.roles.annotator is None and "add a column 'annotator'" in source.warnings[0]


def test_one_repeated_row_does_not_lose_the_annotators():
    ids = [str(n) for n in range(100)]
    one = {"id": [*ids, "7"], "label": ["a"] * 101}
    assert joined(table("ann.csv", one), table("bob.csv", {"id": ids, "label": ["b"] * 100})).roles.annotator


def test_what_the_formats_say_is_taken_together():
    first = votes("a.csv", "1", "a", roles=Roles(item="id", label=("label",), annotator="text"))
    second = votes("b.csv", "2", "b", roles=Roles(label=("label", "text")))
    assert joined(first, second).roles == Roles(item="id", label=("label", "text"), annotator="text")
    with pytest.raises(DataError, match="do not agree on the item: id, text"):
        joined(first, votes("b.csv", "2", "b", roles=Roles(item="text")))


def test_the_account_of_all_files_is_kept_with_their_names():
    source = joined(
        votes("a.csv", "1", "a", set_aside=(SetAside("torn", 2, "lines 3, 4", True, ("line 3: short",)),)),
        votes("b.csv", "2", "b", set_aside=(SetAside("torn", 1, "line 9", True), SetAside("empty", 1, "line 2"))),
    )
    assert source.rows_read == 6
    assert source.set_aside == (
        SetAside("torn", 3, "a.csv lines 3, 4; b.csv line 9", True, ("a.csv line 3: short",)),
        SetAside("empty", 1, "b.csv line 2"),
    )


def test_what_all_files_say_is_said_once():
    source = joined(votes("a.csv", "1", "a", notes=("Tabs.",)), votes("b.csv", "2", "b", notes=("Tabs.", "UTF-16.")))
    assert source.notes == ("Tabs.", "b.csv: UTF-16.")
