"""The probabilities layout: shares of labels and a number of annotators, which together give back the counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from judgekit.config.roles import Layout
from judgekit.errors import DataError
from judgekit.schema.layouts.layout import NOBODY, Claim, Judged
from judgekit.schema.layouts.tallies import (
    Tally,
    describes_the_item,
    numbers_to_annotations,
    pick,
    runs_of,
    totals,
    varying,
    whole_numbers,
)
from judgekit.schema.schema import Schema
from judgekit.tables.column_names import TOTAL_NAMES, in_preference_order, strip_count_affix, strip_share_affix
from judgekit.tables.source import ROW, TableAccount

_FLOAT_ERROR = 1e-6
"""Of a share that was computed in single precision."""
_COMPUTED_DIGITS = 6
"""So many digits nobody types: the shares were written by a program, whose 0.5 is one half."""
_MOST_NUMBER = 10**9


class Shares(NamedTuple):
    """Cells as numbers."""

    values: npt.NDArray[np.float64]
    """From 0 to 1, `[rows, labels]`; an empty cell is 0, one that is no number NaN."""
    unit: npt.NDArray[np.float64]
    """The last place to which the shares of each row are known, `[rows]`."""
    is_filled: npt.NDArray[np.bool_]
    """`[rows]`."""


class Probabilities(Tally):
    """A column holds the share of one label."""

    layout: ClassVar[Layout] = "probabilities"

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that hold the share of one label each, in file order; none where the table has no such."""
        state = self.state
        columns = list(state.roles.counts) or [name for name in state.free() if not describes_the_item(name)]
        if state.known_labels and not state.roles.counts:
            columns = [name for name in columns if {name, *strip_share_affix([name])} & set(state.known_labels)]
        return tuple(self._adding_up(columns) or self._unanimous(columns))

    def _adding_up(self, columns: Sequence[str]) -> list[str]:
        """Columns of decimals or percentages that add up to 1 or 100."""
        frame = self.state.frame
        plain = pl.all().str.strip_chars(" \t%").str.replace(",", ".", literal=True)
        numbers = pick(frame, columns).select(plain.cast(pl.Float64, strict=False))
        found = [name for name in columns if numbers.get_column(name).null_count() == 0]
        for run in [found, *sorted(runs_of(found), key=len, reverse=True)]:
            if len(run) < 2 or (varying(numbers, run) < 2 and strip_share_affix(run) == run):
                continue
            total = totals(numbers, run)
            signs = any(frame.get_column(name).str.contains("%", literal=True).any() for name in run)
            is_whole = not signs and all(self.state.evidence[name].is_integer for name in run)
            if not is_whole and (((total - 1).abs() < 0.02).all() or ((total - 100).abs() < 1.5).all()):
                return run
            if is_whole and frame.height >= 5 and (total == 100).all():
                cells = pick(numbers, run).cast(pl.Int64)
                if math.gcd(*(value for column in cells.get_columns() for value in column.unique().to_list())) >= 5:
                    return run
        return []

    def _unanimous(self, columns: Sequence[str]) -> list[str]:
        """Columns named like shares that are 1 for one label and 0 for the others: all annotators agree."""
        integers = [name for name in columns if self.state.evidence[name].is_integer]
        named = [name for name in integers if strip_share_affix([name]) != [name]]
        short = strip_share_affix(named)
        if len(named) < 2 or short == named or all(name.isdigit() for name in short):
            return []
        total = whole_numbers(self.state.frame, named).sum_horizontal()
        return named if total.is_in([1, 100]).all() and total.n_unique() == 1 else []

    def claim(self) -> Claim:
        """The columns of the shares, and the number of annotators of each row."""
        columns = self.columns or self.state.roles.counts
        if len(columns) < 2:
            raise DataError(
                f"{self.state.source.name}: no columns hold shares of labels that add up to 1.",
                hint="Name them with --counts, once for each label, or the layout with --layout.",
            )
        self.state.claim(columns, f"{', '.join(columns)} hold the share of one label each")
        return Claim([Judged(columns=columns)], number=self._find_number(columns))

    def _find_number(self, shares: Sequence[str]) -> str:
        """The column with the number of annotators of each row, or that number itself."""
        state = self.state
        if number := (state.roles.number or "").strip():
            if number.isdigit() and int(number) == 0:
                raise DataError("--number is 0; it must be at least 1.")
            state.reasons.append(f"{number!r} is the number of annotators, {state.whose_word('number')}")
            return number
        is_percent = any(state.frame.get_column(name).str.contains(r"%|^\s*(\d{2,}|[2-9])").any() for name in shares)
        total = "100" if is_percent else "1"
        for name in in_preference_order(state.free(), sorted(TOTAL_NAMES)):
            cells = state.frame.get_column(name).str.strip_chars().str.replace(r"\.0+$", "")
            if state.evidence[name].is_integer and (cells != total).any():  # else it is the sum of the shares
                state.claim([name], f"{name!r} is the number of annotators of each row, by its name")
                return name
        # Shares alone do not say how much they can be trusted.
        raise DataError(
            f"{state.source.name}: {', '.join(shares)} look like probabilities or percentages, not like annotations.",
            hint="Say of how many annotators they are: --number 5, or --number COLUMN where the rows differ; if these "
            "are counts, say --layout counts.",
        )

    def short_names(self, columns: Sequence[str]) -> list[str]:
        """Without `p_`, `_share`, `%` and the like."""
        short = strip_share_affix(columns)
        return strip_count_affix(columns) if short == list(columns) else short

    @staticmethod
    def to_annotations(schema: Schema, rows: pl.DataFrame, account: TableAccount) -> pl.DataFrame:
        """Whole numbers of annotators behind the shares of each row, by largest remainder."""
        shares = _shares_of(rows, schema.count_columns)
        number, is_number = _numbers_of(rows, schema.number or "")
        counts, is_near = _whole_numbers_behind(shares, number)
        is_coarse = number * shares.unit > 1
        off = np.abs(shares.values.sum(axis=1) - 1)
        problems = [
            (~is_number, "the number of annotators is not a whole number of 1 or more"),
            (
                ~((shares.values >= 0) & (shares.values <= 1)).all(axis=1),
                "a share is not a number from 0 to 1, or 0 to 100 %",
            ),
            (off > (shares.unit + _FLOAT_ERROR) * len(schema.count_columns), "the shares do not add up to 1"),
            (~(is_near | is_coarse), "the shares are not those of so many annotators"),
        ]
        keep = shares.is_filled.copy()
        account.set_aside(NOBODY, rows.get_column(ROW).filter(pl.Series(~keep)))
        for is_wrong, reason in problems:
            wrong = rows.filter(pl.Series(is_wrong & keep))
            words = (
                f"{account.source.place([row[ROW]])}: {_in_words(row, schema)}; {reason}"
                for row in wrong.iter_rows(named=True)
            )
            account.set_aside(reason, wrong.get_column(ROW), is_fault=True, details=words)
            keep &= ~is_wrong
        if (coarse := int((is_coarse & keep).sum())) > 0:
            account.warnings.append(
                f"Rows whose shares have too few digits for so many annotators: {coarse:,}; their counts are near the "
                "true ones."
            )
        numbers = pl.DataFrame(counts[keep].astype(np.int64))
        return numbers_to_annotations(schema, rows.filter(pl.Series(keep)), numbers, account)


