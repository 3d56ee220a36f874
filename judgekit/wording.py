"""How messages and pages say things: numbers with their nouns, lists of words, and names that were mistyped."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence

# C0 but tab and newline, DEL, C1, lone surrogates (bytes of a file name that are no text), marks and overrides of the
# direction of writing, the two separators that break lines, and spaces and marks of no width but those inside emoji.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)


def _as_python(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


def visible(text: str, escape: Callable[[str], str] = _as_python) -> str:
    """A text in which what a terminal would obey, or a reader cannot see, is written as an escape.

    So no label and no file name moves the cursor, changes the order of the letters of a line, or looks like another.

    Args:
        text: newlines and tabs in it stay.
        escape: how one such character is written; by default as in Python.
    """
    return _UNSEEN.sub(lambda found: escape(found[0]), text)


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun, and a verb if it brings one: `1 item`, `2,000 items`, `1 row is`, `2 rows are`.

    Args:
        number: how many.
        one: the words after a single one.
        many: the words after any other number; empty takes `one` with an s.
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(words: Sequence[str]) -> str:
    """Words one after the other: `a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def did_you_mean(name: str, names: Iterable[str], *, plain: Callable[[str], str] = str.casefold) -> str:
    """` (did you mean …?)` with the nearest of `names`, or nothing.

    Args:
        name: what somebody typed.
        names: what there is.
        plain: what names are compared by.
    """
    by_plain = {plain(other): other for other in names}
    near = difflib.get_close_matches(plain(name), list(by_plain), n=1, cutoff=0.6)
    return f" (did you mean {by_plain[near[0]]!r}?)" if near else ""


def first_line(error: Exception) -> str:
    """The first line of an error's message, or its kind where it has none."""
    return (str(error).splitlines() or [type(error).__name__])[0]
