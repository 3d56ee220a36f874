"""Which column is what: the settled roles of a table, and how they are stored. The guessing is `inference.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, Literal, get_args

from judgekit.errors import DataError

Layout = Literal["long", "wide", "counts", "list", "probabilities"]


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
    """Labels as they stand in the file, and what they are to be read as."""
    drop_labels: tuple[str, ...] = ()
    """Labels that are no judgment, as `skip`: such annotations are set aside."""
    group: str | None = None
    """Column whose values keep items on one side of a split."""
    layout: Layout | None = None
    labels: tuple[str, ...] = ()
    """The labels, lowest first; three or more declared labels are an ordinal scale."""
    annotator_columns: tuple[str, ...] = ()
    """Columns of one annotator each (wide layout)."""

    def __post_init__(self) -> None:
        if self.layout is not None and self.layout not in get_args(Layout):
            raise DataError(
                f"There is no layout called {self.layout!r}.", hint=f"It is one of {', '.join(get_args(Layout))}."
            )

    def named(self) -> list[str]:
        """Every column that the user named."""
        single = [name for name in (self.item, self.annotator, self.group, self.split) if name is not None]
        number = [self.number] if self.number and not self.number.strip().isdigit() else []
        return [*single, *self.label, *self.text, *self.counts, *self.annotator_columns, *number]

    def over(self, other: Roles) -> Roles:
        """These roles, and those of `other` where these say nothing."""
        return Roles(**{field.name: getattr(self, field.name) or getattr(other, field.name) for field in fields(self)})


@dataclass(frozen=True)
class Schema:
    """The settled reading of one table."""

    layout: Layout
    item: str | None
    """None: an item is identified by its texts."""
    annotator: str | None
    label: str | None
    """Column of the label (long layout) or of the labels (list layout)."""
    annotator_columns: tuple[str, ...]
    count_columns: tuple[str, ...]
    """Columns of counts, or of shares (probabilities layout), in the order of `labels`; a judge's label may have none
    (its count is 0), a label that others are read as may have several."""
    count_labels: tuple[str, ...]
    """The label of each count column, as the file names it."""
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
    is_declared: bool = False
    """Whether the labels were given, by the user, a judge or the columns: then those that nobody chose stay."""
    dimension: str | None = None
    """What is judged, where one table gives several datasets: the label column, or the word that tells the columns of
    one rating from those of another (`fluency` of `rater1_fluency`)."""
    number: str | None = None
    """Column with the number of annotators of each row, or that number itself (probabilities layout)."""
    separator: str | None = None
    """What separates the labels in one cell (list layout); None for JSON lists."""
    split: str | None = None
    """Column with the part of a given split."""
    label_map: tuple[tuple[str, str], ...] = ()
    """Labels as they stand in the file, and what they are read as."""
    drop_labels: tuple[str, ...] = ()
    """Labels, after the map, that are no judgment."""

    def to_json(self) -> dict[str, Any]:
        """A dict of plain JSON values."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Schema:
        """The schema `to_json` described.

        Raises:
            DataError: a key is missing or unknown.
        """
        known = {field.name for field in fields(cls)}
        required = {field.name for field in fields(cls) if field.default is MISSING}
        wrong = sorted((set(stored) - known) | (required - set(stored)))  # older datasets lack the newer keys
        if wrong:
            raise DataError(
                f"The stored schema is damaged or of another version: {', '.join(wrong)}.", hint="Ingest again."
            )
        settled: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
        }
        settled["label_map"] = tuple((old, new) for old, new in stored.get("label_map", ()))
        return cls(**settled)
