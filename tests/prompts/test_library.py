from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgekit.errors import TemplateError
from judgekit.prompts.library import build_template, builtin_names, choose_template
from judgekit.prompts.template import PromptTemplate

NLI = ["entailment", "neutral", "contradiction"]
LIKERT = ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(
    ("fields", "labels", "scale", "name"),
    [
        (["text"], ["hateful", "non-hateful"], "nominal", "single"),
        (["premise", "hypothesis"], NLI, "nominal", "pair"),
        (["sentence1", "sentence2"], NLI, "nominal", "pair"),
        (["sentence1", "sentence2"], ["0", "1", "2"], "nominal", "pair"),
        (["text"], LIKERT, "ordinal", "rating"),
        (["article", "summary"], LIKERT, "ordinal", "rating"),
        (["response1", "response2"], LIKERT, "ordinal", "rating"),
        (["answer_a", "answer_b"], ["same", "different"], "nominal", "pair"),
        (["context", "question", "reply"], ["good", "bad"], "nominal", "fields"),
        (["question", "answer_a", "answer_b"], ["A", "B", "tie"], "nominal", "pairwise"),
        (["instruction", "input", "response1", "response2"], ["response1", "response2", "tie"], "nominal", "pairwise"),
        (["output_1", "output_2"], ["1", "2", "tie"], "nominal", "pairwise"),
        (["prompt", "completionA", "completionB"], ["A", "B"], "nominal", "pairwise"),
        (["left_answer", "right_answer"], ["left", "right", "both bad"], "nominal", "pairwise"),
        (["model_a_text", "model_b_text"], ["model_a", "model_b", "tie", "both bad"], "nominal", "pairwise"),
        (["A", "B"], ["A much better", "A better", "equal", "B better", "B much better"], "ordinal", "pairwise"),
    ],
)
def test_template_is_chosen_by_columns_labels_and_scale(fields, labels, scale, name):
    assert choose_template(fields, labels, scale) == name


def render(name: str, fields: list[str], labels: list[str], scale: str = "nominal"):
    template = PromptTemplate(build_template(name, fields, labels, scale), name=name)
    values = {field: f"<{field}>" for field in fields}
    return template, template.render(values, labels), template.segments(values, labels, separator=" | ")


@pytest.mark.parametrize("name", ["single", "pair", "pairwise", "rating", "fields"])
def test_every_builtin_names_all_labels_and_asks_for_one_alone(name):
    assert name in builtin_names()
    fields = {"single": ["text"], "pair": ["one", "two"]}.get(name, ["q", "answer_a", "answer_b"])
    template, prompt, _ = render(name, fields, ["A", "B", "tie"])
    assert set(template.fields) == set(fields)
    assert all(f"<{field}>" in prompt for field in fields)
    assert "A, B, tie" in prompt and "alone: no reasons" in prompt
    assert prompt.splitlines()[-1] in ("Label:", "Rating:")
    coded = template.render(dict.fromkeys(fields, ""), ["1 (A)", "2 (B)", "3 (tie)"], ["1", "2", "3"])
    assert "1 (A), 2 (B), 3 (tie)" in coded and "Answer with its code alone (1, 2 or 3): no reasons" in coded
    assert "alone: no reasons" not in coded and coded.count("\n") == prompt.count("\n")


def test_single_is_one_segment():
    assert render("single", ["text"], ["x", "y"])[2] == ("<text>", None)


def test_pair_is_two_segments():
    assert render("pair", ["premise", "hypothesis"], NLI)[2] == ("<premise>", "<hypothesis>")


def test_pairwise_puts_context_before_both_sides():
    template, prompt, segments = render(
        "pairwise", ["response2", "input", "response1", "task"], ["response1", "response2"]
    )
    assert segments == ("<input> <task>", "<response1> | <response2>")
    assert "In favour of Response 1: response1. In favour of Response 2: response2." in prompt
    assert prompt.index("<task>") < prompt.index("<response1>") < prompt.index("<response2>")
    assert set(template.fields) == {"response2", "input", "response1", "task"}


def test_pairwise_without_context_has_one_side_per_segment():
    assert render("pairwise", ["answer_a", "answer_b"], ["A", "B"])[2] == ("<answer_a>", "<answer_b>")


def test_pairwise_can_be_asked_for_where_nothing_was_recognised():
    _, prompt, segments = render("pairwise", ["q", "old", "new"], ["yes", "no"])
    assert segments == ("<q>", "<old> | <new>")
    assert "In favour" not in prompt


def test_rating_parts_the_first_text_from_the_others():
    assert render("rating", ["text"], LIKERT, "ordinal")[2] == ("<text>", None)
    _, prompt, segments = render("rating", ["article", "summary"], LIKERT, "ordinal")
    assert segments == ("<article>", "<summary>")
    assert "from the lowest to the highest step: 1, 2, 3, 4, 5" in prompt
    assert render("fields", ["a", "b", "c"], ["x", "y"])[2] == ("<a>", "<b> | <c>")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12), min_size=3, max_size=4, unique=True
    ),
    st.text(st.sampled_from("ab {}%#[]\"'\\\n"), min_size=1, max_size=12),
)
def test_any_column_and_label_gives_a_template_that_reads_them(fields, label):
    labels = [f"{label} A", f"{label} B"]
    for name in ("fields", "rating", "pairwise"):
        template = PromptTemplate(build_template(name, fields, labels, "nominal"))
        assert set(template.fields) == set(fields)
        prompt = template.render({field: f"<value {n}>" for n, field in enumerate(fields)}, labels)
        assert all(f"<value {n}>" in prompt for n in range(len(fields)))


def test_wrong_number_of_columns_is_refused_with_the_right_template():
    with pytest.raises(TemplateError, match="Use the template 'pair'"):
        build_template("single", ["a", "b"], NLI, "nominal")
    with pytest.raises(TemplateError, match="There are: fields, pair"):
        build_template("absent", ["a", "b"], NLI, "nominal")
    with pytest.raises(TemplateError, match="needs two text columns"):
        build_template("pairwise", ["a"], NLI, "nominal")
