"""Structured cells of a table become annotations or counts, as the same JSON would, or are refused by name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from judgekit.dataset.building import build_items
from judgekit.errors import DataError
from judgekit.schema.inference import infer_schema
from judgekit.tables.files import read_files

PEOPLE = ("ida", "jon", "mia")
VOTES = [
    ("no", "yes", "no"),
    ("yes", "yes", "yes"),
    ("no", "no", "maybe"),
    ("maybe", "yes", "yes"),
    ("no", "no", "no"),
    ("yes", "maybe", "no"),
]
LABELS = ("maybe", "no", "yes")
COUNTS = {label: sum(row.count(label) for row in VOTES) for label in LABELS}


def by_person(row: Sequence[str]) -> list[tuple[str, str]]:
    return list(zip(PEOPLE, row, strict=True))


def counts_of(path: Path) -> dict[str, int]:
    source = read_files([path])
    items = build_items(source, infer_schema(source)).items
    assert items.fields == ("text",) and len(items) == len(VOTES)
    return dict(zip(items.labels, items.counts.sum(axis=0).tolist(), strict=True))


def as_table(folder: Path, name: str, cells: list[Any]) -> list[Path]:
    """The same structures as CSV (Python prints them), as CSV of JSON, and as JSON lines."""
    texts = [f"The words of text number {n}, all its own." for n in range(len(cells))]
    files = [folder / "python.csv", folder / "json.csv", folder / "lines.jsonl"]
    for file, write in zip(files, (str, json.dumps), strict=False):
        pl.DataFrame({"id": range(len(cells)), "text": texts, name: list(map(write, cells))}).write_csv(file)
    rows = [{"id": n, "text": text, name: cell} for n, (text, cell) in enumerate(zip(texts, cells, strict=True))]
    files[-1].write_text("".join(json.dumps(row) + "\n" for row in rows))
    return files


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("labels", lambda row: list(row)),
        ("annotations", lambda row: dict(by_person(row))),
        ("annotations", lambda row: [{"annotator": who, "label": label} for who, label in by_person(row)]),
        ("annotations", lambda row: [{"by": who, "chosen": label} for who, label in by_person(row)]),
        ("annotations", lambda row: {"annotator": list(PEOPLE), "label": list(row)}),
        ("annotations", lambda row: [list(pair) for pair in by_person(row)]),
        ("annotations", lambda row: {who: [label] for who, label in by_person(row)}),
        ("votes", lambda row: {label: [who for who, said in by_person(row) if said == label] for label in LABELS}),
        ("label_counts", lambda row: {label: row.count(label) for label in LABELS}),
        ("votes", lambda row: [{"label": label, "count": row.count(label)} for label in LABELS]),
        ("votes", lambda row: [[label, row.count(label)] for label in LABELS]),
    ],
)  # fmt: skip
def test_the_counts_are_those_of_the_people(tmp_path, name, shape):
    for path in as_table(tmp_path, name, [shape(row) for row in VOTES]):
        assert counts_of(path) == COUNTS, path.name


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("label_counts", lambda row: [row.count(label) for label in LABELS]),
        ("labels", lambda row: {"name": list(LABELS), "value": [0.1, 0.3, 0.5], "count": [3, 3, 3]}),
        ("annotations", lambda row: [[{"a": label}] for label in row]),
        ("ratings", lambda row: [["ida", 3], ["jon", 4]]),
    ],
)
def test_what_does_not_say_who_chose_what_is_refused_by_name(tmp_path, name, shape):
    for path in as_table(tmp_path, name, [shape(row) for row in VOTES]):
        with pytest.raises(DataError, match=name):
            counts_of(path)


def test_words_in_brackets_are_words(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text("id,text,annotator,label\n" + "".join(f"{n // 2},[deleted],a{n % 2},[x]\n" for n in range(6)))
    assert read_files([path]).frame.row(0) == ("0", "[deleted]", "a0", "[x]")


def test_a_cell_that_cannot_be_read_among_others_is_a_fault(tmp_path):
    rows = [f"{n},text number {n} here,\"[('ida', 'yes'), ('jon', 'no'), ('mia', 'no')]\"\n" for n in range(20)]
    path = tmp_path / "votes.csv"
    path.write_text("id,text,annotations\n" + "".join(rows) + "20,text number 20 here,\"[('ida', 'yes\"\n")
    source = read_files([path])
    assert source.frame.height == 60
    assert [(aside.reason, aside.where, aside.is_fault) for aside in source.set_aside] == [
        ("what stands in annotations cannot be read", "line 22", True)
    ]


@pytest.mark.parametrize("form", ["{n}x {label}", "{n} × {label}", "{label} ({n})", "{label} x {n}"])
@pytest.mark.parametrize("mark", [", ", "; ", "|"])
def test_labels_with_their_numbers_are_counted_without_brackets(tmp_path, form, mark):
    rows = [[form.format(label=label, n=row.count(label)) for label in dict.fromkeys(row)] for row in VOTES]
    path = tmp_path / "votes.csv"
    lines = [f'{n},words of item {n},"{mark.join(cells)}"' for n, cells in enumerate(rows)]
    path.write_text("\n".join(["id,text,annotations", *lines]) + "\n", encoding="utf-8")
    assert counts_of(path) == COUNTS


def test_people_with_their_labels_are_read_without_brackets(tmp_path):
    path = tmp_path / "votes.csv"
    cells = ["; ".join(f"{who}: {label}" for who, label in by_person(row)) for row in VOTES]
    lines = [f'{n},words of item {n},"{cell}"' for n, cell in enumerate(cells)]
    path.write_text("\n".join(["id,text,annotations", *lines]) + "\n", encoding="utf-8")
    assert counts_of(path) == COUNTS


def test_a_counter_counts_whatever_its_name_and_though_labels_lack(tmp_path):
    path = tmp_path / "votes.csv"
    cells = [str({label: row.count(label) for label in dict.fromkeys(row)}) for row in VOTES]
    lines = [f'{n},words of item {n},"Counter({cell})"' for n, cell in enumerate(cells)]
    path.write_text("\n".join(["id,text,said", *lines]) + "\n", encoding="utf-8")
    assert counts_of(path) == COUNTS
