"""What an estimate says: for Python, for scripts and for the terminal."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from judgekit.core.json_values import json_values
from judgekit.core.metrics import Interval
from judgekit.core.ppi import Estimated
from judgekit.decisions.likeness import Difference

Measure = Literal["share", "mean", "win rate"]


class Quantity(NamedTuple):
    """One thing that is estimated."""

    name: str
    """The label; of a win rate the label that counts as a win."""
    measure: Measure
    """The share of annotations of a label, the mean of an ordinal scale, or a win rate, in which a tie is half a win.
    """
    estimate: Estimated


class Part(NamedTuple):
    """The estimates for some of the items."""

    group: str
    """The value of the column that they share."""
    items: int
    annotated: int
    quantities: tuple[Quantity, ...]
    """Empty where too few items are annotated."""
    judge: tuple[float, ...]
    """The label shares as the judge alone sees them, `[K]`."""


class Change(NamedTuple):
    """How much more of one thing there is than in the other table."""

    name: str
    measure: Measure
    difference: Interval


class Comparison(NamedTuple):
    """The difference of two tables."""

    source: str
    """The other one."""
    items: int
    annotated: tuple[int, int]
    """Annotated items in the one and in the other."""
    pairs: int
    """Items that are in both, by their ids."""
    changes: tuple[Change, ...]


class EstimateResult(NamedTuple):
    """What people would say of the items of a table.

    Examples:
        >>> found = estimate("new.csv", annotations="held_out.csv")
        >>> [one.name for one in found.quantities if one.measure == "share"]
        ['bad', 'fair', 'good']
        >>> found.quantities[0].estimate.low <= found.quantities[0].estimate.value
        True
    """

    judge: str
    source: str
    items: int
    """Items of the table."""
    annotated: int
    """Annotated items that the estimate rests on."""
    annotations: int
    annotated_source: str
    among: int
    """Annotated items that are in the table."""
    left_out: int
    """Annotated items that are not used, as the judge was trained on them."""
    trained_on: int
    """Items of the table that the judge was trained on, and that its mean is taken without."""
    is_tuned: bool
    """Whether the judge's checkpoint and temperature were chosen on some of the annotated items."""
    confidence: float
    quantities: tuple[Quantity, ...]
    by: str | None
    parts: tuple[Part, ...]
    """For each value of the column `by`; empty without one."""
    against: Comparison | None
    is_weighted: bool
    """Whether the annotated items count by the chance with which each was drawn."""
    not_used: str
    """Annotated items that say nothing of this table, in words; empty where there are none."""
    differences: tuple[Difference, ...]
    """How the annotated items differ from the new ones by more than chance; empty where they are weighted."""

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON values; null where undefined."""
        return json_values(self)
