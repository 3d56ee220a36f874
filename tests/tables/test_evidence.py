"""What the cells of a column say: the same figures for long tables as for short ones wherever they decide something."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgekit.tables import evidence
from judgekit.tables.evidence import weigh_columns
from judgekit.tables.groups import Groups, _Runs

KEYS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.sampled_from("12")), max_size=30)


@pytest.fixture
def sampling(monkeypatch):
    """Tables count as long from 40 rows on: 4 runs of 10 rows are looked at first."""
    monkeypatch.setattr(evidence, "_EXACT_ROWS", 40)
    monkeypatch.setattr(evidence, "_SAMPLE_RUNS", 4)
    monkeypatch.setattr(evidence, "_RUN_ROWS", 10)
    monkeypatch.setattr(evidence, "MOST_LABELS", 5)


def test_figures_of_a_column():
    figures = weigh_columns(pl.DataFrame({"n": ["1", "2.0", "", "0", "x y", "1", " "]}))["n"]
    assert (figures.rows, figures.filled, figures.distinct) == (7, 5, 4)
    assert (figures.mean_characters, figures.most_characters) == (9 / 5, 3)
    assert (figures.integer_share, figures.number_share, figures.spaced_share) == (4 / 5, 4 / 5, 1 / 5)
    assert figures.has_zero and not figures.is_number
    assert figures.values == {"0": 1, "1": 2, "2.0": 1, "x y": 1}


def test_values_are_kept_only_where_they_are_few():
    many = pl.DataFrame({"id": [f"i{n}" for n in range(51)], "label": ["yes", "no", "no"] * 17})
    figures = weigh_columns(many)
    assert figures["id"].values == {} and figures["label"].values == {"no": 34, "yes": 17}


@pytest.mark.parametrize("strange", [0, 205, 399])
def test_one_cell_among_many_still_decides_in_long_tables(sampling, strange):
    label, number, empty, row = ["a", "b"] * 200, [str(n % 90) for n in range(400)], [""] * 400, list(range(400))
    label[strange], number[strange], empty[strange], row[strange] = "c", "none", "x", row[strange - 1]
    frame = pl.DataFrame({"label": label, "number": number, "empty": empty, "row": [f"r{n}" for n in row]})
    figures = weigh_columns(frame)
    assert figures["label"].values == {"a": 199 + strange % 2, "b": 200 - strange % 2, "c": 1}
    assert not figures["number"].is_number and figures["number"].is_integer
    assert figures["empty"].filled == 1
    assert figures["row"].distinct < 400


def test_texts_and_ids_of_long_tables_are_estimated(sampling):
    frame = pl.DataFrame({"item": [f"i{n // 5}" for n in range(400)], "text": [f"a text {n // 5}" for n in range(400)]})
    figures = weigh_columns(frame)
    assert (figures["item"].rows, figures["item"].filled, figures["item"].distinct) == (400, 400, 80)
    assert figures["text"].is_prose and not figures["text"].could_be_labels and not figures["text"].is_category


def test_a_sorted_table_is_sampled_all_over(sampling):
    frame = pl.DataFrame({"text": [f"t{n}" for n in range(300)] + [f"some words {n}" for n in range(300)]})
    assert weigh_columns(frame)["text"].spaced_share == pytest.approx(0.5)


@settings(deadline=None)
@given(rows=KEYS, keys=st.sampled_from([["a"], ["a", "b"]]), collide=st.booleans())
def test_groups_are_what_a_loop_finds(rows, keys, collide):
    frame = pl.DataFrame(rows, schema=dict.fromkeys("abc", pl.String), orient="row")
    groups = Groups(frame, keys)
    if collide:  # two keys of one hash are still two groups
        groups.__dict__["_by_hash"] = _Runs.of(frame.select(keys).hash_rows().to_numpy() & 1)
    of_row = [row[: len(keys)] for row in rows]
    first = [of_row.index(key) for key in of_row]
    assert groups.first.to_list() == first
    assert groups.differs("c").to_list() == [rows[n][2] != rows[start][2] for n, start in enumerate(first)]
    several = {key for key in of_row if of_row.count(key) > 1}
    constant = {key for key in several if len({row[2] for row, of in zip(rows, of_row, strict=True) if of == key}) == 1}
    if not collide:
        assert groups.number == len(set(of_row)) and groups.repeat == bool(several)
        assert groups.constant_share("c") == pytest.approx(len(constant) / len(several) if several else 1)


def test_groups_of_an_empty_table():
    groups = Groups(pl.DataFrame(schema={"a": pl.String}), ["a"])
    assert (groups.number, groups.repeat, groups.first.to_list(), groups.constant_share("a")) == (0, False, [], 1)
