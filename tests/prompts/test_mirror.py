"""Which comparisons can be shown the other way round, and what changes places then."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.errors import LabelError
from judgekit.prompts.library import choose_template
from judgekit.prompts.mirror import find_mirror, require_mirror

SIDES = ["question", "answer_a", "answer_b"]
GRADED = ["A much better", "A better", "tie", "B better", "B much better"]


@pytest.mark.parametrize(
    ("fields", "labels", "expected"),
    [
        (SIDES, ["A", "B", "tie"], (1, 0, 2)),
        (SIDES, ["model_a", "model_b", "both bad"], (1, 0, 2)),
        (["instruction", "input", "response1", "response2"], ["response1", "response2", "tie"], (1, 0, 2)),
        (["output_1", "output_2"], ["tie", "1", "2"], (0, 2, 1)),
        (["left_answer", "right_answer"], ["left", "right", "neither left nor right"], (1, 0, 2)),
        (SIDES, GRADED, (4, 3, 2, 1, 0)),
        (SIDES, ["A++", "A+", "same", "B+", "B++"], (4, 3, 2, 1, 0)),
        (SIDES, ["A>>B", "A>B", "A=B", "B>A", "B>>A"], (4, 3, 2, 1, 0)),
        (SIDES, ["A<B", "A ~ B", "A>B"], (2, 1, 0)),
    ],
)
def test_labels_of_one_side_become_those_of_the_other(fields, labels, expected):
    mirror = find_mirror(fields, labels)
    assert mirror is not None
    assert mirror.labels == expected


def test_all_fields_that_differ_by_the_side_words_change_places_and_no_other():
    fields = ["rationale_b", "answer_b", "question", "answer_a", "rationale_a", "turn_1", "turn_2"]
    mirror = find_mirror(fields, ["A", "B", "tie"])
    assert mirror is not None
    shown = mirror.item({field: f"<{field}>" for field in fields})
    assert shown == {
        "rationale_b": "<rationale_a>", "answer_b": "<answer_a>", "question": "<question>", "answer_a": "<answer_b>",
        "rationale_a": "<rationale_b>", "turn_1": "<turn_1>", "turn_2": "<turn_2>",
    }  # fmt: skip


def test_a_label_counts_for_one_side_against_it_or_half():
    mirror = find_mirror(SIDES, ["A>>B", "A>B", "A=B", "A<B", "A<<B"])
    assert mirror is not None
    assert mirror.favour == (1, 1, 0.5, 0, 0)


@pytest.mark.parametrize(
    ("fields", "labels", "reason"),
    [
        (["premise", "hypothesis"], ["entailment", "contradiction"], "are sides that the labels"),
        (["answer_a", "answer_b"], ["same", "different"], "are sides that the labels"),
        (SIDES, ["A much better", "A better", "B better", "tie"], "'A much better' has no counterpart"),
        (SIDES, ["A", "a", "B", "tie"], "'A' and 'a' say the same"),
        (SIDES, ["A", "B", "A or B"], "'A or B' has no counterpart"),
        ([*SIDES, "Answer B"], ["A", "B"], "'answer_a' has several counterparts: answer_b, Answer B"),
    ],
)
def test_what_has_no_clear_mirror_is_refused_with_the_reason(fields, labels, reason):
    assert find_mirror(fields, labels) is None
    with pytest.raises(LabelError, match=reason) as caught:
        require_mirror(fields, labels, option="--swap")
    assert "Omit --swap" in str(caught.value)


def test_orderings_in_signs_are_a_comparison_for_the_template_too():
    assert choose_template(SIDES, ["A>>B", "A>B", "A=B", "B>A", "B>>A"], "ordinal") == "pairwise"
    assert choose_template(["x", "y"], ["p>q", "q>p"], "nominal") == "pair"


@given(st.permutations(GRADED), st.permutations([*SIDES, "rationale_a", "rationale_b"]), st.data())
def test_mirroring_twice_changes_nothing(labels, fields, data):
    mirror = find_mirror(fields, labels)
    assert mirror is not None
    texts = {field: data.draw(st.text(max_size=3)) for field in fields}
    assert mirror.item(mirror.item(texts)) == texts
    assert [mirror.labels[k] for k in mirror.labels] == list(range(len(labels)))
    assert [mirror.favour[k] for k in mirror.labels] == [1 - value for value in mirror.favour]
