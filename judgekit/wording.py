"""How messages and pages say things: numbers with their nouns, lists of words, and names that were mistyped."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence


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
