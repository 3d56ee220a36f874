"""Columns that other columns determine: means, medians, majorities, sums. By content alone, whatever they are called.

A person who agrees with the others is no calculation: what counts are the rows in which the others differ, and in
these a person would deviate now and then.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import polars as pl

_ROWS = 20_000
_FITTING_SHARE = 0.95
_FITTING_SHARE_OF_MAJORITY = 0.99
"""A person agreed with the majority of the others in 95 % of such rows of SNLI; a majority does not err."""
_TELLING_ROWS = 8
"""So many rows in which the others differ; fewer say little of a column with values that a person could have given."""
_FEW_TELLING_ROWS = 3
"""Enough where the column has a fraction that no annotator has; one, where it fits in every row."""
_SAME_SHARE = 0.95
"""Of the rows: two columns that are equal in more are one calculation, of which neither proves the other."""
_FEWEST_STEPS = 3
_CHANCE = 1e-7
"""Below it nobody is taken for as faithful a person as the one of the others who fits best."""
DOUBTFUL = 0.01
"""Below it a person is doubtful, which is worth a question."""
_EXPECTED_AGREEMENTS = 8.0
"""So many equal pairs chance would have made: without one the columns are no annotators who decide alone."""
_FEWEST_COMPARED, _NO_KAPPA, _GOOD_KAPPA = 20, 0.1, 0.3
_Matrix = npt.NDArray[np.float64]


def derived_columns(frame: pl.DataFrame, names: Sequence[str], *, chance: float = _CHANCE) -> dict[str, str]:
    """Those of some columns that the others determine, and as what: `the mean of the others`.

    Args:
        frame: String columns without nulls.
        names: the columns that could hold one annotator's labels each.
        chance: how likely it may be that a person fits as well.
    """
    cells = pl.DataFrame([frame.get_column(name).head(_ROWS).str.strip_chars() for name in names])
    plain = cells.select(pl.all().str.replace(",", ".", literal=True).cast(pl.Float64, strict=False))
    is_blank = cells.select(pl.all() == "").to_numpy()
    is_number = not bool((plain.select(pl.all().is_null()).to_numpy() & ~is_blank).any())
    values = plain.cast(pl.Float64).to_numpy() if is_number else _codes(cells)
    values = np.where(is_blank, np.nan, values)
    fractions = cells.select(pl.all().str.extract(r"[.,](\d*[1-9])0*$").str.len_bytes().max().fill_null(0))
    digits: list[int] = fractions.to_numpy()[0].tolist()
    found: dict[str, str] = {}
    columns = range(len(names))
    # A calculation stands behind what it is made of, or anywhere; other calculations may stand beside it.
    for n, among in [*((n, range(n)) for n in columns), *((n, columns) for n in reversed(columns))]:
        others = [m for m in among if m != n and names[m] not in found]
        others = [m for m in others if digits[n] > digits[m] or not _same(values, n, m)]
        if names[n] not in found and len(others) > 1:
            with warnings.catch_warnings():  # of rows without a number
                warnings.simplefilter("ignore", RuntimeWarning)
                how = _calculation(values[:, n], values[:, others], digits[n], chance, is_number=is_number)
            found |= {names[n]: f"the {how} of the others"} if how else {}
    return found


def never_agree(frame: pl.DataFrame, names: Sequence[str]) -> bool:
    """Whether no two of some columns are ever equal in a row, though chance alone would make several so.

    Args:
        frame: String columns without nulls.
        names: the columns.
    """
    codes = _codes(pl.DataFrame([frame.get_column(name).head(_ROWS).str.strip_chars() for name in names]), blank=True)
    expected = 0.0
    for n, m in combinations(range(len(names)), 2):
        both = codes[~np.isnan(codes[:, [n, m]]).any(axis=1)][:, [n, m]]
        if (both[:, 0] == both[:, 1]).any():
            return False
        steps = np.unique(both)
        shares = [(both == step).mean(axis=0) for step in steps]
        expected += len(both) * float(sum(one * other for one, other in shares))
    return expected >= _EXPECTED_AGREEMENTS


def agreeing_with_nobody(frame: pl.DataFrame, names: Sequence[str]) -> list[str]:
    """Those of some columns that agree with no other beyond chance, though the others agree well.

    Args:
        frame: String columns without nulls.
        names: the columns.
    """
    codes = _codes(pl.DataFrame([frame.get_column(name).head(_ROWS).str.strip_chars() for name in names]), blank=True)
    kappa = np.full((len(names), len(names)), np.nan)
    for n, m in combinations(range(len(names)), 2):
        both = codes[~np.isnan(codes[:, [n, m]]).any(axis=1)][:, [n, m]]
        if len(both) < _FEWEST_COMPARED:
            return []
        shares = [(both == step).mean(axis=0) for step in np.unique(both)]
        expected = float(sum(one * other for one, other in shares))
        agreed = float((both[:, 0] == both[:, 1]).mean())
        kappa[n, m] = kappa[m, n] = (agreed - expected) / (1 - expected) if expected < 1 else 0.0
    found: list[str] = []
    for n, name in enumerate(names):
        others = np.delete(np.delete(kappa, n, axis=0), n, axis=1)
        if len(names) > 2 and np.nanmean(kappa[n]) < _NO_KAPPA and np.nanmean(others) > _GOOD_KAPPA:
            found.append(name)
    return found


def _codes(cells: pl.DataFrame, *, blank: bool = False) -> _Matrix:
    """A number for each label, for comparison only; NaN for an empty cell, if `blank`."""
    labels = {label: float(n) for n, label in enumerate(sorted(set(cells.unpivot().get_column("value").to_list())))}
    labels |= {"": float("nan")} if blank else {}
    return cells.select(pl.all().replace_strict(labels, return_dtype=pl.Float64)).to_numpy()


def _same(values: _Matrix, one: int, other: int) -> bool:
    both = ~np.isnan(values[:, one]) & ~np.isnan(values[:, other])
    return bool(both.any()) and float(np.mean(values[both, one] == values[both, other])) >= _SAME_SHARE


def _calculation(column: _Matrix, others: _Matrix, digits: int, chance: float, *, is_number: bool) -> str:
    """What a column `[rows]` is of others `[rows, columns]`; an empty text where it is none of the known things."""
    several = np.count_nonzero(~np.isnan(others), axis=1) > 1
    rows = several & ~np.isnan(column)
    column, others = column[rows], others[rows]
    if not column.size:
        return ""
    differ = np.nanmax(others, axis=1) > np.nanmin(others, axis=1)
    steps = np.unique(others[~np.isnan(others)])
    calculations = [("majority", _mode(others, steps))]
    if is_number and (steps.size >= _FEWEST_STEPS or digits):
        # of 0 and 1 the mean, the least and the greatest are what a strict or a lenient person says, too
        calculations += _of_numbers(others, digits)
    if _says_whether_all_agree(column, differ):
        return "agreement"
    is_fraction = bool(digits) and not bool(np.isin(column, steps).all())
    needed = _FEW_TELLING_ROWS if is_fraction else _TELLING_ROWS
    for n, (how, values) in enumerate(calculations):
        telling = differ & ~np.isnan(values)
        fits = np.isclose(column[telling], values[telling], atol=1e-9)
        share = _FITTING_SHARE_OF_MAJORITY if how == "majority" else _FITTING_SHARE
        misses = int(np.count_nonzero(~fits))
        if is_fraction and fits.any() and np.isclose(column, values, atol=1e-9).all():
            return how
        if fits.size < needed or np.unique(column[telling]).size < 2 or misses > max(1, (1 - share) * fits.size):
            continue
        if is_fraction or _chance_of(others[telling], fits, n, digits, is_number=is_number) < chance:
            return how
    return ""


def _says_whether_all_agree(column: _Matrix, differ: npt.NDArray[np.bool_]) -> bool:
    """Whether a column has one value where the others differ, and another where they agree."""
    groups = [set(column[rows].tolist()) for rows in (differ, ~differ)]
    fewest = min(int(np.count_nonzero(differ)), int(np.count_nonzero(~differ)))
    is_enough = fewest >= _FEW_TELLING_ROWS and column.size >= 2 * _TELLING_ROWS
    return is_enough and all(len(one) == 1 for one in groups) and groups[0] != groups[1]


def _chance_of(others: _Matrix, fits: npt.NDArray[np.bool_], n: int, digits: int, *, is_number: bool) -> float:
    """How likely a person fits calculation `n` as well as a column does, as faithful as the one who fits it best."""
    shares = [0.5]
    for m in range(others.shape[1]):
        rest = np.delete(others, m, axis=1)
        steps = np.unique(rest[~np.isnan(rest)])
        calculations = [("majority", _mode(rest, steps)), *(_of_numbers(rest, digits) if is_number and n else [])]
        known = ~np.isnan(others[:, m]) & ~np.isnan(calculations[n][1])
        if known.any():
            shares.append(float(np.isclose(others[known, m], calculations[n][1][known], atol=1e-9).mean()))
    misses = int(np.count_nonzero(~fits))
    return _at_most(misses, fits.size, 1 - max(shares))


def _at_most(most: int, n: int, p: float) -> float:
    """P(X <= most) of a binomial X of n trials with probability p; here, as scipy takes long to import."""
    if p <= 0 or p >= 1:
        return float(p <= 0 or most >= n)
    ways = (math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for k in range(most + 1))
    return sum(math.exp(way + k * math.log(p) + (n - k) * math.log1p(-p)) for k, way in enumerate(ways))


def _of_numbers(others: _Matrix, digits: int) -> list[tuple[str, _Matrix]]:
    mean, scale = np.nanmean(others, axis=1), 10.0**digits
    rounded = [
        np.round(mean, digits),
        np.floor(mean * scale + 0.5 + 1e-9) / scale,
        np.floor(mean * scale + 1e-9) / scale,
    ]
    spread = [np.round(np.nanstd(others, axis=1, ddof=ddof), digits) for ddof in (0, 1)]
    return [
        *(("mean", one) for one in rounded),
        ("median", np.round(np.nanmedian(others, axis=1), digits)),
        ("sum", np.nansum(others, axis=1)),
        ("greatest", np.nanmax(others, axis=1)),
        ("least", np.nanmin(others, axis=1)),
        *(("spread", one) for one in spread),
        ("range", np.nanmax(others, axis=1) - np.nanmin(others, axis=1)),
    ]


def _mode(others: _Matrix, steps: npt.NDArray[np.float64]) -> _Matrix:
    """The value that most of the others have, `[rows]`; NaN where several have as many."""
    counts = np.stack([np.count_nonzero(others == step, axis=1) for step in steps], axis=1)
    most = counts.max(axis=1, keepdims=True)
    return np.where(np.count_nonzero(counts == most, axis=1) == 1, steps[counts.argmax(axis=1)], np.nan)
