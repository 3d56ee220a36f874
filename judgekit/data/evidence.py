"""What the cells of a column say about its role: how many values, how long, constant within an item or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from judgekit.data.source import ROW

MOST_LABELS = 50
_SHORT_CHARACTERS = 60
_MISTAKES_SHARE = 0.1
_WORDS = r"\p{L}\S*\s+\S*\p{L}|[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]{4}"
_TEXT_SPACED_SHARE = 0.3


class ColumnEvidence(NamedTuple):
    """Figures of one column; shares are of its non-empty cells."""

    rows: int
    filled: int
    distinct: int
    """Distinct non-empty values."""
    mean_characters: float
    most_characters: int
    spaced_share: float
    """Cells with two words: white space between letters, or a run of a script that is written without it."""
    integer_share: float
    """Whole numbers; `3.0` is one, as tables that were joined or pivoted hold them."""
    number_share: float
    has_zero: bool

    @property
    def is_number(self) -> bool:
        """Whether every non-empty cell is a number."""
        return self.filled > 0 and self.number_share == 1

    @property
    def is_integer(self) -> bool:
        """Whether the cells are whole numbers, a few mistakes aside: those are reported rather than the column lost."""
        good = round(self.integer_share * self.filled)
        bad = self.rows - good
        return good > 0 and good >= 2 * bad and bad <= max(1, _MISTAKES_SHARE * self.rows)

    @property
    def is_prose(self) -> bool:
        """Whether the cells read like texts rather than codes, names or numbers."""
        return not self.is_number and self.spaced_share >= _TEXT_SPACED_SHARE

    @property
    def is_category(self) -> bool:
        """Whether few short values return often, as those of a topic, a model or a label do."""
        few = self.distinct <= max(3, min(MOST_LABELS, self.filled // 10))
        return few and self.most_characters <= _SHORT_CHARACTERS

    @property
    def could_be_labels(self) -> bool:
        """Whether the values could be a label set at all."""
        return (
            2 <= self.distinct <= MOST_LABELS
            and self.most_characters <= _SHORT_CHARACTERS
            and (self.distinct < 0.9 * self.filled or self.filled <= 10)
        )


def weigh_columns(frame: pl.DataFrame) -> dict[str, ColumnEvidence]:
    """Figures of every column, computed in one pass over the frame."""
    if frame.height == 0:
        return {name: ColumnEvidence(0, 0, 0, 0.0, 0, 0.0, 0.0, 0.0, False) for name in frame.columns}
    figures: dict[str, ColumnEvidence] = {}
    for name in frame.columns:
        # Figures of the distinct values, weighted by how often each occurs: long files repeat their texts.
        values = frame.select(pl.col(name).alias("value")).group_by("value").len()
        values = values.filter(pl.col("value").str.strip_chars() != "")
        value, weight = pl.col("value"), pl.col("len").cast(pl.Float64)
        row = values.select(
            filled=pl.col("len").sum(),
            mean=(value.str.len_chars() * weight).sum(),
            most=value.str.len_chars().max().fill_null(0),
            spaced=(value.str.contains(_WORDS) * weight).sum(),
            integer=(value.str.contains(r"^\s*\d{1,15}(\.0+)?\s*$") * weight).sum(),
            number=(value.str.contains(r"^\s*[+-]?\d+([.,]\d+)?\s*$") * weight).sum(),
            zero=value.str.contains(r"^\s*0+(\.0+)?\s*$").any(),
        ).row(0, named=True)
        filled = max(int(row["filled"]), 1)
        figures[name] = ColumnEvidence(
            rows=frame.height,
            filled=int(row["filled"]),
            distinct=values.height,
            mean_characters=row["mean"] / filled,
            most_characters=int(row["most"]),
            spaced_share=row["spaced"] / filled,
            integer_share=row["integer"] / filled,
            number_share=row["number"] / filled,
            has_zero=bool(row["zero"]),
        )
    return figures


class Groups:
    """Rows that belong together: the annotations of an item, or those of an annotator."""

    def __init__(self, frame: pl.DataFrame, keys: Sequence[str]) -> None:
        self._frame = frame
        rows = frame.select(*keys).with_row_index(ROW)
        # The first row of each row's group: comparing with it tells whether a column is constant within groups.
        self.first = rows.select(pl.col(ROW).first().over([pl.col(key) for key in keys])).to_series()
        self.is_first = self.first == rows.get_column(ROW)
        self.number = int(self.is_first.sum())

    @property
    def repeat(self) -> bool:
        """Whether any group has a second row."""
        return self.number < self._frame.height

    def constant_share(self, name: str) -> float:
        """Share of the groups of several rows in which all cells of the column are equal; 1 without such groups."""
        several = self.first.filter(~self.is_first).n_unique()
        if several == 0:
            return 1.0
        column = self._frame.get_column(name)
        return 1 - self.first.filter(column != column.gather(self.first)).n_unique() / several
