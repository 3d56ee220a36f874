"""The list or object that the text of one cell stands for, as JSON, Python, numpy, R, Postgres and others print it.

Nothing is evaluated: the text is parsed, and what is not wholly understood is no structure. Scalars are texts (numbers
as they are spelled), bool or None, as `json_records.records` has them.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, TypeAlias

Structure: TypeAlias = "list[Any] | dict[str, Any]"
"""A list or an object of scalars, lists and objects."""

BRACKETED = r"(?s)^\s*(?:[\w.]+\(|[\[{(]).*[\])}]\s*$"
"""What a structure looks like from outside, as a pattern for polars too."""
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_STRING = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_NUMPY_TOKENS = re.compile(rf"""\s*(?:'([^'\\]*)'|"([^"\\]*)"|({_NUMBER}|nan|None|True|False))(?=\s|$)""")
_POSTGRES_TOKENS = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^,{}"\\]*))\s*(?:,|$)')
_BARE_PAIR = re.compile(r"\s*['\"]?([^\[\]{}:=,'\"]+?)['\"]?\s*(?:=>|->|[:=])\s*['\"]?([^\[\]{}:=,'\"]*?)['\"]?\s*")
_NOTHING = {"nan": None, "NaN": None, "NA": None, "null": None, "NULL": None, "true": True, "false": False}
_LISTS = frozenset({"array", "asarray", "list", "tuple", "set", "frozenset", "Series", "c", "Array", "Row", "ARRAY"})
_OBJECTS = frozenset({"dict", "Counter", "OrderedDict", "mappingproxy"})
_MEMBER = r"[^,;|\n:=()]+?"
_TALLIES = [
    re.compile(rf"\s*{one}\s*")
    for one in (
        rf"(?P<n>\d+)\s*[x×*]\s*(?P<label>{_MEMBER})",
        rf"(?P<label>{_MEMBER})\s*\((?P<n>\d+)\)",
        rf"(?P<label>{_MEMBER})\s+[x×]\s*(?P<n>\d+)",
    )
]
_PAIR = re.compile(rf"\s*(?P<label>{_MEMBER})\s*(?:=>|->|[:=])\s*(?P<n>{_MEMBER})\s*")
_SCALARS = re.compile(r"(?:u?int|float)\d*_?|str_?|bool_?|Decimal|UUID|datetime64|longlong|intc|double|single|half")


class _UnknownError(ValueError):
    """A text, or a part of it, is no structure that is understood."""


def parse_structure(text: str) -> Structure | None:
    """The structure that a whole cell stands for; None where it is a plain text, or cannot be read for certain.

    Examples:
        >>> parse_structure("{'ann': 'yes', 'ben': None}")
        {'ann': 'yes', 'ben': None}
        >>> parse_structure("[1 0 2]"), parse_structure("{yes,no}"), parse_structure("[yes, no]")
        (['1', '0', '2'], ['yes', 'no'], ['yes', 'no'])
        >>> parse_structure("(see below)")
    """
    text = text.strip()
    if not re.match(BRACKETED, text):
        return None
    for read in (_json, _numpy, _python, _bare):
        try:
            found = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return found if isinstance(found, list | dict) else None
    return None


def parse_pairs(text: str) -> Structure | None:
    """What pairs without brackets stand for: labels and their numbers, or an object; None for any other text.

    Examples:
        >>> parse_pairs("2x good, 1x bad"), parse_pairs("good (2)")
        ([{'label': 'good', 'count': '2'}, {'label': 'bad', 'count': '1'}], [{'label': 'good', 'count': '2'}])
        >>> parse_pairs("ann: good; ben: bad")
        {'ann': 'good', 'ben': 'bad'}
        >>> parse_pairs("good, but late")
    """
    members = re.split(r"[,;|\n]", text)
    for form in (*_TALLIES, _PAIR):
        found = [match for member in members if (match := form.fullmatch(member))]
        pairs = {match["label"]: match["n"] for match in found}
        if len(pairs) == len(members):
            return pairs if form is _PAIR else _tally(pairs)
    return None


def _tally(counts: dict[str, Any]) -> list[Any]:
    return [{"label": label, "count": number} for label, number in counts.items()]


def _json(text: str) -> Any:
    return json.loads(text, parse_int=str, parse_float=str, parse_constant=_constant, object_pairs_hook=_object)


def _constant(token: str) -> str | None:
    return None if token == "NaN" else token


