"""Properties: what must not matter does not, nothing but a DataError comes out, and no row vanishes."""

from __future__ import annotations

import csv
import io
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from judgekit.data.build import Ingested, build_items
from judgekit.data.inference import infer_schema
from judgekit.data.readers.delimited import read_table
from judgekit.errors import DataError

RELAXED = settings(deadline=None, max_examples=40)
COLUMNS = ["item_id", "annotator", "text", "label"]
VOTES = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 3), st.sampled_from(["x", "y", "NA", ""])), min_size=2, max_size=30
)


def ingest(content: bytes) -> Ingested:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "votes.csv"
        path.write_bytes(content)
        source = read_table(path)
        return build_items(source, infer_schema(source))


def outcome(rows: list[dict[str, str]], columns: list[str]) -> Ingested | str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns)
    writer.writeheader()
    writer.writerows(rows)
    try:
        return ingest(stream.getvalue().encode())
    except DataError as error:
        return type(error).__name__


def rows_of(votes) -> list[dict[str, str]]:
    return [
        {"item_id": f"i{i}", "annotator": f"p{a}", "text": f'the "text", of\n{i}', "label": label}
        for i, a, label in votes
    ]


def as_dict(result: Ingested | str):
    if isinstance(result, str):
        return result
    items = result.items
    texts = items.texts.rows()
    return {
        item: (texts[n], items.groups[n], {label: int(items.counts[n, k]) for k, label in enumerate(items.labels)})
        for n, item in enumerate(items.item_ids)
    }


@RELAXED
@given(VOTES, st.permutations(COLUMNS), st.randoms())
def test_row_order_column_order_and_annotator_names_change_nothing(votes, columns, random):
    rows = rows_of(votes)
    before = as_dict(outcome(rows, COLUMNS))
    shuffled = [dict(row, annotator=f"someone {row['annotator']}") for row in rows]
    random.shuffle(shuffled)
    assert as_dict(outcome(shuffled, columns)) == before


@RELAXED
@given(VOTES)
def test_counts_equal_a_plain_count_and_every_row_is_accounted_for(votes):
    result = outcome(rows_of(votes), COLUMNS)
    kept = {(i, a, label) for i, a, label in votes if label}
    contradicts = len({(i, a) for i, a, _ in kept}) < len(kept)
    if isinstance(result, str):
        assert contradicts or len({label for *_, label in kept}) < 2
        return
    expected = Counter((f"i{i}", label) for i, _, label in kept)
    table = as_dict(result)
    assert {(item, label): n for item, (_, _, counts) in table.items() for label, n in counts.items() if n} == expected
    report = result.report
    assert report.rows_read == len(votes) == report.rows_kept + sum(aside.rows for aside in report.set_aside)
    assert report.annotations == result.annotations.get_column("count").sum() == sum(expected.values())


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@RELAXED
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=8), st.sampled_from([",", ";", "\t"]))
def test_whatever_is_written_by_the_rules_is_read_back(rows, delimiter):
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([("item_id", "text", "label"), *rows])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "votes.csv"
        path.write_bytes(stream.getvalue().encode())
        assert read_table(path).frame.rows() == rows


@settings(deadline=None, max_examples=150)
@given(
    st.one_of(
        st.binary(max_size=80),
        st.text(st.sampled_from("a1,;\t|\"'\\\n\r é#^$*"), max_size=60).map(str.encode),
        st.text(st.sampled_from('ab1,"\n\r '), max_size=60).map(lambda body: f"id,text,label\n{body}".encode()),
        st.text(st.sampled_from("xy12,\n"), max_size=60).map(lambda body: f"id,text,label\n1,a b,x\n{body}".encode()),
    )
)
def test_fuzzed_file_gives_items_or_a_data_error(content):
    try:
        result = ingest(content)
    except DataError:
        return
    report = result.report
    assert report.rows_read == report.rows_kept + sum(aside.rows for aside in report.set_aside)
    assert len(result.items) >= 1 and (result.items.counts.sum(axis=1) >= 1).all()


NAMES = [
    "id",
    "item_id",
    "annotator",
    "label",
    "text",
    "rater_1",
    "rater_2",
    "n_x",
    "n_y",
    "count",
    "total",
    "*",
    "^a$",
]
POOLS = st.sampled_from([["x", "y", ""], ["1", "2", "0", ""], ["some words here", "other words", ""], ["i1", "i2"]])


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_table_gives_items_or_a_data_error(data):
    names = data.draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=6, unique=True))
    pools = [data.draw(POOLS) for _ in names]
    rows = data.draw(st.lists(st.tuples(*map(st.sampled_from, pools)), min_size=1, max_size=8))
    result = outcome([dict(zip(names, row, strict=True)) for row in rows], names)
    if not isinstance(result, str):
        report = result.report
        assert report.rows_read == report.rows_kept + sum(aside.rows for aside in report.set_aside)
