"""Which column is what: the settled roles of a table, and how they are stored. The guessing is `inference.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, Literal

from judgekit.config.roles import Layout, Roles
from judgekit.errors import DataError


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
    chance: str | None = None
    """Column with the chance with which each item was drawn (`judgekit select`)."""
    label_map: tuple[tuple[str, str], ...] = ()
    """Labels as they are in the file, and what they are read as."""
    drop_labels: tuple[str, ...] = ()
    """Labels, after the map, that are no judgment."""
    of_annotation: tuple[str, ...] = ()
    of_annotator: tuple[str, ...] = ()
    """Columns kept beside the annotations: what is known of each, and of who gave it."""

    def as_roles(self) -> Roles:
        """What the columns mean, as roles that read a table of the same kind the same way."""
        is_stated = self.is_declared and (self.scale == "ordinal" or len(self.labels) < 3)
        return Roles(
            item=self.item,
            annotator=self.annotator,
            label=(self.label,) if self.label else (),
            text=self.fields,
            counts=self.count_columns,
            number=self.number,
            separator=self.separator,
            split=self.split,
            label_map=self.label_map,
            drop_labels=self.drop_labels,
            group=self.group,
            layout=self.layout,
            labels=self.labels if is_stated else (),
            annotator_columns=self.annotator_columns,
            of_annotation=self.of_annotation,
            of_annotator=self.of_annotator,
        )

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
