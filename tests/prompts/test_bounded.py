"""A template, whoever wrote it, is rendered soon or refused: it neither hangs nor fills the memory nor crashes."""

from __future__ import annotations

import time

import pytest

from judgekit.errors import TemplateError
from judgekit.prompts.template import PromptTemplate

GROWS = "{%% set ns = namespace(x='ab') %%}{%% for i in range(60) %%}%s{%% endfor %%}{{ ns.x }}"
ENDLESS = [
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% for a in range(10**9) %}{% endfor %}",
    "{{ range(10**9) | list }}",
    "{{ 'x' * 10**10 }}",
    "{{ 10**10**10 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%*d' | format(10**9, 1) }}",
    "{{ '{:>1000000000}'.format(1) }}",
    "{{ '{:>{}}'.format(1, 10**9) }}",
    "{{ 'x' | center(10**9) }}",
    "{{ 'x'.ljust(10**9) }}",
    "{{ text | wordwrap(1, wrapstring='x' * 90000) }}",
    "{{ dict(a=1) | tojson(indent=10**9) }}",
    "{{ (range(99999) | map('string') | join) * 999 }}",
    GROWS % "{% set ns.x = ns.x ~ ns.x %}",
    GROWS % "{% set ns.x = ns.x + ns.x %}",
    GROWS % "{% set ns.x = [ns.x, ns.x] %}",
    GROWS % "{% set ns.x = ns.x | replace('b', 'bb') %}",
    GROWS % "{% set ns.x %}{{ ns.x }}{{ ns.x }}{% endset %}",
    "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}",
    "{% for a in [1] recursive %}{{ loop([1, 1]) }}{% endfor %}",
    "{{ lipsum(n=100000) }}",
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{% for i in [1] %}" * 30 + "{% endfor %}" * 30,
    "{# #}" * 100_000,
]
MISTAKEN = ["{{ text + 1 }}", "{{ 1 / 0 }}", "{{ 1 | batch(3) | list }}", "{{ ''.__class__ }}", "{{ '%d' % 'x' }}"]


def prompt(text: str, **fields: str) -> str:
    source = (
        f"{{% block prompt %}}{text}{{{{ text }}}}{{% endblock %}}{{% block encoder %}}{{{{ text }}}}{{% endblock %}}"
    )
    return PromptTemplate(source).render({"text": "a soup", **fields}, ["bad", "good"])


@pytest.mark.parametrize("text", ENDLESS, ids=range(len(ENDLESS)))
def test_what_would_not_end_is_refused_at_once(text: str) -> None:
    began = time.perf_counter()
    with pytest.raises(TemplateError, match="template line 1"):
        prompt(text)
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize("text", MISTAKEN)
def test_a_mistake_of_the_template_is_no_traceback(text: str) -> None:
    with pytest.raises(TemplateError, match="template line 1"):
        prompt(text)


def test_what_templates_do_is_unchanged() -> None:
    assert prompt("{{ labels | map('upper') | join(', ') }}{{ ' ' ~ more }}", more="x") == "BAD, GOOD xa soup"
    steps = "{% for one in labels if one %}{{ loop.index }}/{{ loop.length }} {{ one }}{{ ',' if not loop.last }}"
    assert prompt(steps + "{% else %}none{% endfor %}: ") == "1/2 bad,2/2 good: a soup"
    assert (
        prompt("{% macro m(n) %}{{ n * 2 }}{% endmacro %}{{ m(3) }} {{ '%s!' | format(text) }} ") == "6 a soup! a soup"
    )
    assert prompt("{{ other | replace('x', '') | trim }}.", other="x" * 100_000).startswith(".")
    assert (
        len(prompt("{% for word in other.split() %}{{ word | lower }} {% endfor %}", other="Long " * 20_000)) > 99_000
    )