def _whole_numbers_behind(
    shares: Shares, number: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """The numbers of annotators behind the shares, `[rows, labels]`, and whether they give these shares, `[rows]`."""
    unit = (shares.unit + _FLOAT_ERROR)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        exact = shares.values / shares.values.sum(axis=1)[:, None] * number[:, None]
        counts = np.floor(exact + _FLOAT_ERROR * number[:, None])
        rest = number - counts.sum(axis=1)
        order = np.argsort(-(exact - counts), axis=1, kind="stable")
        counts += np.argsort(order, axis=1, kind="stable") < rest[:, None]
        off = counts / number[:, None] - shares.values
    # A printed share was rounded, or cut off, which makes it too small only.
    return counts, ((off >= -unit / 2) & (off < unit)).all(axis=1)


def _in_words(row: dict[str, str], schema: Schema) -> str:
    shares = ", ".join(f"{name} {row[name]!r}" for name in schema.count_columns)
    return f"{shares} of {row.get(schema.number or '', schema.number)} annotators"


def _shares_of(rows: pl.DataFrame, columns: Sequence[str]) -> Shares:
    cells = pick(rows, columns)
    plain = cells.select(pl.all().str.strip_chars(" \t%").str.replace(",", ".", literal=True))
    is_empty = plain.select(pl.all() == "").to_numpy()
    cast = plain.select(pl.all().cast(pl.Float64, strict=False).fill_null(float("nan")))
    values = np.where(is_empty, 0.0, cast.to_numpy())
    # `1e-05` has all the digits that there are
    places = plain.select(
        pl.when(column.str.contains("(?i)e"))
        .then(16)
        .otherwise(column.str.extract(r"\.(\d+)").str.len_bytes().fill_null(0))
        .alias(column.name)
        for column in plain.get_columns()
    )
    digits = places.to_numpy().max(axis=1, initial=0).astype(np.float64)
    # Zeros at the end are often not printed: 0.5 among shares of two digits is 0.50.
    most = digits.max(initial=0)
    digits = np.maximum(digits, most if most >= _COMPUTED_DIGITS else min(most, 2))
    unit = 10.0**-digits
    has_sign = bool(cells.select(pl.any_horizontal(pl.all().str.contains("%", literal=True)).any()).item())
    if rows.height and (
        has_sign or float(np.nanmedian(np.where(np.all(is_empty, axis=1), np.nan, values.sum(axis=1)))) > 1.5
    ):
        values, unit = values / 100, unit / 100
    return Shares(values, unit, ~np.all(is_empty, axis=1))


def _numbers_of(rows: pl.DataFrame, number: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """The number of annotators of each row, and whether it is one; 1 where it is not."""
    if number.isdigit():
        return np.full(rows.height, float(number)), np.ones(rows.height, dtype=np.bool_)
    cells = rows.get_column(number).str.strip_chars().str.replace(r"\.0+$", "")
    found = cells.cast(pl.Int64, strict=False).fill_null(0).to_numpy()
    is_number = (found > 0) & (found <= _MOST_NUMBER)
    return np.where(is_number, found, 1).astype(np.float64), is_number
