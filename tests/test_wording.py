"""Numbers agree with their nouns, and lists end in `and`."""

from __future__ import annotations

import pytest

from judgekit.wording import counted, listed


@pytest.mark.parametrize(
    ("number", "words", "text"),
    [
        (0, ("item",), "0 items"),
        (1, ("item",), "1 item"),
        (12345, ("item",), "12,345 items"),
        (1, ("row is", "rows are"), "1 row is"),
        (2, ("row is", "rows are"), "2 rows are"),
    ],
)
def test_a_noun_is_plural_where_there_is_not_one(number: int, words: tuple[str, ...], text: str) -> None:
    assert counted(number, *words) == text


@pytest.mark.parametrize(
    ("words", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_the_last_word_of_a_list_comes_after_and(words: list[str], text: str) -> None:
    assert listed(words) == text
