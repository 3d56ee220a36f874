"""Properties: what must not matter does not, nothing but a DataError comes out, and no row vanishes."""

from __future__ import annotations

import csv
import dataclasses
import io
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from judgekit.config.roles import Roles
from judgekit.dataset.building import Ingested, build_items
from judgekit.errors import DataError
from judgekit.schema.inference import infer_schema
from judgekit.tables.column_names import names_a_count
from judgekit.tables.delimited.table import read_table

RELAXED = settings(deadline=None, max_examples=40)
COLUMNS = ["item_id", "annotator", "text", "label"]
VOTES = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 3), st.sampled_from(["x", "y", "NA", ""])), min_size=2, max_size=30
)


def ingest(content: bytes, *, most_set_aside: float = 0.0) -> Ingested:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "votes.csv"
        path.write_bytes(content)
        source = read_table(path, path.read_bytes())
        return build_items(source, infer_schema(source), most_set_aside=most_set_aside)


def outcome(rows: list[dict[str, str]], columns: Sequence[str], **limits: float) -> Any:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns)
    writer.writeheader()
    writer.writerows(rows)
    try:
        return ingest(stream.getvalue().encode(), **limits)
    except DataError as error:
        return type(error).__name__


def assert_balanced(result: Ingested) -> None:
    report, counts = result.report, result.items.counts
    assert report.rows_read == report.rows_kept + sum(aside.rows for aside in report.set_aside)
    assert all(aside.rows > 0 for aside in report.set_aside)
    assert report.annotations == counts.sum() == result.annotations.get_column("count").sum()
    assert len(result.items) >= 1 and (counts.sum(axis=1) >= 1).all()


def rows_of(votes) -> list[dict[str, str]]:
    return [
        {"item_id": f"i{i}", "annotator": f"p{a}", "text": f'the "text", of\n{i}', "label": label}
        for i, a, label in votes
    ]


def as_dict(result: Ingested | str) -> Any:
    if isinstance(result, str):
        return result
    items = result.items
    texts = items.texts.rows()
    return {
        item: (
            texts[n],
            items.groups[n],
            None if items.parts is None else items.parts[n],
            {label: int(items.counts[n, k]) for k, label in enumerate(items.labels)},
        )
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
    assert {(item, label): n for item, (*_, counts) in table.items() for label, n in counts.items() if n} == expected
    assert_balanced(result)
    report = result.report
    assert report.rows_read == len(votes) and report.rows_kept == report.annotations == sum(expected.values())


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
        assert read_table(path, path.read_bytes()).frame.rows() == rows


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
        assert_balanced(ingest(content))
    except DataError:
        return


NAMES = [
    *("id", "item_id", "annotator", "annotators", "label", "labels", "text", "rater_1", "rater_2", "fluency_1"),
    *("fluency_2", "coherence_1", "coherence_2", "n_x", "n_y", "count", "total", "split", "*", "^a$", "_"),
]
POOLS = st.sampled_from(
    [
        ["x", "y", ""],
        ["1", "2", "0", ""],
        ["some words here", "other words", ""],
        ["i1", "i2"],
        ["x|y", "y|y", "x", ""],
        ['["x", "y"]', '["y"]', "[]", "x"],
        ["0.5", "1", "0", "0.33", "0.67", ""],
        ["train", "test", ""],
    ]
)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_table_gives_items_or_a_data_error(data):
    names = data.draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=6, unique=True))
    pools = [data.draw(POOLS) for _ in names]
    rows = data.draw(st.lists(st.tuples(*map(st.sampled_from, pools)), min_size=1, max_size=8))
    limit = data.draw(st.sampled_from([0.0, 0.1, 1.0]))
    result = outcome([dict(zip(names, row, strict=True)) for row in rows], names, most_set_aside=limit)
    if not isinstance(result, str):
        assert_balanced(result)


# One set of annotations, written in every layout: item, annotator, label; every item has two or more, no pair returns.
ANSWERS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 3), st.sampled_from("xyz")),
    min_size=4,
    max_size=24,
    unique_by=lambda answer: answer[:2],
)
LABELS = "xyz"
PART = {0: "train", 1: "dev", 2: "test", 3: "train", 4: "train", 5: ""}


def written(answers, layout: str, names: dict[str, str]) -> tuple[list[dict[str, str]], list[str]]:
    """Rows and columns of a table; `names` renames labels."""
    people = sorted({person for _, person, _ in answers})
    rows: list[dict[str, str]] = []
    for item in dict.fromkeys(item for item, *_ in answers):
        common = {"item_id": f"i{item}", "text": f"some words number {item}", "split": PART[item]}
        said = {person: names[label] for other, person, label in answers if other == item}
        counts = Counter(said.values())
        if layout == "long":
            rows += [common | {"annotator": f"p{person}", "label": label} for person, label in said.items()]
        elif layout == "wide":
            rows.append(common | {f"rater_{person}": said.get(person, "") for person in people})
        elif layout == "counts":
            rows.append(common | {f"n_{label}": str(counts[label]) for label in names.values()})
        elif layout == "list":
            both = {"labels": "|".join(said.values()), "annotators": "|".join(f"p{person}" for person in said)}
            rows.append(common | both)
        else:
            shares = {f"p_{label}": f"{counts[label] / len(said):.3f}" for label in names.values()}
            rows.append(common | shares | {"n_annotators": str(len(said))})
    return rows, list(rows[0])


