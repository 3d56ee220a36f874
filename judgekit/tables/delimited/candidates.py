"""Which dialects are worth trying on a file, the most plausible first: the header line decides.

The reader tries each on the whole file. A sniffer that looks at the rows is not asked: texts hold any delimiter in any
number, and those that were measured answered `|` for a comma file with one short row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from judgekit.tables.column_names import is_known_name
from judgekit.tables.delimited.dialect import DELIMITERS, NO_DELIMITER, Dialect, line_starts

_HEAD_BYTES = 1 << 16
_MOST_PREAMBLE_LINES = 30
_RARE_DELIMITERS = (":", "~", "^", " ")
_FEW_ROWS = 6
"""That many rows do not fall into three fields or more by chance."""


def candidate_dialects(content: bytes, *, delimiter: str | None) -> list[Dialect]:
    """Dialects worth trying on a file, the most plausible first; never empty.

    Args:
        content: the file, UTF-8.
        delimiter: the user's word, which is then the only one tried.
    """
    head = _Head.of(content)
    lines = head.lines
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    given = re.fullmatch(r'"?sep=(.)"?', lines[first].strip())
    if given and delimiter is None:  # the line that gives Excel the delimiter
        delimiter, first = given[1], first + 1
    first = min(first, len(lines) - 1)
    plain = [_dialect(head, first, mark) for mark in ([delimiter] if delimiter else DELIMITERS)]
    plain.sort(key=lambda one: (-sum(map(is_known_name, one.names)), -one.width))
    wanted = [one.delimiter for one in plain]
    split = [dialect for dialect in plain if dialect.width > 1]
    spaced = [_dialect(head, first, mark + " ") for mark in wanted if _is_spaced(lines[first], mark)]
    found = [
        *spaced,
        *split,
        # Other ways of quoting are tried only where the standard one meets errors.
        *(dialect._replace(escape="\\") for dialect in split if _escapes_quotes_only(content)),
        *(dialect._replace(quote="", escape="") for dialect in split if dialect.delimiter == "\t"),
    ]
    if not given:
        found += _below_a_preamble(head, first, wanted)
    if not found:
        rare = [_dialect(head, first, mark) for mark in _RARE_DELIMITERS] if delimiter is None else []
        found += [dialect._replace(fewest_rows=_FEW_ROWS) for dialect in rare if dialect.width > 2]
        found.append(_dialect(head, first, delimiter or NO_DELIMITER))
    return found


class _Head(NamedTuple):
    """The first lines of a file."""

    content: bytes
    """The whole file: a record may be longer than the head."""
    lines: list[str]
    starts: list[int]

    @classmethod
    def of(cls, content: bytes) -> _Head:
        head = content[:_HEAD_BYTES]
        # Not splitlines(): it also splits at form feeds and U+2028, which are no line ends of a table.
        lines = re.split(r"\r\n|\n|\r", head.decode("utf-8", "replace"))
        return cls(content, lines, line_starts(head).tolist())


def _dialect(head: _Head, header_line: int, delimiter: str) -> Dialect:
    """A dialect and the names of its header, of which a quoted one may run over several lines."""
    line = head.lines[header_line]
    quote = "'" if _is_single_quoted(line) else '"'
    dialect = Dialect(delimiter, quote, quote, header_line, ())
    found = dialect.record(head.content, head.starts[header_line])
    return dialect._replace(names=tuple(found.cells if found else line.split(delimiter)))


def _escapes_quotes_only(content: bytes) -> bool:
    r"""Whether backslashes could be escapes: before `n` or a letter they are text, and would be lost."""
    return b'\\"' in content and not re.search(rb'\\(?:[^"\\]|$)', content.replace(b"\\\\", b""))


def _is_single_quoted(line: str) -> bool:
    return '"' not in line and bool(re.search(r"(?:^|[,;\t|])'[^',;\t|]+'(?:[,;\t|]|$)", line.strip()))


def _is_spaced(line: str, delimiter: str) -> bool:
    """Whether a space stands behind every delimiter of a header."""
    return delimiter in line and line.count(delimiter) == line.count(delimiter + " ")


def _below_a_preamble(head: _Head, first: int, delimiters: Sequence[str]) -> list[Dialect]:
    """Headers further down, below lines such as "Export of project X".

    Only a line that reads like a header counts: at least two names, none empty or repeated, two of them (or one under
    a comment) known names of columns; and no line above it may have as many fields. Anything less might lose rows.
    """
    lines = head.lines
    if is_known_name(lines[first]):
        return []
    found: list[Dialect] = []
    for number in range(first + 1, min(first + 1 + _MOST_PREAMBLE_LINES, len(lines))):
        for mark in delimiters:
            names = [name.strip() for name in _fields(lines[number], mark)]
            is_distinct = len(names) > 1 and all(names) and len(set(names)) == len(names)
            known = sum(is_known_name(name) for name in names)
            above = max(sum(map(bool, _fields(line, mark))) for line in lines[first:number])
            if is_distinct and known >= (1 if lines[first].startswith("#") else 2) and above < len(names):
                found.append(_dialect(head, number, mark)._replace(fewest_rows=1))
        if found:
            return found
    return found


def _fields(line: str, delimiter: str) -> list[str]:
    found = Dialect(delimiter, '"', '"', 0, ()).record(line.encode())
    return found.cells if found else line.split(delimiter)
