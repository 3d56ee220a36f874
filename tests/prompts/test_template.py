from __future__ import annotations

import pytest

from judgekit.errors import TemplateError
from judgekit.prompts.template import PromptTemplate, field_reference

LABELS = ("yes", "no")
ENCODER = "{% block encoder %}{{ text }}{% endblock %}"


def template(prompt: str, encoder: str = "{{ text }}") -> PromptTemplate:
    return PromptTemplate(
        f"{{% block prompt %}}\n{prompt}\n{{% endblock %}}\n{{% block encoder %}}{encoder}{{% endblock %}}\n", name="t"
    )


def test_prompt_ends_where_the_label_follows():
    made = template("One of {{ labels | join(', ') }}.\n\nText: {{ text }}\nLabel: \n\n")
    assert made.render({"text": "Hi"}, LABELS) == "One of yes, no.\n\nText: Hi\nLabel:"


def test_text_of_the_user_is_never_read_as_a_template():
    hostile = "{{ labels }} {% endblock %} {# x #} {{ 7 * 7 }}"
    made = template("{{ text }} end")
    assert made.render({"text": hostile}, LABELS) == f"{hostile} end"
    assert made.segments({"text": hostile}, LABELS) == (hostile, None)


def test_fields_come_in_order_of_first_use_from_both_blocks_and_both_forms():
    made = template('{{ b }}\n{{ item["A column"] }}', '{{ a }}{{ sep }}{{ item["A column"] }}')
    assert made.fields == ("b", "A column", "a")


def test_loop_variables_and_jinja_functions_are_no_fields():
    made = template("{% for label in labels %}{{ loop.index }} {{ label }} {% endfor %}{{ range(2) | list }}{{ text }}")
    assert made.fields == ("text",)


@pytest.mark.parametrize(
    "column", ["range", "labels", "item", "sep", "codes", "if", "a b", 'q"uo\\te', "}}", "%}", "[[x", "é\n"]
)
def test_every_column_name_can_be_read(column):
    made = template(f"{{{{ {field_reference(column)} }}}}.", f"{{{{ {field_reference(column)} }}}}")
    assert made.fields == (column,)
    assert made.render({column: "value"}, LABELS) == "value."


def test_a_column_named_like_a_function_does_not_hide_the_function():
    made = template('{{ range(3) | list }} {{ item["range"] }}')
    assert made.render({"range": "far", "text": ""}, LABELS) == "[0, 1, 2] far"


def test_codes_are_a_list_that_is_empty_where_labels_have_none():
    made = template(
        "{% if codes %}{{ codes[:-1] | join(', ') }} or {{ codes[-1] }}{% else %}none{% endif %} {{ text }}"
    )
    assert made.fields == ("text",)
    assert made.render({"text": "x"}, LABELS, ("A", "B")) == "A or B x"
    assert made.render({"text": "x"}, LABELS) == "none x"


@pytest.mark.parametrize("written", ["{{ codes }}", "{{ codes | trim }}", "{% if codes %}{{ codes }}{% endif %}"])
def test_an_old_template_that_prints_its_column_codes_still_reads_the_column(written):
    made = template(f"{written}.", written)
    assert made.fields == ("codes",)
    assert made.render({"codes": "Morse"}, LABELS, ("A", "B")) == "Morse."
    assert made.segments({"codes": "Morse"}, LABELS) == ("Morse", None)


def test_a_column_named_codes_beside_the_codes():
    made = template('{{ codes | join("") }} {{ item["codes"] }}')
    assert made.render({"codes": "Morse", "text": ""}, LABELS, ("A", "B")) == "AB Morse"


def test_missing_columns_are_all_named_with_line_and_nearest_column():
    made = template("{{ premis }}\n\n{{ item['Hypo'] }} {{ text }}")
    with pytest.raises(TemplateError) as caught:
        made.check(["premise", "text"])
    assert caught.value.problems == (
        "line 2: 'premis' is not a column; did you mean premise?",
        "line 4: 'Hypo' is not a column",
    )
    assert "premise, text" in caught.value.hint


