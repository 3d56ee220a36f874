"""The built-in templates: found, chosen for the columns and labels of a dataset, and filled into a template file.

A built-in is made in two stages. Its own file, in the top-level `templates/`, uses `[% %]` and `[[ ]]`; filling these
with the real column names gives the Jinja2 template of one dataset, which the user sees and may edit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

import jinja2

from judgekit.errors import TemplateError
from judgekit.prompts.sides import Sides, find_sides
from judgekit.prompts.template import field_reference, string_literal

_STAGE_ONE = jinja2.Environment(
    undefined=jinja2.StrictUndefined,
    block_start_string="[%",
    block_end_string="%]",
    variable_start_string="[[",
    variable_end_string="]]",
    comment_start_string="[#",
    comment_end_string="#]",
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


class _Field(NamedTuple):
    """One column as a built-in sees it: how to read it and what to call it."""

    value: str
    title: str


def builtin_names() -> list[str]:
    """The names of the built-in templates, sorted."""
    return sorted(entry.name.removesuffix(".j2") for entry in _folder().iterdir() if entry.name.endswith(".j2"))


def choose_template(fields: Sequence[str], labels: Sequence[str], scale: str) -> str:
    """The name of the built-in template that suits a dataset.

    Args:
        fields: the text columns, in order, at least one.
        labels: the ordered label set.
        scale: "ordinal" when the labels have an order, else "nominal".

    Returns:
        "pairwise" when two columns are sides that labels name, else "rating" for an ordinal scale, else "single",
        "pair" or "fields" by the number of columns.
    """
    if find_sides(fields, labels):
        return "pairwise"
    if scale == "ordinal":
        return "rating"
    return {1: "single", 2: "pair"}.get(len(fields), "fields")


def build_template(name: str, fields: Sequence[str], labels: Sequence[str], scale: str) -> str:
    """The text of a built-in template filled with the columns of a dataset, for the user to edit.

    Args:
        name: one of `builtin_names()`.
        fields: the text columns, in order, at least one.
        labels: the ordered label set; for "rating" from the lowest to the highest.
        scale: "ordinal" or "nominal".

    Returns:
        the source of a `PromptTemplate`.

    Raises:
        TemplateError: there is no such template, or it does not suit the number or names of the columns.
        ValueError: `fields` is empty.
    """
    if not fields:
        raise ValueError("a template needs at least one field")
    if name not in builtin_names():
        raise TemplateError(
            f"There is no built-in template {name!r}.", hint=f"There are: {', '.join(builtin_names())}."
        )
    expected = {"single": 1, "pair": 2}.get(name, len(fields))
    if len(fields) != expected:
        raise TemplateError(
            f"The template {name!r} takes {expected} text column{'s' if expected > 1 else ''}; "
            f"there are {len(fields)}: {', '.join(fields)}.",
            hint=f"Use the template {choose_template(fields, labels, scale)!r}.",
        )
    variables: dict[str, object] = {"fields": [_as_field(field) for field in fields], "is_ordinal": scale == "ordinal"}
    if name == "pairwise":
        variables.update(_pairwise_variables(fields, labels))
    source = (_folder() / f"{name}.j2").read_text(encoding="utf-8")
    return _STAGE_ONE.from_string(source).render(variables)


def read_builtin(name: str) -> str:
    """The text of a file that comes with the templates."""
    return (_folder() / name).read_text(encoding="utf-8")


def _folder() -> Traversable:
    """The templates inside the wheel, else those beside the package in a source tree or an editable install."""
    packaged = files("judgekit") / "templates"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[2] / "templates"


def _pairwise_variables(fields: Sequence[str], labels: Sequence[str]) -> dict[str, object]:
    sides = find_sides(fields, labels)
    if sides is None:
        if len(fields) < 2:
            raise TemplateError(f"A pairwise comparison needs two text columns; there is one: {fields[0]}.")
        # Asked for by name although nothing was recognised: the last two columns are compared.
        sides = Sides(fields[-2], fields[-1], (), (), tuple(labels))
    contexts = [field for field in fields if field not in (sides.first, sides.second)]
    return {
        "contexts": [_as_field(field) for field in contexts],
        "first": _as_field(sides.first),
        "second": _as_field(sides.second),
        "first_labels": _as_list(sides.first_labels),
        "second_labels": _as_list(sides.second_labels),
    }


def _as_field(column: str) -> _Field:
    words = re.sub(r"[_\s]+", " ", column).strip()
    words = re.sub(r"(?<=[^\W\d])(?=\d+$)", " ", words)
    words = re.sub(r" [a-z]$", lambda match: match.group().upper(), words)
    return _Field(field_reference(column), _as_text(words[:1].upper() + words[1:] or "Text"))


def _as_list(labels: Sequence[str]) -> str:
    return " or ".join(_as_text(label) for label in labels)


def _as_text(words: str) -> str:
    """Words from a table as fixed text of a template; what Jinja could read as its own becomes a string literal."""
    return f"{{{{ {string_literal(words)} }}}}" if re.search(r"[{}\r\n]", words) else words
