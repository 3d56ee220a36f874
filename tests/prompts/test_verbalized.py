"""Answers with a probability for each label: what is written is read back, and what is no distribution is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.prompts.answers import answer_names
from judgekit.prompts.verbalized import read_probabilities, target_text, verbalized_form

LABELS = ("bad", "fair", "good")
FORM = verbalized_form(LABELS)


def answer(*numbers: str, names: tuple[str, ...] = LABELS) -> str:
    return "".join(f"<prob_{name}>{one}</prob_{name}>" for name, one in zip(names, numbers, strict=True))


def test_a_target_is_rounded_so_that_its_numbers_sum_to_1() -> None:
    assert target_text(FORM, np.array([1, 1, 1]) / 3) == answer("0.34", "0.33", "0.33")
    assert target_text(verbalized_form(LABELS, decimals=1), np.array([0.25, 0.25, 0.5])) == answer("0.3", "0.2", "0.5")


@given(st.lists(st.floats(0, 1), min_size=2, max_size=9).filter(lambda one: sum(one) > 0.01), st.integers(1, 4))
def test_a_target_is_read_back_up_to_its_rounding(weights: list[float], decimals: int) -> None:
    q = np.array(weights) / sum(weights)
    form = verbalized_form([f"label {n}" for n in range(len(q))], decimals=decimals)
    found = read_probabilities(form, target_text(form, q))
    assert found is not None
    assert np.abs(np.array(found) - q).max() <= 10**-decimals + 1e-9
    assert sum(found) == pytest.approx(1)


def test_numbers_that_nearly_sum_to_1_are_divided_by_their_sum() -> None:
    found = read_probabilities(FORM, f"Sure:\n{answer(' 0.33 ', '.33', '0.33')}\nThat is all.")
    assert found == pytest.approx((1 / 3, 1 / 3, 1 / 3))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "good",
        answer("0.5", "0.5", ""),
        answer("0.5", "0.5", "0.5"),
        answer("-0.5", "0.5", "1.0"),
        answer("1.2", "0", "0"),
        answer("0", "0", "0"),
        answer("1e0", "0", "0"),
        answer("nan", "0", "1"),
        answer("100%", "0", "0"),
        answer("0.5", "0.5", "0") + "<prob_good>0</prob_good>",
        answer("0.5", "0.5", "0") + "<prob_good>",
        answer("0.5", "0.5", names=LABELS[:2]),
        answer("0.5", "0.5", "0") + "<prob_great>0</prob_great>",
        answer("__import__('os')", "0", "1"),
        "<prob_bad>1</prob_fair><prob_fair>0</prob_bad><prob_good>0</prob_good>",
        "<think>it may be " + answer("0.5", "0.5", "0"),
        answer("0.5", "0.5", "0") + " " * 200_000,
    ],
)
def test_what_is_no_distribution_over_all_labels_is_no_answer(text: str) -> None:
    assert read_probabilities(FORM, text) is None


def test_only_what_stands_behind_the_thoughts_counts() -> None:
    form = verbalized_form(LABELS, rationale=True)
    text = target_text(form, np.array([0.0, 0.25, 0.75]), rationale=f"At first {answer('1', '0', '0')}, but no.")
    assert read_probabilities(form, text) == (0.0, 0.25, 0.75)
    assert "<think>" in form.instruction
    assert "<think>" not in FORM.instruction


def test_labels_that_are_no_plain_words_get_codes_or_numbers() -> None:
    assert answer_names(("yes", "no")) == ("yes", "no")
    assert answer_names(("Yes", "yes")) == ("1", "2")
    assert answer_names(("a > b", "</prob_x>")) == ("1", "2")
    assert answer_names(("a > b", "tie"), ("A", "B")) == ("A", "B")
    form = verbalized_form(("a > b", "both, or none"))
    assert '1 = a > b, 2 = "both, or none"' in form.instruction
    assert "<prob_1>p</prob_1><prob_2>p</prob_2>" in form.instruction


@given(st.text(alphabet="<>/prob_bdfgi0.123 \nthink", max_size=80))
def test_any_text_is_a_distribution_or_none(text: str) -> None:
    found = read_probabilities(FORM, text)
    assert found is None or (min(found) >= 0 and sum(found) == pytest.approx(1))
