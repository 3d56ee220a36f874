"""What a teacher wrote is counted as a training sorts it; what is asked is the same whatever is asked beside it."""

from __future__ import annotations

import numpy as np
import polars as pl

from judgekit.dataset.items import ItemTable
from judgekit.prompts.mirror import find_mirror
from judgekit.prompts.template import PromptTemplate
from judgekit.prompts.verdict import verdict_form
from judgekit.synthesis.questions import questions_of
from judgekit.synthesis.store import Sample
from judgekit.synthesis.tally import tally

LABELS = ("A", "B", "tie")
FORM = verdict_form(LABELS, length=64)
MIRROR = find_mirror(("answer_a", "answer_b"), LABELS)
TEMPLATE = PromptTemplate(
    "{% block prompt %}{{ answer_a }}|{{ answer_b }}{% endblock %}{% block encoder %}{{ answer_a }}{% endblock %}",
    name="t",
)


def items(*counts: list[int], sides: list[tuple[str, str]] | None = None) -> ItemTable:
    texts = sides or [("x", "y")] * len(counts)
    ids = pl.Series([f"i{n}" for n in range(len(counts))])
    frame = pl.DataFrame({"answer_a": [one for one, _ in texts], "answer_b": [two for _, two in texts]})
    return ItemTable(ids, frame, LABELS, np.array(counts), ids)


def sample(item: str, order: int, said: str, number: int = 0) -> Sample:
    return Sample(item, order, number, "", f"So: <verdict>{said}</verdict>", None, None)


def test_both_orders_must_agree_each_in_its_own_labels() -> None:
    table = items([3, 1, 0], [3, 1, 0])
    found = tally(table, [sample("i0", 0, "A"), sample("i0", 1, "B"), sample("i1", 0, "A"), sample("i1", 1, "A")],
                  FORM, MIRROR)  # fmt: skip
    assert found.items == {"kept": 1, "for preferences": 1, "without a majority": 0, "unasked": 0}
    assert found.judgments == {"agree": 3, "disagree": 1, "no verdict": 0}


def test_orders_of_different_samples_do_not_make_up_for_each_other() -> None:
    asked = [sample("i0", 0, "A"), sample("i0", 1, "A"), sample("i0", 0, "B", 1), sample("i0", 1, "B", 1)]
    assert tally(items([3, 1, 0]), asked, FORM, MIRROR).items["for preferences"] == 1


def test_an_item_without_a_majority_or_half_asked_is_in_no_set() -> None:
    found = tally(items([2, 2, 0], [3, 0, 0], [3, 0, 0]), [sample("i0", 0, "A"), sample("i1", 0, "B")], FORM, MIRROR)
    assert found.items == {"kept": 0, "for preferences": 0, "without a majority": 1, "unasked": 2}


def test_items_that_are_no_comparison_are_judged_once() -> None:
    found = tally(items([0, 0, 2], [0, 3, 0]), [sample("i0", 0, "tie"), sample("i1", 0, "none")], FORM, None)
    assert found.items == {"kept": 1, "for preferences": 1, "without a majority": 0, "unasked": 0}
    assert found.judgments == {"agree": 1, "disagree": 0, "no verdict": 1}


def test_a_question_stays_the_same_whatever_is_asked_beside_it() -> None:
    def ask(table: ItemTable, samples: int) -> list[object]:
        return list(questions_of(table, TEMPLATE, FORM, MIRROR, samples=samples, languages=("en", "de"), seed=1))

    few, many = ask(items([3, 0, 0]), 2), ask(items([3, 0, 0], [0, 3, 0]), 5)
    assert len(few) == 4 and len(many) == 20
    assert set(few) < set(many)


def test_orders_are_asked_in_the_same_words_and_samples_in_others() -> None:
    table = items([3, 0, 0], sides=[("left", "right")])
    asked = questions_of(table, TEMPLATE, FORM, MIRROR, samples=6, languages=("en", "fr"), seed=0)
    given, other = ([one.prompt for one in asked if one.order == order] for order in (0, 1))
    assert [one.replace("left|right", "right|left") for one in given] == other
    assert len(set(given)) > 3
    assert all("A, B, tie" in one and "<verdict>" in one for one in given)
