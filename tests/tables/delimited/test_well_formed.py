"""The short way takes files that obey every rule, gives what the strict parser gives, and takes nothing in doubt."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgekit.errors import DataError
from judgekit.tables.delimited import table as delimited
from judgekit.tables.delimited import well_formed
from judgekit.tables.delimited.table import read_table
from judgekit.tables.delimited.well_formed import read_well_formed

HEADER = "id,text,label\n"
CELLS = st.lists(st.sampled_from([*'ab,;"\n\\ é\u2028#', "\r\n"]), max_size=6).map("".join)
BLOCKS = st.sampled_from([1, 7, 64, 100, 1 << 19])
EDITS = st.lists(
    st.tuples(st.integers(0, 200), st.sampled_from(['"', '""', ",", "\n", "\r", "\r\n", "a", "", "\x00", "\ufeff"]))
)


@st.composite
def tables(draw: st.DrawFn, *, edited: bool) -> bytes:
    """Files as csv writes them, or with a few characters added or taken away."""
    delimiter, line_end = draw(st.sampled_from(",;\t")), draw(st.sampled_from(["\n", "\r\n"]))
    width = draw(st.integers(2, 4))
    stream = io.StringIO()
    quoting: Any = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]))
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    writer.writerow(["id", "text", "label", "annotator"][:width])
    writer.writerows(draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=12)))
    content = stream.getvalue()
    if draw(st.booleans()):
        content = content.removesuffix(line_end)
    for place, edit in draw(EDITS) if edited else ():
        at = len(HEADER) + place % len(content)
        content = content[:at] + edit + content[at + (not edit) :]
    return content.encode()


def outcome(path: Path):
    try:
        source = read_table(path, path.read_bytes())
    except DataError as error:
        return str(error)
    return source.frame.columns, source.frame.rows(), None if source.lines is None else source.lines.tolist()


def check(content: bytes, block: int, *, must_take: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "votes.csv"
        path.write_bytes(content)
        with patch.multiple(well_formed, _PIECE_BYTES=block, _BYTES_WITHIN=0):
            found = read_well_formed(path.read_bytes())
        if found is None:
            assert not must_take
            return
        text = io.StringIO(content.decode(), newline="")
        records = csv.reader(text, delimiter=found.dialect.delimiter, strict=True)
        assert found.frame.rows() == [tuple(record) for record in records]
        fast = outcome(path)
        with patch.object(delimited, "read_well_formed", return_value=None):
            assert outcome(path) == fast


@settings(deadline=None, max_examples=100)
@given(content=tables(edited=False), block=BLOCKS)
def test_whatever_csv_writes_is_taken_as_it_stands(content, block):
    check(content, block, must_take=True)


@settings(deadline=None, max_examples=150)
@given(content=tables(edited=True), block=BLOCKS)
def test_what_is_taken_is_what_the_strict_parsers_read(content, block):
    check(content, block, must_take=False)


@settings(deadline=None, max_examples=50)
@given(
    texts=st.lists(st.tuples(st.sampled_from(["", "a", "b", "a long text " * 3]), st.integers(1, 5)), min_size=1),
    block=BLOCKS,
)
def test_texts_that_return_below_each_other_stay_what_they_are(texts, block):
    rows = [(text, text.upper()) for text, times in texts for _ in range(times)]
    content = "id,text\n" + "".join(f"{text},{other}\n" for text, other in rows)
    with patch.multiple(well_formed, _PIECE_BYTES=block, _BYTES_WITHIN=0):
        found = read_well_formed(content.encode())
    assert found is not None and found.frame.rows()[1:] == rows


@pytest.mark.parametrize(
    ("content", "rows", "starts"),
    [
        ("id,text\n1,a b\n2,\n", [("1", "a b"), ("2", "")], [1, 2, 3]),
        ("id,text\r\n1,a\r\n2,b", [("1", "a"), ("2", "b")], [1, 2, 3]),
        ('id;text\n1;"a; ""b"", c"\n"2";""\n', [("1", 'a; "b", c'), ("2", "")], [1, 2, 3]),
        (
            'id,text\n1,"a\n\nb"\n2,"c\r\n""\r\n"\n3,d\n',
            [("1", "a\n\nb"), ("2", 'c\r\n"\r\n'), ("3", "d")],
            [1, 2, 5, 8],
        ),
        (f'id\ttext\n1\t"{"é" * 300}"\n2\t{"x" * 300}\n', [("1", "é" * 300), ("2", "x" * 300)], [1, 2, 3]),
    ],
)
def test_files_that_obey_the_rules_are_taken(tmp_path, content, rows, starts):
    path = tmp_path / "votes.csv"
    path.write_bytes(content.encode())
    found = read_well_formed(path.read_bytes())
    assert found is not None and found.frame.rows()[1:] == rows and found.starts.tolist() == starts


@pytest.mark.parametrize(
    "content",
    [
        HEADER + "1,a\n",
        HEADER + "1,a,b,c\n",
        HEADER + "1,a\n2,b,x,y\n",
        HEADER + "1,a,x\n\n2,b,y\n",
        HEADER + "1,a,x\n2,b\ry\n",
        HEADER + "1,a,x\r\n2,b,y\n",
        HEADER + "1,a,x\r",
        HEADER + '1,a "b",x\n',
        HEADER + '1,"a" b,x\n',
        HEADER + '1, "a",x\n',
        HEADER + '1,"a,x\n2,b,y\n',
        HEADER + '1,"a","""\n',
        HEADER + ',"a"b"c"',
        HEADER + '1",",a"""',
        HEADER + "1,a\x00,x\n",
        HEADER.encode() + b"1,caf\xe9,x\n",
        HEADER.encode() + b'1,"caf\xe9",x\n',
        "\ufeff" + HEADER + "1,a,x\n",
        "sep=,\nid,text\n1,a\n",
        "'id','text'\n'1','a'\n",
        "id, text\n1, a\n",
        '"id","te\nxt"\n1,a\n',
        "id," + "x" * 70_000 + "\n1,a\n",
        "text\na\n",
        "id,text;label\n1,a;x\n",
        '["id","text"]\n["1","a"]\n',
        "",
    ],
)
def test_whatever_is_in_doubt_is_left_to_the_strict_parser(tmp_path, content):
    path = tmp_path / "votes.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert read_well_formed(path.read_bytes()) is None


@pytest.mark.parametrize("characters", [17_000_000, 40_000_000])
def test_a_line_that_does_not_end_is_left_to_the_strict_parser(tmp_path, characters):
    path = tmp_path / "votes.csv"
    path.write_bytes(HEADER.encode() + b"1," + b"x" * characters + b",a\n")
    assert read_well_formed(path.read_bytes()) is None


def test_clean_files_never_reach_the_strict_parser(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "parse", lambda *_: pytest.fail("the strict parser was asked"))
    path = tmp_path / "votes.csv"
    path.write_text(HEADER + '1,"a, b",x\n2,c,y\n')
    assert read_table(path, path.read_bytes()).frame.rows() == [("1", "a, b", "x"), ("2", "c", "y")]
