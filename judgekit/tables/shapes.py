"""What the cells of a column look like: whether a text may stand there, or belongs to another place."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import polars as pl

_LONGEST_USUAL_BYTES = 200
_MOSTLY = 0.95
_SAMPLE_ROWS = 1_000
_CODE = r"\S*\d\S*"
"""Ids and numbers: a digit and no space."""


def like_those_of(column: pl.Series, *, repeated: bool = False) -> Callable[[str], bool]:
    """Whether a text is like the cells of a column: built like its ids and numbers, else one of its values, not empty.

    Args:
        column: String.
        repeated: of the values, only those of two cells or more.
    """
    short = column.filter(column.str.len_bytes() <= _LONGEST_USUAL_BYTES)
    values = short.unique()
    is_code = _is_code(values)
    if values.len() and is_code.sum() >= _MOSTLY * values.len():
        built = set(_built(values.filter(is_code)).to_list())
        return lambda text: re.fullmatch(_CODE, text) is not None and _built(pl.Series([text])).item() in built
    known = set((short.filter(short.is_duplicated()) if repeated else values).to_list())
    return (known - {""}).__contains__


def is_blank(cells: pl.Series) -> pl.Series:
    """Whether each cell holds white space at most.

    Looking at the first byte takes a fifth of the time: only cells that may begin with white space, as those in scripts
    beyond ASCII also do, are looked at as a whole.
    """
    may_be = (cells < "!") | (cells > "~")
    rows = may_be.arg_true()
    if rows.is_empty():
        return may_be
    blank = np.zeros(cells.len(), dtype=bool)
    blank[rows.to_numpy()] = (cells.gather(rows).str.strip_chars() == "").to_numpy()
    return pl.Series(cells.name, blank)


def reads_like_its_column(name: str, column: pl.Series) -> bool:
    """Whether a name is built like the ids or numbers below it, or is a text above texts; of single words none is."""
    cells = pl.Series([name]).append(column.head(_SAMPLE_ROWS))
    is_code, is_text = _is_code(cells), cells.str.contains(r"\S\s+\S+\s+\S")
    alike = _built(cells) == _built(cells)[0] if is_code[0] else is_text
    return (is_code[0] or is_text[0]) and alike.sum() >= _MOSTLY * cells.len()


def _is_code(texts: pl.Series) -> pl.Series:
    return texts.str.contains(f"^{_CODE}$")


def _built(texts: pl.Series) -> pl.Series:
    return texts.str.replace_all(r"\d+", "0").str.replace_all(r"\pL+", "a")