@RELAXED
@given(ANSWERS, st.sampled_from(["long", "wide", "counts", "list", "probabilities"]), st.booleans())
def test_roles_of_a_schema_read_its_table_the_same_way(answers, layout, is_declared):
    rows, columns = written(answers, layout, dict(zip(LABELS, LABELS, strict=True)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "votes.csv"
        pl.DataFrame(rows, columns).write_csv(path)
        source = read_table(path, path.read_bytes())
    try:
        schema = infer_schema(source, Roles(labels=("z", "y", "x")) if is_declared else None)
    except DataError:
        return
    again = infer_schema(source, schema.as_roles())
    assert dataclasses.replace(again, reasons=(), warnings=()) == dataclasses.replace(schema, reasons=(), warnings=())


@settings(deadline=None, max_examples=60)
@given(
    ANSWERS,
    st.sampled_from(["long", "wide", "counts", "list", "probabilities"]),
    st.permutations(list(LABELS)),
    st.randoms(),
)
def test_every_layout_gives_the_same_counts_in_any_order_and_by_any_name(answers, layout, renamed, random):
    answers = [answer for answer in answers if sum(answer[0] == other[0] for other in answers) > 1]
    expected = Counter((f"i{item}", label) for item, _, label in answers)
    same = dict(zip(LABELS, LABELS, strict=True))
    first: Any = outcome(*written(answers, layout, same)) if answers else ""
    assume(not isinstance(first, str))
    found = as_dict(first)
    assert {(item, label): n for item, (*_, counts) in found.items() for label, n in counts.items() if n} == expected
    assert {item: part for item, (_, _, part, _) in found.items() if part} in (
        {},
        {f"i{n}": {"dev": "validation"}.get(part, part) for n, part in PART.items() if part and f"i{n}" in found},
    )
    assert_balanced(first)
    if layout == "long":
        assert first.report.rows_kept == first.report.annotations
    shuffled = [(item, 3 - person, label) for item, person, label in random.sample(answers, len(answers))]
    rows, columns = written(shuffled, layout, dict(zip(LABELS, renamed, strict=True)))
    random.shuffle(rows)
    random.shuffle(columns)
    again = as_dict(outcome(rows, columns))
    back = dict(zip(renamed, LABELS, strict=True))
    assert {
        item: (*rest, {back[label]: n for label, n in counts.items() if n}) for item, (*rest, counts) in again.items()
    } == {item: (*rest, {label: n for label, n in counts.items() if n}) for item, (*rest, counts) in found.items()}


METADATA = [
    *("year", "Year", "publication_year", "month", "age", "page", "length", "word_count", "round", "thread_id"),
    *("turn", "turn_id", "n_turns", "batch", "batch_no", "Batch ID", "likes", "like_count", "views", "followers"),
    *("n_annotators", "num_raters", "annotator_count", "vote_count"),
]
DISTRACTORS = st.lists(
    st.tuples(st.sampled_from(METADATA), st.integers(2, 5), st.sampled_from([0, 1, 2019])), min_size=1, max_size=3,
    unique_by=lambda one: one[0],
)  # fmt: skip


@settings(deadline=None, max_examples=80)
@given(
    ANSWERS,
    st.sampled_from(["long", "wide", "counts", "list", "probabilities"]),
    st.sampled_from(["xyz", "123"]),
    DISTRACTORS,
    st.booleans(),
    st.randoms(),
)
def test_a_metadata_number_is_never_a_label_nor_an_annotator(answers, layout, labels, distractors, is_per_row, random):
    rows, columns = written(answers, layout, dict(zip(LABELS, labels, strict=True)))
    plain = outcome(rows, columns)
    assume(not isinstance(plain, str))
    for name, values, least in distractors:
        for n, row in enumerate(rows):
            number = n if is_per_row and layout == "long" else int(row["item_id"][1:])
            row.setdefault(name, str(least + number * 7 % values))
    columns = list(rows[0])
    random.shuffle(columns)
    found = outcome(rows, columns)
    if found == "Question" and len(plain.annotations) == len(plain.items):  # all may agree, and a number say how many
        assert any(names_a_count(name) for name, *_ in distractors)
        return
    assert not isinstance(found, str)
    assert {item: cells[-1] for item, cells in as_dict(found).items()} == {
        item: cells[-1] for item, cells in as_dict(plain).items()
    }


GOOD = {
    layout: written(
        [(item, person, LABELS[(item + person) % 3]) for item in range(6) for person in range(3)],
        layout,
        dict(zip(LABELS, LABELS, strict=True)),
    )
    for layout in ("long", "wide", "counts", "list", "probabilities")
}
EDITS = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.integers(0, 12),
        st.one_of(
            st.binary(max_size=6), st.sampled_from([b",", b'"', b"\n", b"\r\n", b"|", b"x", b"1", b"\x00", b"i1"])
        ),
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(sorted(GOOD)), EDITS, st.sampled_from([0.0, 0.1, 1.0]))
def test_damaged_file_gives_items_or_a_data_error(layout, edits, limit):
    stream = io.StringIO()
    rows, columns = GOOD[layout]
    writer = csv.DictWriter(stream, columns)
    writer.writeheader()
    writer.writerows(rows)
    content = stream.getvalue().encode()
    for place, lost, new in edits:
        at = int(place * len(content))
        content = content[:at] + new + content[at + lost :]
    try:
        assert_balanced(ingest(content, most_set_aside=limit))
    except DataError:
        return
