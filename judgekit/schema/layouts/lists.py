"""The list layout: the labels of all annotators of a row stand in one cell, as `A|B|A` or as a JSON list.

Several annotators say the same now and then; one annotator who chooses several labels never chooses one twice, and the
words of a label such as `yes, but` keep their places. That tells lists of annotations from what looks like them.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import polars as pl

from judgekit.tables.evidence import MOST_LABELS

SEPARATORS = ("|", ";", ",")
_RARER_SEPARATORS = ("\n", "/", " ")
"""These also stand within labels, dates and names: only where the column is named like labels and nothing else fits."""
_MOST_CHARACTERS = 60
_LISTS_SHARE = 0.5
_AGREEING_SHARE = 0.05
_MOVING_SHARE = 0.8
_ALL_SHARE = 0.9
_DECIMAL = r"^\s*[+-]?\d+(,\d+)?\s*$"
_PASTED = re.compile(r"""['"]\s+['"]""")
"""Two quoted texts without a comma, as numpy prints them: Python would paste them together."""


class ListReading(NamedTuple):
    """How the cells of a column may be read."""

    separator: str | None
    """None: JSON lists."""
    is_sure: bool
    """Whether only several annotators explain the cells; else it may be several choices of one."""


def split_cells(cells: pl.Series, separator: str | None) -> pl.Series:
    """The members of each cell.

    Args:
        cells: String without nulls.
        separator: what separates them, where a cell is no JSON list; None allows JSON lists only.

    Returns:
        List[String] without nulls within: a missing member is the empty text. Null where a filled cell is no list.
    """
    distinct = cells.unique()
    bracketed = distinct.filter(distinct.str.contains(r"^\s*\[.*\]\s*$"))
    parsed = {cell: _parsed(cell) for cell in bracketed.to_list()}
    json_cells = pl.DataFrame(
        {"cell": list(parsed), "members": list(parsed.values())},
        schema={"cell": pl.String, "members": pl.List(pl.String)},
    )
    cell = pl.col("cell")
    if separator is None:
        split = pl.when(cell.str.strip_chars() == "").then(pl.lit([], dtype=pl.List(pl.String)))
    else:
        split = cell.str.split(separator).list.eval(pl.element().str.strip_chars())
    found = distinct.alias("cell").to_frame().join(json_cells, on="cell", how="left")
    found = found.with_columns(pl.coalesce("members", split).alias("members"))
    return cells.alias("cell").to_frame().join(found, on="cell", how="left", maintain_order="left")["members"]


def _parsed(cell: str) -> list[str] | None:
    """The members of a list as JSON or Python writes it; None where it is no list of plain values."""
    try:
        # Numbers keep their spelling: `01` and `1.0` are other labels than `1`.
        found = json.loads(cell, parse_int=str, parse_float=str, parse_constant=str)
    except ValueError:
        try:
            found = None if _PASTED.search(cell) else ast.literal_eval(cell.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    except RecursionError:
        return None
    if not isinstance(found, list):
        return None
    members = cast("list[Any]", found)
    if any(isinstance(member, list | dict | tuple | set | bytes) for member in members):
        return None
    return ["" if member is None else _spelled(member) for member in members]


def _spelled(member: Any) -> str:
    return str(member).lower() if isinstance(member, bool) else str(member)


def read_as_list(
    cells: pl.Series, *, is_named: bool = True, known: Sequence[str] = (), people: Sequence[pl.Series] = ()
) -> ListReading | None:
    """Whether the cells of a column are lists of labels, and what separates these.

    Args:
        cells: String without nulls.
        is_named: whether the column is named like one of labels.
        known: labels that were given: their lists are lists, whatever else they look like.
        people: columns that may list the annotators; a list as long as theirs is one of labels.
    """
    weights = cells.alias("cell").value_counts(name="n").filter(pl.col("cell").str.strip_chars() != "")
    total, unsure = int(weights.get_column("n").sum()), None
    # Only a name tells JSON lists of labels from the choices of a question, or rarer separators from parts of a label.
    for separator in (None, *SEPARATORS, *_RARER_SEPARATORS) if is_named else SEPARATORS:
        has_mark = pl.col("cell").str.contains("[" if separator is None else separator, literal=True)
        if int(weights.filter(has_mark).get_column("n").sum()) <= _LISTS_SHARE * total:
            continue
        found = _weigh(weights, separator, known)
        if found and found.is_sure:
            return found
        if people and separator in SEPARATORS:
            members = split_cells(cells, separator)
            if any(annotator_separator(named, members, separator)[1] >= _ALL_SHARE for named in people):
                return ListReading(separator, True)
        unsure = unsure or (found if separator in SEPARATORS else None)
    return unsure


def _weigh(weights: pl.DataFrame, separator: str | None, known: Sequence[str]) -> ListReading | None:
    """The evidence of the distinct cells, weighted by how often each occurs."""
    cells = weights.get_column("cell")
    rows = weights.with_columns(members=split_cells(cells, separator))
    total = int(weights.get_column("n").sum())
    lists = rows.filter(pl.col("members").is_not_null())
    members = lists.explode("members").filter(pl.col("members") != "")
    distinct = set(members.get_column("members").unique().to_list())
    is_small = len(distinct) <= MOST_LABELS and max(map(len, distinct), default=0) <= _MOST_CHARACTERS
    if separator is None:  # brackets are no part of a label
        is_list = int(lists.get_column("n").sum()) >= _ALL_SHARE * total
        return ListReading(None, True) if is_list and is_small else None
    several = lists.filter(pl.col("members").list.len() > 1)
    number = int(several.get_column("n").sum())
    if number <= _LISTS_SHARE * total:
        return None
    if distinct and distinct <= set(known) and not set(cells.to_list()) <= set(known):
        return ListReading(separator, True)
    if separator == "," and cells.str.contains(_DECIMAL).all():
        return _weigh_decimals(several)
    if not is_small or len(distinct) < 2 or len(distinct) >= _ALL_SHARE * int(members.get_column("n").sum()):
        return None
    first, later = several.get_column("members").list.first(), several.get_column("members").list.slice(1).explode()
    moving = set(first.to_list()) & set(later.to_list()) & distinct
    if separator in _RARER_SEPARATORS and len(moving) < _MOVING_SHARE * len(distinct):
        return None
    filled = pl.col("members").list.eval(pl.element().filter(pl.element() != ""))
    agreeing = several.filter(filled.list.n_unique() < filled.list.len())
    if int(agreeing.get_column("n").sum()) >= _AGREEING_SHARE * number:
        return ListReading(separator, True)
    return ListReading(separator, False) if moving else None


def _weigh_decimals(pairs: pl.DataFrame) -> ListReading | None:
    """`4,5`: the labels of two annotators where both places have the values of one scale; else a decimal comma."""
    one, other = (set(pairs.get_column("members").list.get(place).to_list()) for place in (0, 1))
    return ListReading(",", False) if len(other) > 2 and other <= one else None


def annotator_separator(cells: pl.Series, members: pl.Series, told: str | None) -> tuple[str | None, float]:
    """What separates annotators so that there are as many as labels, and the share of rows in which that holds.

    Args:
        cells: the column that names the annotators.
        members: the labels of each row.
        told: the separator of the labels.
    """
    filled = members.list.len() > 0
    tried: dict[str | None, float] = {}
    for separator in (told, *SEPARATORS):
        same = split_cells(cells, separator).list.len() == members.list.len()
        tried[separator] = float(same.filter(filled).fill_null(False).mean() or 0)  # pyright: ignore[reportArgumentType]
    best = max(tried, key=lambda separator: tried[separator])  # the first of equals
    return best, tried[best]
