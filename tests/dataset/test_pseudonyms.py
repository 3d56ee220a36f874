"""Pseudonyms: stable under one key, unknowable without it, and no raw name left in a sentence."""

from __future__ import annotations

import re

import polars as pl
import pytest

from judgekit.dataset import pseudonyms
from judgekit.dataset.pseudonyms import pseudonymise, redact

KEY = bytes(range(32))
NAMES = {"ann@example.org": "a-one", "ann": "a-two", "CORP\\bo": "a-three", "7": "a-four", "B": "a-five"}


def test_one_name_has_one_pseudonym_per_key_and_null_has_none() -> None:
    names = pl.Series("annotator", ["ann@example.org", None, "Bo", "ann@example.org", "bo"])
    hidden = pseudonymise(names, KEY)
    assert hidden.name == "annotator"
    assert hidden.is_null().to_list() == names.is_null().to_list()
    assert hidden[0] == hidden[3] and hidden.n_unique() == 4
    assert all(re.fullmatch("a-[a-z2-7]{8}", name) for name in hidden.drop_nulls())
    assert pseudonymise(names[2:3], KEY).to_list() == [hidden[2]]
    assert not set(pseudonymise(names, bytes(32)).drop_nulls()) & set(hidden.drop_nulls())
    # A new value here means that a further round of annotations no longer meets the people of the first.
    assert hidden[0] == "a-pzku6j7a"


def test_names_that_would_share_a_pseudonym_get_longer_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pseudonyms, "_SHORT", 1)
    names = pl.Series([f"p{number}" for number in range(40)])
    hidden = pseudonymise(names, KEY)
    assert hidden.n_unique() == 40
    assert pseudonymise(names.reverse(), KEY).reverse().equals(hidden)
    assert {len(name) for name in hidden} == {3, 18}


def test_without_a_key_there_are_no_pseudonyms() -> None:
    with pytest.raises(ValueError, match="key"):
        pseudonymise(pl.Series(["ann"]), b"")


def test_a_column_without_names_stays_as_it_is() -> None:
    assert pseudonymise(pl.Series([None, None], dtype=pl.String), KEY).to_list() == [None, None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'ann@example.org' and 'ann' are annotators", "'a-one' and 'a-two' are annotators"),
        ("one column per person: ann@example.org, ann", "one column per person: a-one, a-two"),
        (f"{'CORP' + chr(92) + 'bo'!r} or CORP\\bo", "'a-three' or a-three"),
        ("7 labels by '7'; B+ by 'B'", "7 labels by 'a-four'; B+ by 'a-five'"),
        ("Joanna's annotations", "Joanna's annotations"),
        ("nobody", "nobody"),
    ],
)
def test_a_sentence_keeps_no_name(text: str, expected: str) -> None:
    assert redact(text, NAMES) == expected
    assert redact(text, {}) == text
