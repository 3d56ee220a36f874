"""Column roles as somebody states them: the user, a format, or the judge that was trained on them."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, cast, get_args

from judgekit.errors import DataError

Layout = Literal["long", "wide", "counts", "list", "probabilities"]

_SINGLE = ("item", "annotator", "group", "split", "number")
_SEVERAL = ("label", "text", "counts", "annotator_columns")
"""Roles that name columns: one each, or several."""


@dataclass(frozen=True)
class Roles:
    """The user's word on columns, where the guess would be wrong; empty means: find out."""

    item: str | None = None
    """Column that identifies the item."""
    annotator: str | None = None
    """Column that names the annotator (long layout), or lists the annotators of a row (list layout)."""
    label: tuple[str, ...] = ()
    """Columns that hold the label (long layout) or a list of them (list layout); several make one dataset each."""
    text: tuple[str, ...] = ()
    """Columns whose texts enter the prompt, in this order."""
    counts: tuple[str, ...] = ()
    """Columns that count one label each (counts layout), or hold its share (probabilities layout)."""
    number: str | None = None
    """Column with the number of annotators of each row, or that number itself where it is one for all
    (probabilities layout)."""
    separator: str | None = None
    """What separates the labels in one cell (list layout); a JSON list needs none."""
    split: str | None = None
    """Column that says to which part of a given split an item belongs."""
    label_map: tuple[tuple[str, str], ...] = ()
    """Labels as they are in the file, and what they are to be read as."""
    drop_labels: tuple[str, ...] = ()
    """Labels that are no judgment, as `skip`: such annotations are set aside."""
    group: str | None = None
    """Column whose values keep items on one side of a split."""
    layout: Layout | None = None
    labels: tuple[str, ...] = ()
    """The labels, lowest first; three or more declared labels are an ordinal scale."""
    annotator_columns: tuple[str, ...] = ()
    """Columns of one annotator each (wide layout)."""
    of_annotation: tuple[str, ...] = ()
    of_annotator: tuple[str, ...] = ()
    """Columns kept beside the annotations (long layout), of those that the table has."""

    def __post_init__(self) -> None:
        if self.layout is not None and self.layout not in get_args(Layout):
            raise DataError(
                f"There is no layout called {self.layout!r}.", hint=f"It is one of {', '.join(get_args(Layout))}."
            )

    def named(self) -> list[str]:
        """Every column that the table must have."""
        number = None if (self.number or "").strip().isdigit() else self.number
        single = (self.item, self.annotator, self.group, self.split, number)
        several = (*self.label, *self.text, *self.counts, *self.annotator_columns)
        return [*filter(None, single), *several]

    def over(self, other: Roles) -> Roles:
        """These roles, and those of `other` where these say nothing."""
        return Roles(**{field.name: getattr(self, field.name) or getattr(other, field.name) for field in fields(self)})

    def within(self, columns: Container[str]) -> Roles:
        """These roles without those whose columns a table lacks; of several columns in one role all must be there."""
        missing = {name for name in self.named() if name not in columns}
        lost: dict[str, Any] = {role: None for role in _SINGLE if getattr(self, role) in missing}
        lost |= {role: () for role in _SEVERAL if missing.intersection(getattr(self, role))}
        return replace(self, **lost)

    def to_json(self) -> dict[str, Any]:
        """A dict of plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Roles:
        """The roles that `to_json` described; a role that an older version did not know is open.

        Raises:
            DataError: there is no such role.
        """
        settled: dict[str, Any] = dict(stored)
        unknown = sorted(settled.keys() - {field.name for field in fields(cls)})
        if unknown:
            raise DataError(f"The stored column roles are of another version: {', '.join(unknown)}.")
        for name, value in stored.items():
            if isinstance(value, list | tuple):
                settled[name] = tuple(cast("list[Any]", value))
        settled["label_map"] = tuple((old, new) for old, new in stored.get("label_map", ()))
        return cls(**settled)
