"""The probabilities layout: shares of labels and a number of annotators, which together give back the counts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from judgekit.errors import DataError
from judgekit.schema.inference_state import Claims
from judgekit.schema.layouts.counts import describes_the_item, shares_of_labels, whole_numbers
from judgekit.schema.schema import Schema
from judgekit.tables.column_names import TOTAL_NAMES, in_preference_order, strip_share_affix
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


def find_shares(claims: Claims, pool: list[str]) -> tuple[str, ...]:
    """The columns that hold the share of one label each, in file order; none where the table has no such."""
    columns = list(claims.roles.counts) or [name for name in pool if not describes_the_item(name)]
    if claims.known_labels and not claims.roles.counts:
        columns = [name for name in columns if {name, *strip_share_affix([name])} & set(claims.known_labels)]
    found = shares_of_labels(claims.frame, columns, claims.evidence)
    return tuple(found or _unanimous_shares(claims, columns))


def _unanimous_shares(claims: Claims, columns: list[str]) -> list[str]:
    """Columns named like shares that are 1 for one label and 0 for the others: every item has annotators who agree."""
    named = [name for name in columns if claims.evidence[name].is_integer and strip_share_affix([name]) != [name]]
    short = strip_share_affix(named)
    if len(named) < 2 or short == named or all(name.isdigit() for name in short):
        return []
    total = whole_numbers(claims.frame, named).sum_horizontal()
    return named if total.is_in([1, 100]).all() and total.n_unique() == 1 else []


def find_number(claims: Claims, shares: tuple[str, ...]) -> str:
    """The column with the number of annotators of each row, or that number itself.

    Raises:
        DataError: there is none: shares alone do not say how much they can be trusted.
    """
    told = (claims.roles.number or "").strip()
    if told:
        if told.isdigit() and int(told) == 0:
            raise DataError("--number is 0; it must be at least 1.")
        claims.reasons.append(f"{told!r} is the number of annotators, {claims.told('number')}")
        return told
    is_percent = any(claims.frame.get_column(name).str.contains(r"%|^\s*(\d{2,}|[2-9])").any() for name in shares)
    total = "100" if is_percent else "1"
    for name in in_preference_order(claims.free(), sorted(TOTAL_NAMES)):
        cells = claims.frame.get_column(name).str.strip_chars().str.replace(r"\.0+$", "")
        if claims.evidence[name].is_integer and (cells != total).any():  # else it is the sum of the shares
            claims.claim([name], f"{name!r} is the number of annotators of each row, by its name")
            return name
    raise DataError(
        f"{claims.source.name}: {', '.join(shares)} look like probabilities or percentages, not like annotations.",
        hint="Say of how many annotators they are: --number 5, or --number COLUMN where the rows differ; if these are "
        "counts, say --layout counts.",
    )


def counts_of_shares(schema: Schema, rows: pl.DataFrame, account: TableAccount) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Whole numbers of annotators behind the shares of each row, by largest remainder.

    Args:
        schema: names the columns of the shares and the number of annotators.
        rows: the rows.
        account: gets the rows whose shares are none, or are none of that number of annotators.

    Returns:
        The rows that are left, and their counts: one Int64 column per label, in the order of `schema.count_columns`.
    """
    shares = _shares_of(rows, schema.count_columns)
    number, is_number = _numbers_of(rows, schema.number or "")
    total, unit = shares.values.sum(axis=1), shares.unit + _FLOAT_ERROR
    with np.errstate(invalid="ignore", divide="ignore"):
        exact = shares.values / total[:, None] * number[:, None]
        counts = np.floor(exact + _FLOAT_ERROR * number[:, None])
        rest = number - counts.sum(axis=1)
        order = np.argsort(-(exact - counts), axis=1, kind="stable")
        counts += np.argsort(order, axis=1, kind="stable") < rest[:, None]
        off = counts / number[:, None] - shares.values
    # A printed share was rounded, or cut off, which makes it too small only.
    is_near = ((off >= -unit[:, None] / 2) & (off < unit[:, None])).all(axis=1)
    is_coarse = number * shares.unit > 1
    problems = [
        (~is_number, "the number of annotators is no whole number from 1"),
        (~((shares.values >= 0) & (shares.values <= 1)).all(axis=1), "a share is no number from 0 to 1, or 0 to 100 %"),
        (np.abs(total - 1) > unit * len(schema.count_columns), "the shares do not add up to 1"),
        (~(is_near | is_coarse), "the shares are not those of so many annotators"),
    ]
    keep = shares.is_filled.copy()
    account.set_aside("no annotator labelled the item", rows.get_column(ROW).filter(pl.Series(~keep)))
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
            f"Rows whose shares have too few digits for so many annotators: {coarse:,}; their counts are near the true "
            "ones."
        )
    kept = counts[keep].astype(np.int64)
    names = [f"\x00{n}" for n in range(kept.shape[1])]
    return rows.filter(pl.Series(keep)), pl.DataFrame(kept, schema=names)


def _in_words(row: dict[str, str], schema: Schema) -> str:
    shares = ", ".join(f"{name} {row[name]!r}" for name in schema.count_columns)
    return f"{shares} of {row.get(schema.number or '', schema.number)} annotators"


def _shares_of(rows: pl.DataFrame, columns: tuple[str, ...]) -> Shares:
    cells = pl.DataFrame([rows.get_column(name) for name in columns])
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
