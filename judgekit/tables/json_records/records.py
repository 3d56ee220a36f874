"""JSON and JSONL to records: a list of objects, each with its place in the file; numbers keep their spelling."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from judgekit.errors import MOST_PROBLEMS_SHOWN, DataError
from judgekit.tables.account import SetAside, in_words
from judgekit.tables.column_names import LIST_LABEL_NAMES, TEXT_NAMES, WEAK_TEXT_NAMES, normalise
from judgekit.tables.source import Fingerprint, Unit

Record = Mapping[str, Any]
_OF_ITEMS = frozenset(
    {*LIST_LABEL_NAMES, "completions", "result", "responses", "answers", "annotators", "classifications"}
)
"""Names of lists that hold what people said of one item."""
_SPACE = re.compile(r"[ \t\r\n]*")


class Records(NamedTuple):
    """The objects of one JSON or JSONL file, before anybody has decided what tool wrote them."""

    path: Path
    records: list[dict[str, Any]]
    """Scalars are str (numbers as they were written), bool or None."""
    positions: npt.NDArray[np.int64]
    """Line (JSONL) or number (JSON) of each record, from 1, `[records]`."""
    unit: Unit
    keys: tuple[str, ...] = ()
    """Where the file is one object of objects: the key of each record; else empty."""
    notes: tuple[str, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    """What could not be read; like the notes it is put into the table by whoever reads the file, not by a format."""
    given: tuple[Fingerprint, ...] = ()
    """The files, or the zips that hold them."""

    def where(self, rows: Iterable[int]) -> str:
        """The first few places among `rows` (records from 0), in words: `lines 3, 8 and 4 more`."""
        return in_words(rows, lambda row: (self.unit, int(self.positions[row])))


class _Unreadable(NamedTuple):
    """In place of a record: what is wrong with it."""

    problem: str


class _RepeatedKeyError(ValueError):
    """One object has a key twice, of which JSON readers keep the one or the other."""


def read_records(path: Path, content: bytes, *, strict: bool) -> Records:
    """Read a JSON list, a JSON object of objects, of columns or with one list of objects in it, or JSONL.

    A number is the text of the file (`1.50` stays `1.50`); NaN, as Python writes it, is None like null.

    Args:
        path: the file, for messages and its suffix.
        content: its bytes, UTF-8, UTF-16 or UTF-32, with or without byte order mark.
        strict: refuse what cannot be read instead of setting it aside.

    Raises:
        DataError: the file is no JSON, is cut off, holds no objects, or (strict) some cannot be read.
    """
    text = _decoded(path, content)
    start = _end_of_space(text, 0)
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError) as error:
        lines = list(_by_line(text))
        if 2 * sum(isinstance(value, dict) for _, value in lines) <= len(lines):
            raise _not_json(path, text, error) from error
        return _made(path, text, lines, "line", strict)  # JSONL whose first line is damaged
    is_one_line = isinstance(value, dict) and not {".jsonl", ".ndjson"}.isdisjoint(path.suffixes)
    if _end_of_space(text, end) < len(text) or is_one_line:
        is_jsonl = "\n" not in text[start:end]
        values = _by_line(text) if is_jsonl else _one_after_another(path, text, start)
        return _made(path, text, values, "line" if is_jsonl else "record", strict)
    keys, notes = tuple[str, ...](), tuple[str, ...]()
    if isinstance(value, dict):
        value, keys, notes = _unwrapped(path, value)
    elif not isinstance(value, list):
        value = [value]
    return _made(path, text, enumerate(value, 1), "record", strict, keys)._replace(notes=notes)


def _nothing_for_nan(token: str) -> str | None:
    return None if token == "NaN" else token


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _RepeatedKeyError(f"the key {next(n for n in names if names.count(n) > 1)!r} occurs twice in one object")
    return found


_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_nothing_for_nan, object_pairs_hook=_object)


def _end_of_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found  # it matches the empty text
    return found.end()


def _decoded(path: Path, content: bytes) -> str:
    encoding = json.detect_encoding(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path.name} line {line}: byte {error.start:,} is not {encoding.removesuffix('-sig').upper()}, in which "
            "JSON is written.",
            hint="Name the encoding of the file with --encoding.",
        ) from error
    if _end_of_space(text, 0) == len(text):
        raise DataError(f"{path.name} is empty.", hint="It needs a list of JSON objects, or one object a line.")
    return text


def _not_json(path: Path, text: str, error: ValueError | RecursionError) -> DataError:
    if not isinstance(error, json.JSONDecodeError):
        words = str(error) if isinstance(error, _RepeatedKeyError) else _words_of(error)
        return DataError(f"{path.name}: {words}.", hint="Correct the file, or write it anew.")
    is_cut = _end_of_space(text, error.pos) == len(text) or error.msg.startswith("Unterminated string")
    if is_cut and text[_end_of_space(text, 0)] in "[{":
        return DataError(
            f"{path.name} line {error.lineno}: the file ends before its JSON does; it is cut off.",
            hint="Export or download it again.",
        )
    return DataError(
        f"{path.name} line {error.lineno}, column {error.colno}: this is not valid JSON ({_words_of(error)}).",
        hint="Give a list of JSON objects, or one object a line (JSONL).",
    )


def _words_of(error: ValueError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, _RepeatedKeyError):
        return "a key occurs twice in one object"  # unnamed: it may be an annotator's
    if isinstance(error, UnicodeEncodeError):
        return "a text holds half a character, as cutting through an emoji leaves it"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[:1].lower()}{error.msg[1:].removesuffix(' starting at').removesuffix(' at')}"
    return str(error)


def _by_line(text: str) -> Iterator[tuple[int, Any]]:
    """The values of JSONL with their lines; only a line feed ends a line, as U+2028 may be part of a text."""
    for number, line in enumerate(text.split("\n"), 1):
        if _end_of_space(line, 0) < len(line):
            try:
                yield number, _DECODER.decode(line)
            except (ValueError, RecursionError) as error:
                yield number, _Unreadable(_words_of(error))


def _one_after_another(path: Path, text: str, at: int) -> Iterator[tuple[int, Any]]:
    """The values of a file that has them one after another over several lines, with their numbers."""
    number = 0
    while at < len(text):
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise _not_json(path, text, error) from error
        at = _end_of_space(text, at)
        yield (number := number + 1), value


def _unwrapped(path: Path, value: dict[str, Any]) -> tuple[list[Any], tuple[str, ...], tuple[str, ...]]:
    """The records of a file that is one object, their keys where it is an object of objects, and notes."""
    inner = list(value.values())
    first = inner[0] if inner else None
    if isinstance(first, dict) and all(isinstance(one, dict) for one in inner):
        is_columns = (
            first and all(name.isdecimal() for name in first) and all(list(one) == list(first) for one in inner)
        )
        if not is_columns:
            return inner, tuple(value), ()
        inner = [list(one.values()) for one in inner]  # as pandas writes a table: {"text": {"0": …}}
    lists = [name for name, one in value.items() if isinstance(one, list) and any(isinstance(o, dict) for o in one)]
    if any(_is_of_one_item(value, name) for name in lists) or "%FEATURE_STRUCTURES" in value:  # an UIMA document
        return [value], (), ()
    if "examples" in lists and "annotators" in lists:  # LightTag's, who beside what
        lists = ["examples"]
    if len(lists) > 1:
        raise DataError(
            f"{path.name} holds {len(lists)} lists of objects: {', '.join(lists)}.",
            hint=f"Make a file of the one to read, for example: jq '.{lists[0]}' {path.name} > {lists[0]}.json",
        )
    if lists:
        beside = [name for name in value if name != lists[0]]
        note = f"The records are those of {lists[0]!r}; {', '.join(map(repr, beside))} beside it was not read."
        return value[lists[0]], (), (note,) if beside else ()
    if isinstance(first, list | dict) and all(isinstance(one, list) and len(one) == len(inner[0]) for one in inner):
        rows = zip(*inner, strict=True)
        return [dict(zip(value, row, strict=True)) for row in rows], (), ("The file holds one list for each column.",)
    return [value], (), ()


def _is_of_one_item(value: dict[str, Any], name: str) -> bool:
    """Whether a list within an object holds the annotations of one item: the text stands beside it, not within."""
    beside = any(isinstance(one, dict) or normalise(key) in TEXT_NAMES for key, one in value.items() if key != name)
    within = {normalise(key) for one in value[name] if isinstance(one, dict) for key in one}
    return normalise(name) in _OF_ITEMS and beside and not within & (TEXT_NAMES - WEAK_TEXT_NAMES)


def _made(
    path: Path, text: str, values: Iterable[tuple[int, Any]], unit: Unit, strict: bool, keys: tuple[str, ...] = ()
) -> Records:
    may_hold_halves = "\\ud" in text or "\\uD" in text
    found: list[dict[str, Any]] = []
    positions: list[int] = []
    faults: list[tuple[int, str]] = []
    for position, value in values:
        problem = _problem_of(value, may_hold_halves)
        if problem:
            faults.append((position, problem))
        else:
            found.append(value)
            positions.append(position)
    details = tuple(f"{unit} {position}: {problem}" for position, problem in faults)
    if not found or (strict and faults):
        raise DataError(
            f"{path.name}: {f'{unit}s that hold no record: {len(faults):,}' if faults else 'there are no records'}.",
            problems=details,
            hint="Correct these; without --strict they are set aside."
            if found
            else "It needs objects: a list of them, or one a line.",
        )
    aside = ()
    if faults:
        places = in_words((position for position, _ in faults), lambda position: (unit, position))
        first = details[:MOST_PROBLEMS_SHOWN]
        aside = (SetAside("it is not a readable JSON object", len(faults), places, True, first),)
    kept = tuple(keys[position - 1] for position in positions) if keys else ()
    return Records(path, found, np.array(positions, dtype=np.int64), unit, kept, set_aside=aside)


def _problem_of(value: Any, may_hold_halves: bool) -> str:
    """Why a value is no record, or an empty text."""
    if isinstance(value, _Unreadable):
        return value.problem
    if not isinstance(value, dict):
        return f"it is {'a list' if isinstance(value, list) else 'a text or number'}, not an object"
    if not value:
        return "it is an empty object"
    try:
        if may_hold_halves:
            json.dumps(value, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError) as error:
        return _words_of(error)
    return ""
