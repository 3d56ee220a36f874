"""Jinja2 that always ends: whatever a template computes is paid for from a budget, so none hangs or fills the memory.

A template may come with somebody else's judge. The sandbox of Jinja2 keeps it from reaching Python; it does not keep it
from looping a billion times or from making a text of a gigabyte. Here each step of a loop, each call, each operator and
each text that is put out costs about as many units as it makes characters. This module knows no prompts.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, Macro
from jinja2.sandbox import SandboxedEnvironment

MOST_SOURCE_CHARACTERS = 200_000
BASE_UNITS, UNITS_PER_CHARACTER = 1_000_000, 20
"""What one prompt may cost, and how much more for each character of its texts."""
MOST_NUMBER = 10**15

# Each of these makes of two short things one that is as long as their product.
_MULTIPLIES = frozenset({"replace", "join", "format", "format_map", "expandtabs", "translate", "indent", "wordwrap",
                         "sum", "*", "%"})  # fmt: skip
_FORMATS = frozenset({"format", "format_map", "%"})
_WIDE_FORMAT = re.compile(r"\d{5}|%[^a-zA-Z%]*\*")


class _Budget:
    """What is left for one prompt."""

    __slots__ = ("left", "weight")

    def __init__(self, units: int, weight: int) -> None:
        self.left = units
        self.weight = weight


_BUDGET: ContextVar[_Budget] = ContextVar("budget")


@contextmanager
def budget(characters: int, weight: int) -> Iterator[None]:
    """Within the block, templates may cost what a prompt may.

    Args:
        characters: of the texts that are put into it.
        weight: of the template, as `weight_of`: what a macro costs at each call.
    """
    token = _BUDGET.set(_Budget(BASE_UNITS + UNITS_PER_CHARACTER * characters, weight))
    try:
        yield
    finally:
        _BUDGET.reset(token)


def weight_of(node: nodes.Node) -> int:
    """What going through a part of a template once costs: its nodes, and the characters of its text."""
    data = sum(len(part.data) for part in node.find_all(nodes.TemplateData))
    return data + sum(1 for _ in node.find_all(nodes.Node))


class BoundedEnvironment(SandboxedEnvironment):
    """The sandbox, with a price on everything; nothing in it is left to chance either."""

    intercepted_binops = frozenset(SandboxedEnvironment.default_binop_table)

    def __init__(self) -> None:
        super().__init__(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_paid_output)
        del self.filters["random"], self.globals["lipsum"]  # another prompt every time
        self.filters = {name: _paid(name, function) for name, function in self.filters.items()}
        self.filters |= {"_steps": _steps, "_glued": _glued}
        self.tests = {name: _paid(name, function) for name, function in self.tests.items()}

    def compiled(self, source: str) -> tuple[nodes.Template, jinja2.Template, int]:
        """A template as it was parsed, ready to run, and its weight.

        Raises:
            jinja2.TemplateSyntaxError: it is no template, too long, or nested too deeply.
        """
        if len(source) > MOST_SOURCE_CHARACTERS:
            raise jinja2.TemplateSyntaxError(f"a template has at most {MOST_SOURCE_CHARACTERS:,} characters", 1)
        try:
            tree, bounded = self.parse(source), self.parse(source)
            weight = weight_of(tree)
            _bind(bounded)
            bounded.set_environment(self)
            with budget(0, weight):  # constants are computed when the template is compiled
                code = self.compile(bounded)
        except (RecursionError, MemoryError, SyntaxError) as error:  # Python's own limits on what is nested
            raise jinja2.TemplateSyntaxError("blocks, loops or brackets are nested too deeply", 1) from error
        return tree, jinja2.Template.from_code(self, code, self.make_globals(None)), weight

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # pyright: ignore[reportSelfClsParameterName]
        """Call something that a template calls."""
        if isinstance(__obj, Macro):
            _spend(_BUDGET.get().weight)
        method = getattr(__obj, "__wrapped__", __obj)
        subject = getattr(method, "__self__", None)
        operands = [*args, *kwargs.values()] if subject is None else [subject, *args, *kwargs.values()]
        _pay(getattr(method, "__name__", ""), operands)
        return _paid_result(super().call(__context, __obj, *args, **kwargs))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute `left operator right`."""
        _pay(operator, [left, right])
        if operator == "**" and not (abs(right) <= 64 and abs(left) <= 10**5):
            raise SecurityError(f"{left} ** {right} is more than a prompt may compute")
        return _paid_result(super().call_binop(context, operator, left, right))


def _bind(tree: nodes.Template) -> None:
    """Have each step of a loop and each `~` paid for."""
    for loop in list(tree.find_all(nodes.For)):
        if loop.recursive:
            raise jinja2.TemplateSyntaxError("a loop cannot be recursive here", loop.lineno)
        weight = nodes.Const(sum(weight_of(part) for part in loop.body) + 1)
        loop.iter = nodes.Filter(loop.iter, "_steps", [weight], [], None, None, lineno=loop.lineno)
    for glued in list(tree.find_all(nodes.Concat)):
        parts = nodes.List(list(glued.nodes), lineno=glued.lineno)
        glued.nodes = [nodes.Filter(parts, "_glued", [], [], None, None, lineno=glued.lineno)]


def _spend(units: int) -> None:
    left = _BUDGET.get()
    left.left -= units
    if left.left < 0:
        raise SecurityError("it computes more than one prompt may")


def _pay(name: str, operands: Sequence[Any]) -> None:
    """Pay for a call, a filter or an operator before it is carried out."""
    sizes = [_size(one) for one in operands]
    if name in _FORMATS and any(isinstance(one, str) and _WIDE_FORMAT.search(one) for one in operands):
        raise SecurityError("a format is wider than 9,999 characters")
    units = sum(sizes) + 1
    if name in _MULTIPLIES and len(sizes) > 1 and any(isinstance(one, str | list | tuple) for one in operands):
        units += sizes[0] * max(sizes[1:])
    _spend(units)


def _paid_result(found: Any) -> Any:
    if isinstance(found, Iterator):  # what is made bit by bit would be made unpaid
        found = [one for one in found if _spend(1) is None]
    if isinstance(found, int) and abs(found) > MOST_NUMBER:
        raise SecurityError(f"a number is above {MOST_NUMBER:,}")
    _spend(_size(found))
    return found


def _paid(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def filter_(*args: Any, **kwargs: Any) -> Any:
        _pay(name, [*args, *kwargs.values()][1 if hasattr(function, "jinja_pass_arg") else 0 :])
        return _paid_result(function(*args, **kwargs))

    return filter_


def _paid_output(value: Any) -> Any:
    _spend(1 if isinstance(value, int) else _size(value))
    return value


def _steps(values: Iterable[Any], weight: int) -> Iterator[Any]:
    for value in values:
        _spend(weight)
        yield value


def _glued(values: list[Any]) -> str:
    _spend(_size(values))
    return "".join(map(str, values))


def _size(value: Any) -> int:
    """About how many characters a value has; of a whole number its magnitude, as it may be a width or a repetition.

    Counting stops where the value is more than can be paid, as a list that contains itself is.
    """
    most, total, waiting = _BUDGET.get().left, 0, [value]
    while waiting and total <= most:
        one = waiting.pop()
        if isinstance(one, str | bytes | range):
            total += len(one)
        elif isinstance(one, Mapping):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            waiting += one
        elif isinstance(one, int) and not isinstance(one, bool):
            total += abs(one)
        total += 1
    return total
