from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from judgekit.prompts.shorten import MARK, allot_tokens, cut_middle, shorten_fields

lengths = st.lists(st.integers(0, 300), max_size=8)


def word_offsets(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\S+", text)]


def test_long_texts_are_cut_to_one_level_and_short_ones_kept():
    assert allot_tokens([10, 500, 300], 210) == [10, 100, 100]
    assert allot_tokens([10, 500, 300, 90], 210) == [10, 67, 67, 66]
    assert allot_tokens([5, 5], 100) == [5, 5]
    assert allot_tokens([5, 5], 0) == [0, 0]
    assert allot_tokens([], 3) == []


@given(lengths, st.integers(-5, 2500))
def test_allotted_tokens_use_the_budget_and_never_exceed_it(texts, budget):
    allotted = allot_tokens(texts, budget)
    assert sum(allotted) == min(sum(texts), max(budget, 0))
    assert all(0 <= got <= length for got, length in zip(allotted, texts, strict=True))
    cut = [got for got, length in zip(allotted, texts, strict=True) if got < length]
    if cut:
        # What is left over may be just what an equally long text lacked: [39, 49, 49] with 136 is [39, 49, 48].
        assert all(got <= min(cut) + 1 for got in allotted)


@given(lengths, st.integers(0, 2500))
def test_more_budget_never_takes_tokens_away(texts, budget):
    less, more = allot_tokens(texts, budget), allot_tokens(texts, budget + 1)
    assert all(one <= other for one, other in zip(less, more, strict=True))


def test_both_ends_stay_and_the_mark_stands_between():
    text = "one two three four five six"
    assert cut_middle(text, word_offsets(text), 3) == "one two … six"
    assert cut_middle(text, word_offsets(text), 1) == "one …"
    assert cut_middle(text, word_offsets(text), 0) == ""
    assert cut_middle(text, word_offsets(text), 6) is text


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=30), st.integers(0, 35))
def test_exactly_the_kept_tokens_remain(words, keep):
    text = "  ".join(words)
    shortened = cut_middle(text, word_offsets(text), keep)
    kept = [word for word in shortened.split() if word != MARK.strip()]
    assert len(kept) == min(keep, len(words))
    if keep < len(words):
        assert kept == words[: keep - keep // 2] + words[len(words) - keep // 2 :]


def test_a_character_of_several_tokens_is_not_doubled():
    # Byte-level tokens: the emoji is four tokens with the same offsets.
    offsets = [(0, 1), (1, 2), (1, 2), (1, 2), (1, 2), (2, 3)]
    assert cut_middle("a😀b", offsets, 5) == "a😀 … b"


def test_only_the_long_field_is_shortened():
    fields = {"question": "why so", "answer": "w " * 50, "untouched": "z " * 99}
    offsets = {name: word_offsets(fields[name]) for name in ("question", "answer")}
    shortened = shorten_fields(fields, offsets, 12, mark_tokens=2)
    assert shortened.is_truncated
    assert shortened.fields["question"] == "why so"
    assert shortened.fields["untouched"] == fields["untouched"]
    assert shortened.fields["answer"].split() == ["w"] * 4 + ["…"] + ["w"] * 4
    assert list(shortened.fields) == list(fields)


def test_fitting_fields_are_not_marked_as_truncated():
    assert shorten_fields({"a": "x y"}, {"a": [(0, 1), (2, 3)]}, 2) == ({"a": "x y"}, False)
