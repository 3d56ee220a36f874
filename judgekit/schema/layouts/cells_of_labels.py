"""A cell with several labels: split at a separator, or read as the JSON or Python list that it is."""

from __future__ import annotations

import ast
import json
import re
from typing import Any, cast

import polars as pl

SEPARATORS = ("|", ";", ",")
_PASTED = re.compile(r"""['"]\s+['"]""")
"""Two quoted texts without a comma, as numpy prints them: Python would paste them together."""


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
