"""What the cells of a column say about its role: how many values, how long, constant within an item or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from judgekit.tables.source import ROW

MOST_LABELS = 50
_SHORT_CHARACTERS = 60
_MISTAKES_SHARE = 0.1
_WORDS = r"\p{L}\S*\s+\S*\p{L}|[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]{4}"
_TEXT_SPACED_SHARE = 0.3
_EXACT_ROWS = 100_000
_SAMPLE_RUNS, _RUN_ROWS = 100, 250
_NUMBERS_SHARE = 0.5
"""A column with fewer numbers in the sample is none of numbers, however it goes on."""


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
    values: Mapping[str, int]
    """How often each non-empty value occurs in the column, where they are `MOST_LABELS` at most; else empty."""

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
    """Figures of every column, exact wherever a decision depends on it.

    Of a long table a sample is weighed first: runs of rows, so that items stay together, from all over the table, in
    case it is sorted. It is enough for texts, and for ids that return: no further row could make few values or
    numbers of them. Their figures are then estimates; every other column is weighed as a whole.
    """
    if frame.height <= _EXACT_ROWS:
        return _figures(frame)
    starts = np.linspace(0, frame.height - _RUN_ROWS, _SAMPLE_RUNS).astype(int).tolist()
    sample = _figures(pl.concat([frame.slice(start, _RUN_ROWS) for start in starts]))
    whole = _figures(frame.select(name for name, figures in sample.items() if not _is_settled(figures)))
    times = frame.height / (_SAMPLE_RUNS * _RUN_ROWS)
    return {
        name: whole.get(name)
        or figures._replace(
            rows=frame.height, filled=round(times * figures.filled), distinct=round(times * figures.distinct)
        )
        for name, figures in sample.items()
    }


def _is_settled(sample: ColumnEvidence) -> bool:
    """Whether no further rows could make the column one of few values, of numbers, or of another value in every row."""
    returns = sample.distinct < sample.filled or sample.is_prose
    return returns and sample.distinct > MOST_LABELS and sample.number_share < _NUMBERS_SHARE


def _figures(frame: pl.DataFrame) -> dict[str, ColumnEvidence]:
    # Long files repeat their texts, so that figures are taken of the distinct ones, which are distinguished by their
    # hashes: to group the texts themselves takes three times as long.
    cells = frame.lazy().with_row_index(ROW)
    counts = pl.collect_all(
        cells.select(ROW, pl.col(name).hash().alias("hash")).group_by("hash").agg(pl.len(), pl.col(ROW).first())
        for name in frame.columns
    )
    figures: dict[str, ColumnEvidence] = {}
    for name, count in zip(frame.columns, counts, strict=True):
        values = count.select("len", value=frame.get_column(name).gather(count.get_column(ROW)))
        figures[name] = _weigh(values.filter(pl.col("value").str.strip_chars() != ""), frame.height)
    return figures


def _weigh(values: pl.DataFrame, rows: int) -> ColumnEvidence:
    """Figures of a column from its distinct non-empty values (`value`) and their numbers (`len`)."""
    value, weight = pl.col("value"), pl.col("len").cast(pl.Float64)
    row = values.select(
        filled=pl.col("len").sum(),
        characters=(value.str.len_chars() * weight).sum(),
        most=value.str.len_chars().max().fill_null(0),
        spaced=(value.str.contains(_WORDS) * weight).sum(),
        integer=(value.str.contains(r"^\s*\d{1,15}(\.0+)?\s*$") * weight).sum(),
        number=(value.str.contains(r"^\s*[+-]?\d+([.,]\d+)?\s*$") * weight).sum(),
        zero=value.str.contains(r"^\s*0+(\.0+)?\s*$").any(),
    ).row(0, named=True)
    filled = max(row["filled"], 1)
    return ColumnEvidence(
        rows=rows,
        filled=row["filled"],
        distinct=values.height,
        mean_characters=row["characters"] / filled,
        most_characters=row["most"],
        spaced_share=row["spaced"] / filled,
        integer_share=row["integer"] / filled,
        number_share=row["number"] / filled,
        has_zero=row["zero"],
        values=dict(sorted(values.select("value", "len").iter_rows())) if values.height <= MOST_LABELS else {},
    )
