"""What a layout is: how a table is read in it, which columns hold its annotations, and how cells become annotations.

Each file beside this one holds one layout. A reading weighs its evidence when it is asked; `choice.py` decides.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import polars as pl

from judgekit.config.roles import Layout
from judgekit.schema.inference_state import InferenceState
from judgekit.schema.schema import Schema
from judgekit.tables.column_names import LABEL_NAMES, WEAK_LABEL_NAMES, names_a_settled_label, normalise
from judgekit.tables.shapes import is_blank
from judgekit.tables.source import ITEM, ROW, TableAccount

NOBODY = "no annotator labelled the item"
ONE = pl.lit(1, dtype=pl.Int64)
UNNAMED = pl.lit(None, dtype=pl.String).alias("annotator")


class Judged(NamedTuple):
    """What one dataset is made of: one label column, or the columns that hold its annotations together."""

    label: str | None = None
    columns: tuple[str, ...] = ()
    """The annotators' columns, or those of counts or shares."""
    dimension: str | None = None
    separator: str | None = None


class Claim(NamedTuple):
    """The columns that hold the annotations."""

    judged: Sequence[Judged]
    """One for each dataset."""
    annotator: str | None = None
    number: str | None = None


class LayoutReading(ABC):
    """One way to read a table.

    Args:
        state: the state of the inference, in which the item is settled.
    """

    layout: ClassVar[Layout]
    is_tally: ClassVar[bool] = False
    """Whether a column stands for a label, and its cells say how many annotators chose it."""

    is_row_an_annotation: ClassVar[bool] = False
    """Whether what else a row says may belong to one annotation."""

    def __init__(self, state: InferenceState) -> None:
        self.state = state

    @property
    def is_named(self) -> bool:
        """Whether the names of columns say that they hold the answers of one person each."""
        return False

    @abstractmethod
    def claim(self) -> Claim:
        """Claim the columns that hold the annotations.

        Raises:
            DataError: there are none, or the candidates are equally good.
        """

    def labels(self, judged: Judged) -> list[str]:
        """The labels as the file names them, each once."""
        columns = [judged.label] if judged.label else judged.columns
        return sorted(set[str]().union(*map(self.state.cells, columns)))

    def is_made_of_annotations(self, name: str) -> bool:
        """Whether the name of a column that is left over means a label that sums up the annotations."""
        return False

    def warn_of(self, left: Sequence[str], judged: Judged) -> list[str]:
        """Warnings of filled columns that are left over but may hold annotations, with the option to use them."""
        return []

    @staticmethod
    @abstractmethod
    def to_annotations(schema: Schema, rows: pl.DataFrame, account: TableAccount) -> pl.DataFrame:
        """The annotations of rows; rows without one are set aside.

        Args:
            schema: what each column means.
            rows: the columns of the source, `ROW` and `ITEM`.
            account: gets the rows that are set aside.

        Returns:
            `ROW`, `ITEM`, `annotator` (null where unnamed), `label`, `count` (Int64, positive), in file order.
        """


def filled_cells(cells: pl.DataFrame, reason: str, account: TableAccount) -> pl.DataFrame:
    """The annotations among cells that hold one label or none; rows without any are set aside."""
    is_empty = is_blank(cells.get_column("label"))
    annotations = cells
    if is_empty.any():
        annotations = cells.filter(~is_empty)
        rest = cells.join(annotations, on=ROW, how="anti", maintain_order="left").get_column(ROW)
        account.set_aside(reason, rest.unique(maintain_order=True))
    return annotations.select(ROW, ITEM, "annotator", "label", count=ONE)


def names_a_label(name: str) -> bool:
    """Whether a name means a label, of whomever."""
    return names_a_settled_label(name) or normalise(name) in (*LABEL_NAMES, *WEAK_LABEL_NAMES)


def counts_of(cells: pl.Series) -> pl.Series:
    """Cells as Int64, null where one is no whole number from 0."""
    text = cells.str.strip_chars()
    whole = text.str.replace(r"\.0+$", "").str.strip_prefix("+").cast(pl.Int64, strict=False)
    return pl.select(pl.when(text.str.contains(r"^\+?\d+(\.0+)?$")).then(whole)).to_series().alias(cells.name)
