"""A cell is the list or object it was printed from, by whatever program, or it is a text: never half of one."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.tables.structured_cells import parse_structure


@pytest.mark.parametrize(
    ("text", "structure"),
    [
        ('["a", "b"]', ["a", "b"]),
        ("[1, 2.50, null, true]", ["1", "2.50", None, True]),
        ("['a', 'it\\'s', None, nan]", ["a", "it's", None, None]),
        ("('a', 'b')", ["a", "b"]),
        ("{'a', 'b'}", ["a", "b"]),
        ("['a' 'b c'\n 'd']", ["a", "b c", "d"]),
        ("[1 0\n 2]", ["1", "0", "2"]),
        ("[1. 2. nan]", ["1", "2", None]),
        ("array(['a', 'b'], dtype='<U1')", ["a", "b"]),
        ("[np.float64(1.0), np.int64(-2), np.str_('x')]", ["1", "-2", "x"]),
        ("[negative, very good, None]", ["negative", "very good", None]),
        ('{negative,"very good",NULL}', ["negative", "very good", None]),
        ('c("a", "b")', ["a", "b"]),
        ("[('ann', 'yes'), ('ben', 'no')]", [["ann", "yes"], ["ben", "no"]]),
        ('[{"annotator": "ann", "label": 1}]', [{"annotator": "ann", "label": "1"}]),
        ("OrderedDict({'yes': 3, 'no': 1})", {"yes": "3", "no": "1"}),
        ("Counter({'yes': 3})", [{"label": "yes", "count": "3"}]),
        ("defaultdict(<class 'int'>, {'yes': 1})", {"yes": "1"}),
        ("{1: 'x', True: 'y'}", {"1": "x", "true": "y"}),
        ("{yes: 3, no: 1}", {"yes": "3", "no": "1"}),
        ('{"yes"=>3}', {"yes": "3"}),
        ("{yes=3, no=1}", {"yes": "3", "no": "1"}),
        ("[]", []),
        ("{}", {}),
    ],
)
def test_a_structure_is_read_however_it_was_printed(text, structure):
    assert parse_structure(text) == structure


@pytest.mark.parametrize(
    "text",
    [
        "", "yes", "(see below)", "f(x)", '["a", "b"', "[1 2 ... 9]", '{"a": 1, "a": 2}', "[a, b: c]", "['a' b]",
        "[a, [b]",
        "__import__('os').system('x')", "[open('x')]", "f'{a}'",
        "[" * 5_000 + "]" * 5_000,
    ],
)  # fmt: skip
def test_what_is_not_wholly_understood_is_a_text(text):
    assert parse_structure(text) is None


LABELS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=8)


@given(st.lists(LABELS, min_size=1, max_size=5))
def test_lists_come_back_as_json_and_python_wrote_them(labels):
    assert parse_structure(json.dumps(labels)) == labels
    assert parse_structure(repr(labels)) == parse_structure(repr(tuple(labels))) == labels


@given(st.lists(st.sampled_from(["a", "b c", "don't know", "1", "x, y"]), min_size=1, max_size=60))
def test_arrays_come_back_as_numpy_prints_them(labels):
    assert parse_structure(str(np.array(labels))) == labels


@given(st.lists(st.integers(0, 9), min_size=1, max_size=200))
def test_arrays_of_numbers_come_back(numbers):
    assert parse_structure(str(np.array(numbers))) == list(map(str, numbers))
    assert parse_structure(str(np.array(numbers, dtype=float))) == list(map(str, numbers))


@given(st.text(max_size=30))
def test_any_text_is_a_structure_or_none(text):
    found = parse_structure(text)
    assert found is None or isinstance(found, list | dict)
