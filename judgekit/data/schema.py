"""Which column is what: the settled roles of a table, and how they are stored. The guessing is `inference.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from judgekit.errors import DataError

Layout = Literal["long", "wide", "counts"]


@dataclass(frozen=True)
class Roles:
    """The user's word on columns, where the guess would be wrong; empty means: find out."""

    item: str | None = None
    """Column that identifies the item."""
    annotator: str | None = None
    """Column that names the annotator (long layout)."""
    label: str | None = None
    """Column that holds the label (long layout)."""
    text: tuple[str, ...] = ()
    """Columns whose texts enter the prompt, in this order."""
    counts: tuple[str, ...] = ()
    """Columns that count one label each (counts layout)."""
    group: str | None = None
    """Column whose values keep items on one side of a split."""
    layout: Layout | None = None
    labels: tuple[str, ...] = ()
    """The labels, lowest first; three or more declared labels are an ordinal scale."""
    annotator_columns: tuple[str, ...] = ()
    """Columns of one annotator each (wide layout)."""

    def __post_init__(self) -> None:
        if self.layout is not None and self.layout not in get_args(Layout):
            raise DataError(f"There is no layout called {self.layout!r}.", hint="It is long, wide or counts.")

    def named(self) -> list[str]:
        """Every column that the user named."""
        single = [name for name in (self.item, self.annotator, self.label, self.group) if name is not None]
        return [*single, *self.text, *self.counts, *self.annotator_columns]


@dataclass(frozen=True)
class Schema:
    """The settled reading of one table."""

    layout: Layout
    item: str | None
    """None: an item is identified by its texts."""
    annotator: str | None
    label: str | None
    annotator_columns: tuple[str, ...]
    count_columns: tuple[str, ...]
    """In the order of `labels`; shorter than it only where a judge's label has no column (its count is 0)."""
    count_labels: tuple[str, ...]
    """The label of each count column."""
    fields: tuple[str, ...]
    """Columns whose texts enter the prompt."""
    group: str | None
    ignored: tuple[str, ...]
    labels: tuple[str, ...]
    scale: Literal["nominal", "ordinal"]
    values: tuple[float, ...]
    """The number of each label on an ordinal scale; empty for a nominal one."""
    reasons: tuple[str, ...]
    """One plain sentence per decision."""
    warnings: tuple[str, ...] = ()
    """Decisions that may have cost annotations or annotators, and the option that would undo each."""

    def to_json(self) -> dict[str, Any]:
        """A dict of plain JSON values."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Schema:
        """The schema `to_json` described.

        Raises:
            DataError: a key is missing or unknown.
        """
        expected = {field.name for field in fields(cls)}
        if set(stored) | {"warnings"} != expected:  # datasets of before there were warnings have none
            wrong = ", ".join(sorted((set(stored) | {"warnings"}) ^ expected))
            raise DataError(f"The stored schema is damaged or of another version: {wrong}.", hint="Ingest again.")
        settled: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
        }
        return cls(**settled)
