"""How messages and pages say things: numbers with their nouns, and lists of words."""

from __future__ import annotations

from collections.abc import Sequence


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
