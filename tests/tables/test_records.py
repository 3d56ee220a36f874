import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.errors import DataError
from judgekit.tables.json_records.records import Records, read_records


def read(content: str | bytes, name: str = "votes.json", strict: bool = False) -> Records:
    return read_records(Path(name), content.encode() if isinstance(content, str) else content, strict=strict)


def test_numbers_keep_their_spelling_and_nan_is_missing():
    record = read('[{"id": 007e0, "label": 1.50, "big": 12345678901234567890}]'.replace("007e0", "7E0")).records[0]
    assert record == {"id": "7E0", "label": "1.50", "big": "12345678901234567890"}
    assert read('[{"label": NaN, "other": null, "is_kept": true}]').records == [
        {"label": None, "other": None, "is_kept": True}
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_unicode_encodings_are_told_by_their_bytes(encoding: str):
    assert read('[{"text": "crème"}]'.encode(encoding)).records == [{"text": "crème"}]


def test_another_encoding_is_refused_with_its_line():
    with pytest.raises(DataError, match="line 2: byte 21 is not UTF-8"):
        read('{"text": "a"}\n{"t": "é"}'.encode("latin-1"))


def test_lines_are_counted_with_blank_ones_and_only_line_feeds_end_them():
    records = read('{"t": "a\u2028b"}\r\n\r\n{"t": "c"}\n', "votes.jsonl")
    assert records.records == [{"t": "a\u2028b"}, {"t": "c"}]
    assert (records.unit, records.positions.tolist()) == ("line", [1, 3])
    assert records.where([0, 1]) == "lines 1, 3"


def test_unreadable_lines_are_faults_with_their_lines():
    records = read('{"t": "a"}\n{"t": \n[1]\n{"t": "b", "t": "c"}\n{"t": "\\ud83d"}\n{"t": "d"}', "votes.jsonl")
    assert records.positions.tolist() == [1, 6]
    (aside,) = records.set_aside
    assert (aside.rows, aside.where, aside.is_fault) == (4, "lines 2, 3, 4, 5", True)
    assert aside.details[2] == "line 4: a key occurs twice in one object"


def test_a_damaged_first_line_does_not_hide_the_others():
    records = read('"t": "a"}\n{"t": "b"}\n{"t": "c"}', "votes.jsonl")
    assert (records.positions.tolist(), records.set_aside[0].where) == ([2, 3], "line 1")


def test_strict_refuses_all_unreadable_lines_at_once():
    with pytest.raises(DataError) as refused:
        read('{"t": "a"}\n{"t": \n{"t": "b"}\nnull', "votes.jsonl", strict=True)
    assert [problem.partition(":")[0] for problem in refused.value.problems] == ["line 2", "line 4"]


@pytest.mark.parametrize(
    ("content", "records", "keys"),
    [
        ('{"version": 2, "data": [{"t": "a"}, {"t": "b"}]}', [{"t": "a"}, {"t": "b"}], ()),
        ('{"x": {"t": "a"}, "y": {"t": "b"}}', [{"t": "a"}, {"t": "b"}], ("x", "y")),
        ('{"t": {"0": "a", "1": "b"}, "n": {"0": 1, "1": 2}}', [{"t": "a", "n": "1"}, {"t": "b", "n": "2"}], ()),
        ('{"t": ["a", "b"], "n": [1, 2]}', [{"t": "a", "n": "1"}, {"t": "b", "n": "2"}], ()),
        ('{"t": "a",\n "n": 1}\n{"t": "b",\n "n": 2}', [{"t": "a", "n": "1"}, {"t": "b", "n": "2"}], ()),
        ('{"t": "a", "n": {"k": 1}}', [{"t": "a", "n": {"k": "1"}}], ()),
    ],
)
def test_every_way_to_hold_records_in_json(content: str, records: list[object], keys: tuple[str, ...]):
    found = read(content)
    assert (found.records, found.keys) == (records, keys)


def test_one_line_of_jsonl_is_a_record_whatever_lists_it_holds():
    assert read('{"t": "a", "annotations": [{"label": "x"}]}', "one.jsonl.gz").records[0]["t"] == "a"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[{"t": "a"},\n {"t": ', "line 2: the file ends before its JSON does"),
        ('[{"t": "a"},\n {"t": "b', "line 2: the file ends before its JSON does"),
        ('[{"t": "a"},\n {"t" "b"}]', "line 2, column 7: this is not valid JSON"),
        ('{"a": {"t": "a"}, "a": {"t": "b"}}', "the key 'a' occurs twice"),
        ('{"train": [{"t": "a"}], "test": [{"t": "b"}]}', "2 lists of objects: train, test"),
        ('["a", "b"]', "record 2: it is a text or number, not an object"),
        ("[]", "no records"),
        ("{}", "it is an empty object"),
        (" \n", "is empty"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_list_of_objects_is_refused(content: str, said: str):
    with pytest.raises(DataError, match=said):
        read(content)


@given(st.lists(st.binary(max_size=8)), st.integers(0, 40), st.booleans())
def test_a_fuzzed_file_is_read_or_refused(noise: list[bytes], at: int, is_jsonl: bool):
    rows = [{"id": n, "text": "é" * n, "labels": {"a": [n, None]}} for n in range(4)]
    content = ("\n".join(map(json.dumps, rows)) if is_jsonl else json.dumps(rows)).encode()
    content = content[:at] + b"".join(noise) + content[at:]
    try:
        records = read(content)
    except DataError:
        return
    assert len(records.records) == len(records.positions) > 0