def _object(pairs: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    """An object with texts for keys.

    Raises:
        _UnknownError: a key stands twice, or is no scalar.
    """
    found: dict[str, Any] = {}
    for key, value in pairs:
        name = str(key).lower() if isinstance(key, bool) else key
        if not isinstance(name, str) or name in found:
            raise _UnknownError
        found[name] = value
    return found


def _numpy(text: str) -> list[Any]:
    """An array as numpy prints it: members without commas, over several lines where there are many."""
    text = text.removeprefix("array(").removesuffix(")") if text.startswith("array(") else text
    if not text.startswith("[") or "," in re.sub(r"'[^']*'|\"[^\"]*\"", "", text):
        raise _UnknownError
    inner, at, members = text[1:-1].rstrip(), 0, list[Any]()
    while at < len(inner):
        found = _NUMPY_TOKENS.match(inner, at)
        if found is None:
            raise _UnknownError
        one, other, bare = found.groups()
        text_or_number = one if one is not None else other if other is not None else _plain(bare)
        members.append(text_or_number)
        at = found.end()
    return members


def _plain(token: str) -> Any:
    """A number of numpy's, where `2.` is 2, or one of its constants."""
    return {"nan": None, "None": None, "True": True, "False": False}.get(token, token.removesuffix("."))


def _python(text: str) -> Any:
    ends = [found.span() for found in _STRING.finditer(text)]
    if any(not text[end:start].strip() for (_, end), (start, _) in pairwise(ends)):
        raise _UnknownError  # Python would paste two strings without a comma together
    return _value(ast.parse(re.sub(r"<class '[\w.]+'>", "None", text), mode="eval").body)


def _value(node: ast.expr) -> Any:
    """What a literal stands for; names of numpy's and of collections are understood, never called."""
    match node:
        case ast.Constant(value=bool() | None as value):
            return value
        case ast.Constant(value=str() | int() | float() as value):
            return None if value != value else str(value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return str(-value)
        case ast.List(elts=members) | ast.Tuple(elts=members) | ast.Set(elts=members):
            return [_value(member) for member in members]
        case ast.Dict(keys=keys, values=values):
            return _object((_value(key or node), _value(value)) for key, value in zip(keys, values, strict=True))
        case ast.Name(id=name) if name in _NOTHING:
            return _NOTHING[name]
        case ast.Attribute(attr="nan"):
            return None
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=given):
            return _called(name, node, given)
        case _:
            raise _UnknownError


def _called(name: str, call: ast.Call, given: list[ast.expr]) -> Any:
    if name == "c" or name == "Array":  # R, Spark
        return [_value(one) for one in given]
    if name == "Row":
        return _object((one.arg, _value(one.value)) for one in call.keywords)
    if name == "defaultdict":
        given = given[1:]
    values = [_value(one) for one in given]
    if _SCALARS.fullmatch(name) and len(values) == 1 and isinstance(values[0], str | bool):
        return values[0].removesuffix(".0") if isinstance(values[0], str) else values[0]
    if not values and name in _LISTS:
        return []
    if not values and name in (*_OBJECTS, "defaultdict"):
        return {}
    if name in _LISTS and isinstance(values[0], list):
        return values[0]
    if name in (*_OBJECTS, "defaultdict"):
        found = values[0] if isinstance(values[0], dict) else _object((key, value) for key, value in values[0])
        return _tally(found) if name == "Counter" else found
    raise _UnknownError


def _bare(text: str) -> Any:
    """Members without quotes: `[a, b]` as pandas and DuckDB print lists, `{a,"b c"}` as Postgres does, `{a: 1}`."""
    inner = text[1:-1]
    if text[0] not in "[{":
        raise _UnknownError  # a remark in brackets
    pairs = [_BARE_PAIR.fullmatch(part) for part in inner.split(",")]
    if text[0] == "{" and all(pairs):
        return _object((pair[1], pair[2]) for pair in pairs if pair)
    if any(pairs):
        raise _UnknownError
    if text[0] == "{":
        return _postgres(inner)
    members = [member.strip() for member in inner.split(",")]
    if not all(members) or any(re.search(r"""[\[\]{}"]|^'|'$|\w\(|\.\.\.""", member) for member in members):
        raise _UnknownError
    return [_NOTHING.get(member, None if member == "None" else member) for member in members]


def _postgres(inner: str) -> list[str | None]:
    members, at = list[str | None](), 0
    while at < len(inner):
        found = _POSTGRES_TOKENS.match(inner, at)
        if found is None or found.end() == at:
            raise _UnknownError
        quoted, bare = found.groups()
        if quoted is None and not bare.strip():
            raise _UnknownError
        members.append(re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else _none_of_null(bare.strip()))
        at = found.end()
    return members


def _none_of_null(bare: str) -> str | None:
    return None if bare.upper() == "NULL" else bare
