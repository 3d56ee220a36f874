"""A prompt template: one Jinja2 file with what a causal LM reads and what an encoder reads.

The file has two blocks and nothing else but comments:

    {% block prompt %}…{% endblock %}    the text before the label, for a causal LM
    {% block encoder %}…{% endblock %}   the text for an encoder; `{{ sep }}` parts its segments

A field is a variable of its column's name where that is a legal name (`{{ premise }}`), and `{{ item["Column name"] }}`
in any case. `labels` is the ordered label set as it is to be shown; `codes` holds the code that stands for each label,
and is empty where they have none. Texts of the user enter as values only, so a text that contains `{{` stays text. This
module must not know tables, tokenizers or models.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import jinja2
from jinja2 import meta, nodes
from jinja2.defaults import DEFAULT_NAMESPACE

from judgekit.errors import TemplateError
from judgekit.prompts.bounded import BoundedEnvironment, budget

BLOCKS = ("prompt", "encoder")
OWN_NAMES = frozenset({"labels", "item", "sep", "codes"})
_JINJA_WORDS = (
    "and or not in is if elif else for recursive true false none True False None "
    "self super loop caller varargs kwargs _"
)
RESERVED = OWN_NAMES | frozenset(DEFAULT_NAMESPACE) | frozenset(_JINJA_WORDS.split())
"""Names that a column may have but a variable may not: such a column is written `item["…"]`."""

# Filters that make a text of a list; any other one that prints `codes` takes a text.
_OF_A_LIST = frozenset({"join", "length", "count", "first", "last", "list"})

# A Unicode noncharacter: reserved for use inside one program, so no honest text contains it.
_SEP = "\ufdd0"

_ENVIRONMENT = BoundedEnvironment()
# What a template's own mistakes raise, such as adding a number to a text.
_MISTAKES = (
    jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError
)  # fmt: skip


def is_variable_name(column: str) -> bool:
    """Whether a template can write this column as a variable, without `item["…"]`."""
    return column.isidentifier() and column not in RESERVED


def field_reference(column: str) -> str:
    """The expression that reads a column in a template: `premise`, or `item["Column name"]`."""
    return column if is_variable_name(column) else f"item[{string_literal(column)}]"


def string_literal(text: str) -> str:
    """The text as a Jinja string literal, quotes included; JSON's escapes are a subset of Jinja's."""
    return json.dumps(text, ensure_ascii=False)


class PromptTemplate:
    """A compiled template; compile once, render often (about 50,000 prompts per second on one core).

    Args:
        source: the text of the template file.
        name: what to call it in messages, usually its path.

    Attributes:
        fields: every column that one of the two blocks reads, in order of first use.

    Raises:
        TemplateError: the syntax is wrong, a block is missing or unknown, something stands outside the blocks, or
            `item` is used other than as `item["Column name"]`; each with its line.
    """

    def __init__(self, source: str, *, name: str = "template") -> None:
        self.source = source
        self.name = name
        try:
            tree, self._compiled, self._weight = _ENVIRONMENT.compiled(source)
        except jinja2.TemplateSyntaxError as error:
            raise TemplateError(f"{name} line {error.lineno}: {str(error.message).rstrip('.')}.") from error
        self._check_structure(tree)
        self._variables, lines = _find_fields(tree, name)
        self._lines = dict(sorted(lines.items(), key=lambda pair: pair[1]))
        self.fields: tuple[str, ...] = tuple(self._lines)
        if not self.fields:
            raise TemplateError(
                f"{name}: neither block reads a column, so every item would look the same.",
                hint='Write {{ column }} or {{ item["Column name"] }} where the text of the item belongs.',
            )
        self._prompt = self._compiled.blocks["prompt"]
        self._encoder = self._compiled.blocks["encoder"]

    @classmethod
    def from_file(cls, path: str | Path) -> PromptTemplate:
        """Read a template from a UTF-8 file.

        Raises:
            TemplateError: there is no such file, it is not UTF-8, or the template in it is wrong.
        """
        path = Path(path)
        if not path.is_file():
            raise TemplateError(f"{path}: there is no such template file.")
        try:
            source = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise TemplateError(f"{path}: not UTF-8 at byte {error.start:,}.", hint="Save it as UTF-8.") from error
        return cls(source, name=str(path))

    def check(self, columns: Iterable[str]) -> None:
        """Check that every field of the template is one of the columns.

        Raises:
            TemplateError: names each missing column, its line in the template and the nearest column there is.
        """
        columns = list(columns)
        problems = [
            f"line {line}: {field!r} is not a column{_did_you_mean(field, columns)}"
            for field, line in self._lines.items()
            if field not in columns
        ]
        if problems:
            raise TemplateError(
                f"{self.name} reads columns that the table does not have.",
                problems=problems,
                hint=f"The columns are: {', '.join(columns)}.",
            )

    def render(self, fields: Mapping[str, str], labels: Sequence[str], codes: Sequence[str] = ()) -> str:
        r"""The prompt of one item, ending right where the label follows.

        Args:
            fields: column name -> text; must hold all of `self.fields`, more are ignored.
            labels: the ordered label set, as it is to be shown.
            codes: of each label; empty where they have none.

        Returns:
            the prompt block without leading line breaks and without trailing white space, so that
            `prompt + " " + label` is the finished text.

        Raises:
            KeyError: a field is missing (call `check` first).
            TemplateError: the template fails on these values, such as `labels[9]` of three, or computes more than one
                prompt may.
        """
        return self._run(self._prompt, fields, labels, codes).lstrip("\r\n").rstrip()

    def render_many(
        self, items: Iterable[Mapping[str, str]], labels: Sequence[str], codes: Sequence[str] = ()
    ) -> list[str]:
        """`render` for each item, in order."""
        return [self.render(fields, labels, codes) for fields in items]

    def segments(
        self, fields: Mapping[str, str], labels: Sequence[str], *, separator: str = " "
    ) -> tuple[str, str | None]:
        """What an encoder reads of one item: segment A, and segment B or None.

        The first `{{ sep }}` of the encoder block parts A from B. Each later one, inside B, becomes `separator`.

        Args:
            fields: as for `render`.
            labels: the ordered label set.
            separator: the tokenizer's separator, with the spaces that it needs around it.

        Returns:
            both segments without white space around them; B is None when the block has no `{{ sep }}`, and may be
            empty when it has one. U+FDD0 in a text, a code point that no text should have, becomes U+FFFD.

        Raises:
            KeyError, TemplateError: as `render`.
        """
        if any(_SEP in text for text in fields.values()):
            fields = {name: text.replace(_SEP, "\ufffd") for name, text in fields.items()}
        first, *rest = (part.strip() for part in self._run(self._encoder, fields, labels).split(_SEP))
        return first, separator.join(rest) if rest else None

    def segments_many(
        self, items: Iterable[Mapping[str, str]], labels: Sequence[str], *, separator: str = " "
    ) -> list[tuple[str, str | None]]:
        """`segments` for each item, in order."""
        return [self.segments(fields, labels, separator=separator) for fields in items]

    def _run(self, block: Any, fields: Mapping[str, str], labels: Sequence[str], codes: Sequence[str] = ()) -> str:
        # Only the fields that are read as variables go in by name: a column called `range` must not hide a function.
        values: dict[str, Any] = {"codes": tuple(codes), **{name: fields[name] for name in self._variables}}
        values.update(item=fields, labels=labels, sep=_SEP)
        # The block is called directly, not through Template.render: no text of the other block is made and dropped.
        characters = sum(len(fields[name]) for name in self.fields) + sum(map(len, labels))
        try:
            with budget(characters, self._weight):
                return "".join(block(self._compiled.new_context(values)))
        except _MISTAKES as error:
            line = self._line_of(error.__traceback__)
            raise TemplateError(f"{self.name}{line}: {str(error).rstrip('.')}.") from error

    def _line_of(self, traceback: TracebackType | None) -> str:
        line = ""
        while traceback is not None:
            if traceback.tb_frame.f_globals.get("blocks") is self._compiled.blocks:
                line = f" line {self._compiled.get_corresponding_lineno(traceback.tb_lineno)}"
            traceback = traceback.tb_next
        return line

    def _fail(self, node: nodes.Node, message: str, hint: str = "") -> NoReturn:
        raise TemplateError(f"{self.name} line {node.lineno}: {message}", hint=hint)

    def _check_structure(self, tree: nodes.Template) -> None:
        for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
            self._fail(node, "a template must be complete in itself: include, import and extends are not possible.")
        for block in tree.find_all(nodes.Block):
            if block.name not in BLOCKS:
                self._fail(block, f"unknown block {block.name!r}; the blocks are {' and '.join(BLOCKS)}.")
        for node in tree.body:
            is_blank = isinstance(node, nodes.Output) and all(
                isinstance(part, nodes.TemplateData) and not part.data.strip() for part in node.nodes
            )
            if not is_blank and not isinstance(node, nodes.Block):
                self._fail(node, "this stands outside the two blocks, where nothing reads it.", "Move it into a block.")
        blocks = {block.name: block for block in tree.find_all(nodes.Block)}
        missing = [name for name in BLOCKS if name not in blocks]
        if missing:
            raise TemplateError(
                f"{self.name}: the block {' and the block '.join(missing)} is missing.",
                hint=f"Write {{% block {missing[0]} %}} … {{% endblock %}} around the text.",
            )
        for node in blocks["prompt"].find_all(nodes.Name):
            if node.name == "sep":
                self._fail(node, "sep has a meaning in the encoder block only.", "Write a line break instead.")


def _find_fields(tree: nodes.Template, name: str) -> tuple[tuple[str, ...], dict[str, int]]:
    """The fields read as variables, and every field with the line of its first use."""
    # Jinja's own scope analysis: loop variables, {% set %} and its functions are not fields.
    reserved = RESERVED - {"codes"} if _prints_codes(tree) else RESERVED
    variables = meta.find_undeclared_variables(tree) - reserved
    lines: dict[str, int] = {}
    indexed: set[int] = set()
    for node in tree.find_all(nodes.Getitem):
        if isinstance(node.node, nodes.Name) and node.node.name == "item" and isinstance(node.arg, nodes.Const):
            indexed.add(id(node.node))
            lines[str(node.arg.value)] = min(node.lineno, lines.get(str(node.arg.value), node.lineno))
    for node in tree.find_all(nodes.Name):
        if node.name == "item" and id(node) not in indexed:
            raise TemplateError(
                f'{name} line {node.lineno}: item can only be read as item["Column name"], with the name in quotes.'
            )
        if node.name in variables:
            lines[node.name] = min(node.lineno, lines.get(node.name, node.lineno))
    return tuple(sorted(variables)), lines


def _prints_codes(tree: nodes.Template) -> bool:
    """Whether `codes` is printed as a text: then it is a column, as it was before codes had a meaning of their own."""
    printed = [node for output in tree.find_all(nodes.Output) for node in output.nodes]
    for place, node in enumerate(printed):
        while isinstance(node, nodes.Filter) and node.name not in _OF_A_LIST and node.node is not None:
            node = printed[place] = node.node
    return any(isinstance(node, nodes.Name) and node.name == "codes" for node in printed)


def _did_you_mean(name: str, columns: Sequence[str]) -> str:
    by_folded = {column.casefold(): column for column in columns}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=1)
    return f"; did you mean {field_reference(by_folded[close[0]])}?" if close else ""
