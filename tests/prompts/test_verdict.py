"""A verdict is read where a judgment clearly names one label, and nowhere else."""

from __future__ import annotations

import pytest

from judgekit.prompts.verdict import read_verdict, up_to_verdict, verdict_form

FORM = verdict_form(("bad", "good"), length=64)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("It is clean. <verdict>good</verdict>", 1),
        ("<verdict> BAD\n</verdict> so it is.", 0),
        ("good", None),
        ("<verdict>fair</verdict>", None),
        ("<verdict>good</verdict> or <verdict>bad</verdict>", None),
        ("<verdict> <verdict>good</verdict>", None),
        ("<verdict>good", None),
        ("<verdict>good bad</verdict>", None),
        ("", None),
    ],
)
def test_a_judgment_names_one_label_or_none(text: str, place: int | None) -> None:
    assert read_verdict(FORM, text) == place


def test_labels_that_differ_in_case_alone_are_told_apart_by_their_numbers() -> None:
    form = verdict_form(("A", "a"), length=64)
    assert form.names == ("1", "2")
    assert "1 = A, 2 = a" in form.instruction
    assert read_verdict(form, "<verdict>2</verdict>") == 1


def test_what_follows_a_verdict_is_cut_off() -> None:
    assert up_to_verdict(" Clean. <verdict>good</verdict> And so on") == "Clean. <verdict>good</verdict>"
    assert up_to_verdict("no end") == "no end"


def test_a_long_text_is_no_verdict() -> None:
    assert read_verdict(FORM, "x" * 200_000 + "<verdict>good</verdict>") is None
