"""A sheet of an Excel workbook to a `SourceTable`: which sheet, which row is the header, and the row numbers."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from judgekit.errors import DataError
from judgekit.tables.column_names import did_you_mean, is_known_name
from judgekit.tables.excel.cells import EXACT_DIGITS, Grid, read_grids
from judgekit.tables.header import refuse_data_as_header, under_names
from judgekit.tables.source import SourceTable
from judgekit.wording import counted

_MOST_PREAMBLE_ROWS = 30


def read_excel(path: Path, content: bytes, *, sheet: str | None = None) -> SourceTable:
    """Read one sheet of an .xlsx workbook, every cell as the text a person sees.

    Args:
        path: the workbook, for messages.
        content: its bytes.
        sheet: name of the sheet; None takes the only visible one with a table.

    Raises:
        DataError: the workbook is damaged or has a password; no sheet or several have a table; the header is missing,
            has an unnamed or a repeated column; or there are no rows below it.
    """
    grids, names = read_grids(path, content, sheet)
    if sheet is not None:
        if not grids:
            raise DataError(
                f"{path.name} has no sheet {sheet!r}{did_you_mean(sheet, names)}.",
                hint=f"Its sheets are {', '.join(names)}.",
            )
        return _table(path, grids[0], [])
    tables = [grid for grid in grids if grid.is_table] or [grid for grid in grids if len(grid.filled) > 1]
    if len(tables) != 1:
        candidates = [grid.name for grid in tables] or [name for name in names if name not in {g.name for g in grids}]
        what = f"{len(tables)} sheets with a table" if tables else "no visible sheet with a table"
        raise DataError(
            f"{path.name} has {what}{': ' * bool(candidates)}{', '.join(candidates)}.",
            hint=f"Name the one to read: --sheet {shlex.quote(candidates[0])}"
            if candidates
            else "It needs a header row and rows below it.",
        )
    passed = [name for name in names if name != tables[0].name]
    said = f"The sheet {tables[0].name!r} was read; skipped: {', '.join(passed)}."
    return _table(path, tables[0], [said] if passed else [])


def _table(path: Path, grid: Grid, notes: list[str]) -> SourceTable:
    """The rows below the header, under its names."""
    filled = grid.filled
    if len(filled) < 2:
        raise DataError(
            f"{path.name}, sheet {grid.name!r}: there is no table.", hint="It needs a header row and rows below it."
        )
    header = _header_row(grid.cells, filled)
    rows = np.array([row for row in filled if row > header], dtype=np.int64)
    if above := sum(row < header for row in filled):
        notes.append(f"{counted(above, 'row')} above the header (row {header + 1}) left out.")
    if blank := int(rows[-1]) - header - rows.size if rows.size else 0:
        notes.append(f"{counted(blank, 'row')} without any text skipped.")
    if grid.merged:
        notes.append("The text of merged cells was read in each of their rows.")
    body = grid.cells[rows.tolist()]
    body, said = under_names(path, grid.cells.row(header), body)
    table = SourceTable(path, body, (*notes, *said), rows + 1, unit="row")
    refuse_data_as_header(f"{path.name} row {header + 1}", body)
    repeats = body.select(
        pl.all_horizontal(pl.col(name).str.strip_chars() == name for name in body.columns)
    ).to_series()
    if repeats.any():
        raise DataError(
            f"{table.place(repeats.arg_true())}: the header is repeated, as if sheets had been joined.",
            hint="Delete the repeated header rows.",
        )
    return replace(table, warnings=tuple(_warnings(table, grid)))


def _header_row(cells: pl.DataFrame, filled: Sequence[int]) -> int:
    """The row (from 0) that names the columns: the first, or one below titles.

    Further down only a row counts that names every column with content, each once, two of them with known names (or
    one under titles, which fill one cell a row). Anything less might lose rows.
    """
    for number, row in enumerate(filled[: _MOST_PREAMBLE_ROWS + 1]):
        below = cells.slice(row + 1)
        named = zip(cells.row(row), below.iter_columns(), strict=True)
        names = [name.strip() for name, column in named if (column != "").any()]
        is_complete = len(names) > 1 and all(names) and len(set(names)) == len(names)
        if number == 0 and is_complete:
            return row
        is_under_titles = all(sum(cell != "" for cell in cells.row(above)) == 1 for above in filled[:number])
        if is_complete and sum(map(is_known_name, names)) >= (1 if is_under_titles else 2):
            return row
    return filled[0]


def _warnings(table: SourceTable, grid: Grid) -> list[str]:
    if not grid.errors and not grid.rounded:
        return []
    row_of = {int(line) - 1: row for row, line in enumerate(table.lines if table.lines is not None else ())}
    errors = [(row_of[row], text) for row, text in grid.errors if row in row_of]
    rounded = [row_of[row] for row in grid.rounded if row in row_of]
    found: list[str] = []
    if errors:
        texts = ", ".join(dict.fromkeys(text for _, text in errors))
        place = table.place(dict.fromkeys(row for row, _ in errors))
        found.append(f"{place}: Excel errors, which are read as the text shown there: {texts} ({len(errors):,}).")
    if rounded:
        found.append(
            f"{table.place(rounded)}: numbers with more than {EXACT_DIGITS} digits, which Excel rounds; if they are "
            "ids, several may have become one. Keep ids as text."
        )
    return found