def test_check_accepts_more_columns_than_the_template_reads():
    template("{{ text }}").check(["other", "text"])


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{% block prompt %}\n{{ text }\n{% endblock %}", "t line 2"),
        ("{% block prompt %}{{ text | nofilter }}{% endblock %}" + ENCODER, "line 1: No filter named 'nofilter'"),
        ("{% block prompt %}{{ text }}{% endblock %}", "the block encoder is missing"),
        ("just text", "outside the two blocks"),
        ("\n{{ text }}\n{% block prompt %}{% endblock %}" + ENCODER, "line 1: this stands outside"),
        (ENCODER + "\n{% block prompts %}{% endblock %}", "line 2: unknown block 'prompts'"),
        ("{% block prompt %}\n{{ item.text }}{% endblock %}" + ENCODER, "line 2: item can only be read as"),
        ("{% block prompt %}{{ item[labels[0]] }}{% endblock %}" + ENCODER, "item can only be read as"),
        ("{% block prompt %}{{ text }}{{ sep }}{% endblock %}" + ENCODER, "sep has a meaning in the encoder block"),
        ("{% block prompt %}{% include 'x' %}{% endblock %}" + ENCODER, "complete in itself"),
        ("{% block prompt %}a{% endblock %}{% block encoder %}b{% endblock %}", "neither block reads a column"),
    ],
)
def test_a_wrong_template_is_refused_with_its_place(source, words):
    with pytest.raises(TemplateError) as caught:
        PromptTemplate(source, name="t")
    assert words in str(caught.value)


def test_failure_while_rendering_names_the_line():
    made = template("first\n{{ labels[9] }}{{ text }}")
    with pytest.raises(TemplateError, match="t line 3: "):
        made.render({"text": ""}, LABELS)


def test_sandbox_refuses_the_inside_of_python():
    made = template("{{ text.__class__.__mro__ }}")
    with pytest.raises(TemplateError, match="unsafe"):
        made.render({"text": ""}, LABELS)


def test_segments_split_at_the_first_sep_and_join_the_later_ones():
    made = template("{{ text }}", "{{ a }}{{ sep }} {{ b }} {{ sep }}{{ c }}")
    fields = {"text": "", "a": " A ", "b": "B", "c": "C"}
    assert made.segments(fields, LABELS) == ("A", "B C")
    assert made.segments(fields, LABELS, separator=" [SEP] ") == ("A", "B [SEP] C")


def test_empty_second_segment_is_not_a_missing_one():
    made = template("{{ text }}", "{{ text }}{{ sep }}{{ b }}")
    assert made.segments({"text": "A", "b": ""}, LABELS) == ("A", "")


def test_a_text_cannot_forge_a_segment_border():
    made = template("{{ text }}", "{{ text }}{{ sep }}b")
    assert made.segments({"text": "x\ufdd0y"}, LABELS) == ("x\ufffdy", "b")


def test_many_are_rendered_in_order():
    made = template("{{ text }}", "{{ text }}{{ sep }}b")
    items = [{"text": str(number)} for number in range(5)]
    assert made.render_many(items, LABELS) == ["0", "1", "2", "3", "4"]
    assert made.segments_many(items, LABELS)[3] == ("3", "b")


def test_file_is_read_as_utf_8_with_or_without_a_mark(tmp_path):
    path = tmp_path / "t.j2"
    path.write_bytes(b"\xef\xbb\xbf" + template("é {{ text }}").source.encode())
    assert PromptTemplate.from_file(path).render({"text": "x"}, LABELS) == "é x"
    path.write_bytes(b"\xff" + ENCODER.encode())
    with pytest.raises(TemplateError, match="not UTF-8 at byte 0"):
        PromptTemplate.from_file(path)
    with pytest.raises(TemplateError, match="no such template file"):
        PromptTemplate.from_file(tmp_path / "absent.j2")
