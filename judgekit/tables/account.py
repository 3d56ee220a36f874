"""The one account of rows: what a file's reader, and later the building of items, set aside, and why.

Readers, formats and the building of items all enter what they leave out here; none of them counts rows by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Generic, NamedTuple, Protocol, TypeVar

from judgekit.errors import MOST_PROBLEMS_SHOWN
from judgekit.wording import counted

EMPTY_ROW = "the row is empty"
"""The reason that no `--strict` refuses."""
_PLACES_SHOWN = 5


class SetAside(NamedTuple):
    """Rows that became no annotation, for one reason."""

    reason: str
    rows: int
    where: str
    """The first of them, in words: `lines 3, 8 and 4 more`."""
    is_fault: bool = False
    """Whether the rows contradict the file or themselves; the others are empty, refused or repeated on purpose."""
    details: tuple[str, ...] = ()
    """What is wrong with single rows, the first few, each with its place."""


class Located(Protocol):
    """Rows that know their place in their file."""

    def where(self, rows: Iterable[int]) -> str:
        """The first few places among `rows` (positions from 0), in words."""
        ...


T = TypeVar("T")
LocatedT = TypeVar("LocatedT", bound=Located)


class Account(Generic[LocatedT]):
    """The rows of a source that became no annotation; whoever sets rows aside takes them out of the table.

    Args:
        source: the rows.
        aside: what was set aside before.
    """

    def __init__(self, source: LocatedT, aside: Iterable[SetAside] = ()) -> None:
        self.source = source
        self.notes: list[str] = []
        self.warnings: list[str] = []
        self.contradictions: list[str] = []
        """Contradicting annotations of rows that are kept, the first few of each kind."""
        self.allowed = {EMPTY_ROW}
        """The reasons that `--strict` does not refuse."""
        self._before = tuple(aside)
        self._rows: dict[tuple[str, bool], list[int]] = {}
        self._details: dict[tuple[str, bool], list[str]] = {}

    @property
    def aside(self) -> tuple[SetAside, ...]:
        """All that was set aside, one entry for each reason; of rows that were entered twice, both count."""
        own = [
            SetAside(reason, len(rows), self._where(rows), is_fault, tuple(self._details[reason, is_fault]))
            for (reason, is_fault), rows in self._rows.items()
        ]
        return (*self._before, *own)

    def set_aside(
        self,
        reason: str,
        rows: Iterable[int],
        *,
        is_fault: bool = False,
        is_allowed: bool = False,
        details: Iterable[str] = (),
    ) -> None:
        """Enter rows that are set aside.

        Args:
            reason: why, in words.
            rows: their positions in the source, one for each annotation that is lost; none are no entry.
            is_fault: whether they contradict the file or themselves.
            is_allowed: whether the user asked for it, so that `--strict` does not refuse it.
            details: what is wrong with single rows, each with its place; the first few are kept.
        """
        entered = list(rows)
        if not entered:
            return
        self._rows.setdefault((reason, is_fault), []).extend(entered)
        kept = self._details.setdefault((reason, is_fault), [])
        kept += islice(details, MOST_PROBLEMS_SHOWN - len(kept))
        if is_allowed:
            self.allowed.add(reason)

    def leave_out(self, reason: str, rows: Iterable[int], details: Iterable[str]) -> None:
        """Enter contradicting annotations of rows whose other annotations are kept.

        Args:
            reason: why, in words.
            rows: the row of each annotation.
            details: as for `set_aside`; they may name annotators, so they are shown in a refusal only.
        """
        entered = list(rows)
        if entered:
            self.contradictions += islice(details, MOST_PROBLEMS_SHOWN)
            what = counted(len(entered), "annotation is", "annotations are")
            self.warnings.append(f"{what} left out of rows that are kept ({self._where(entered)}): {reason}.")

    def _where(self, rows: Iterable[int]) -> str:
        return self.source.where(dict.fromkeys(rows))


def in_words(places: Iterable[T], noun_and_number: Callable[[T], tuple[str, object]]) -> str:
    """The first few of some places, in words: `lines 3, 8 and 4 more`.

    Args:
        places: all of them, in order.
        noun_and_number: what one of them is called, in the singular; the numbers of one noun are listed behind it.
    """
    every = list(places)
    found: dict[str, list[str]] = {}
    for noun, number in map(noun_and_number, every[:_PLACES_SHOWN]):
        found.setdefault(noun, []).append(str(number))
    more = len(every) - _PLACES_SHOWN
    parts = [
        f"{noun}{'s' if len(numbers) > 1 or (more > 0 and n == len(found) - 1) else ''} {', '.join(numbers)}"
        for n, (noun, numbers) in enumerate(found.items())
    ]
    return "; ".join(parts) + (f" and {more:,} more" if more > 0 else "")
