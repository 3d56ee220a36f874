"""What pages are built of: at any width of the terminal figures stay whole, and names wrap.

Whatever comes from a user's table goes in as text, never as markup: rich would read `[bold]` and `:tea:` in a string;
and with its control characters escaped, as a terminal would obey them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from judgekit.wording import visible

NARROWEST_NAME = 16
"""Characters of a column of names; where less would be left, a table becomes a list."""
BAR_WIDTH, SHORTEST_BAR = 24, 4
GAP = 2
"""Spaces between columns."""


class Column(NamedTuple):
    """A column of a table."""

    heading: str
    is_figure: bool = True
    """Whether its cells stay on one line, to the right; those of other columns wrap."""
    is_bold: bool = False


class Rows:
    """Rows of names and figures: a table, or where the terminal is too narrow for it a list.

    Args:
        columns: the first names the row.
        rows: the cells; empty ones are left out of the list.
    """

    def __init__(self, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
        self._columns = columns
        self._rows = [list(row) for row in rows]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """The form that fits."""
        if self._narrowest() <= options.max_width:
            yield self._table()
        else:
            for name, *cells in self._rows:
                yield _text(name, style="cyan", overflow="fold")
                named = zip((column.heading for column in self._columns[1:]), cells, strict=True)
                yield Padding(facts((heading, cell) for heading, cell in named if cell), (0, 0, 0, GAP))

    def _narrowest(self) -> int:
        """The width below which a figure would be cut or a name be broken too often."""
        cells = zip((column.heading for column in self._columns), *self._rows, strict=True)
        longest = [max(map(cell_len, column)) for column in cells]
        least = [
            width if column.is_figure else min(width, NARROWEST_NAME)
            for column, width in zip(self._columns, longest, strict=True)
        ]
        return sum(least) + GAP * (len(least) - 1)

    def _table(self) -> Table:
        table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0))
        for column in self._columns:
            table.add_column(
                column.heading,
                justify="right" if column.is_figure else "left",
                style="bold" if column.is_bold else None,
                no_wrap=column.is_figure,
                overflow="fold",
            )
        for row in self._rows:
            table.add_row(*map(_text, row))
        return table


class Harmless:
    """A page in which nothing that came with the data is obeyed by the terminal; styles stay.

    Args:
        page: anything that rich shows; the blocks above escape their texts already, before they are laid out.
    """

    def __init__(self, page: RenderableType) -> None:
        self._page = page

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """The same, escaped."""
        for segment in console.render(self._page, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)


class Bars:
    """The share of each label, as a bar where there is room for one."""

    def __init__(self, shares: Mapping[str, float]) -> None:
        self._shares = shares

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """As wide as fits."""
        shown = [f"{share:.1%}" for share in self._shares.values()]
        longest = max(map(cell_len, self._shares))
        room = options.max_width - min(longest, options.max_width // 2) - max(map(len, shown)) - 2 * GAP
        width, most = min(BAR_WIDTH, room), max(self._shares.values())
        table = Table.grid(padding=(0, GAP, 0, 0))
        table.add_column(style="cyan", overflow="fold")
        if width >= SHORTEST_BAR:
            table.add_column(no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        for (label, share), words in zip(self._shares.items(), shown, strict=True):
            bar = ["█" * max(1, round(width * share / most))] if width >= SHORTEST_BAR else []
            table.add_row(_text(label), *bar, words)
        yield table


def _text(words: str, **how: Any) -> Text:
    return Text(visible(words), **how)


def facts(rows: Iterable[tuple[str, str]]) -> Table:
    """Names of facts beside the facts; both wrap, the wider one first."""
    table = Table.grid(padding=(0, GAP, 0, 0))
    table.add_column(style="cyan", overflow="fold")
    table.add_column(overflow="fold")
    for name, fact in rows:
        table.add_row(_text(name), _text(fact))
    return table


def heading(words: str) -> Text:
    """The title of a page or of a part of it."""
    return _text(words, style="bold")


def point(sentence: str, *, style: str = "") -> RenderableType:
    """One of several sentences."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_row("•", _text(sentence, style=style))
    return table


def as_it_is(text: str) -> Text:
    """Text whose lines are not broken where the terminal ends, such as a prompt or a path."""
    return _text(text, no_wrap=True, overflow="ignore")
