"""The cells of an Excel workbook as the text that a person sees: what `python-calamine` reads, and what it leaves out.

The engine gives numbers, dates and texts as they are (others round to nine decimals or drop the time), but makes empty
cells of errors as `#N/A`, so these are looked up in the sheet's XML.
"""

from __future__ import annotations

import io
import posixpath
import re
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import polars as pl
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from judgekit.errors import DataError
from judgekit.tables.unpacking import Archive, open_zip

EXACT_DIGITS = 15
_MOST_CELLS = 50_000_000
"""The engine holds the whole rectangle that ends at the last cell; a stray one far off would take all memory."""
_DAMAGE = (CalamineError, KeyError, ElementTree.ParseError)


class Grid(NamedTuple):
    """All cells of one sheet, from its first row and column on."""

    name: str
    cells: pl.DataFrame
    """String; row n is row n + 1 of the sheet."""
    errors: list[tuple[int, str]]
    """Row (from 0) and text of the cells that hold an error."""
    rounded: list[int]
    """Rows (from 0) of whole numbers with more digits than Excel keeps."""
    merged: int
    """Cells that got the text of the merged cell they are part of."""

    @property
    def filled(self) -> list[int]:
        """The rows with any text, from 0."""
        return self.cells.select(pl.any_horizontal(pl.all() != "")).to_series().arg_true().to_list()

    @property
    def is_table(self) -> bool:
        """Whether it has at least two rows and two columns."""
        return self.cells.width > 1 and len(self.filled) > 1 and sum((column != "").any() for column in self.cells) > 1


def read_grids(path: Path, content: bytes, sheet: str | None) -> tuple[list[Grid], list[str]]:
    """The sheets of a workbook.

    Numbers are written as Excel shows them at most (15 digits, `3` for 3.0), dates as ISO, booleans as TRUE and FALSE,
    errors as their own text; a formula is its stored result. Of a merged cell every row gets the text.

    Args:
        path: the workbook, for messages.
        content: its bytes.
        sheet: name of the only one to read, which may be hidden; None reads all that are visible.

    Returns:
        The sheets read, and the names of all in the workbook that can hold a table.

    Raises:
        DataError: the workbook is damaged or has a password, or a cell stands too far off.
    """
    try:
        with CalamineWorkbook.from_object(io.BytesIO(content)) as workbook:
            archive = open_zip(path, content)
            sheets = {info.name: info for info in workbook.sheets_metadata if info.typ == SheetTypeEnum.WorkSheet}
            visible = [name for name, info in sheets.items() if info.visible == SheetVisibleEnum.Visible]
            parts = _parts(archive)
            grids: list[Grid] = []
            for name in visible if sheet is None else [name for name in sheets if name == sheet]:
                xml = archive.read(parts[name])
                _refuse_far_cells(path, name, xml)
                grids.append(_grid(workbook.get_sheet_by_name(name), _error_cells(xml)))
            return grids, list(sheets)
    except _DAMAGE as error:
        raise DataError(
            f"{path.name}: the workbook is damaged or has a password ({error}).",
            hint="Open it in Excel and save it anew, without a password.",
        ) from error


def _parts(archive: Archive) -> dict[str, str]:
    """The file of each sheet within the workbook."""

    def parsed(name: str) -> ElementTree.Element:
        parser = ElementTree.XMLParser(encoding="utf-8")  # else an unknown encoding in it is no ParseError
        return ElementTree.fromstring(archive.read(name), parser)

    targets = {link.get("Id"): link.get("Target", "") for link in parsed("xl/_rels/workbook.xml.rels")}
    return {
        sheet.get("name", ""): posixpath.join("/xl", targets[value]).lstrip("/")
        for sheet in parsed("xl/workbook.xml").iterfind("{*}sheets/{*}sheet")
        for key, value in sheet.items()
        if key.endswith("}id")
    }


def _refuse_far_cells(path: Path, sheet: str, xml: bytes) -> None:
    last = re.match(rb'<(?:\w+:)?row[^>]*\br="(\d+)"', xml[max(xml.rfind(b"<row"), 0) :])
    far = {found[1] for found in re.finditer(rb'\br="([A-Z]{2,3})\d', xml)}
    width = max((_column(letters) + 1 for letters in far), default=26)
    if last and int(last[1]) * width > _MOST_CELLS:
        raise DataError(
            f"{path.name}, sheet {sheet!r}: its last cell is in row {int(last[1]):,}, column {width:,}, which is too "
            "far off.",
            hint="Delete stray cells below and right of the table, or save the table as CSV UTF-8.",
        )


def _column(letters: bytes) -> int:
    """`A` is 0, `AA` is 26."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number - 1


def _error_cells(xml: bytes) -> dict[tuple[int, int], str]:
    """Row and column (from 0) and text of each error cell; the engine makes empty cells of them."""
    found: dict[tuple[int, int], str] = {}
    for tag, inside in re.findall(rb'<(?:\w+:)?c\b([^>]*\bt="e"[^>]*)>(.*?)</(?:\w+:)?c>', xml, re.DOTALL):
        place = re.search(rb'\br="([A-Z]+)(\d+)"', tag)
        value = re.search(rb"<(?:\w+:)?v>([^<]*)<", inside)
        if place and value:
            found[int(place[2]) - 1, _column(place[1])] = value[1].decode("utf-8", "replace")
    return found


def _grid(sheet: CalamineSheet, errors: dict[tuple[int, int], str]) -> Grid:
    rows: list[list[Any]] = sheet.to_python(skip_empty_area=False)
    for (row, column), text in errors.items():
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = text
    merged = 0
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or ():
        for row in range(top + 1, min(bottom + 1, len(rows))):
            if left < len(rows[row]) and rows[row][left] == "" != rows[top][left]:
                rows[row][left] = rows[top][left]
                merged += 1
    rounded: set[int] = set()
    columns: dict[str, pl.Series] = {}
    for n, column in enumerate(zip(*rows, strict=True)):
        if float in set(map(type, column)):
            rounded.update(row for row, cell in enumerate(column) if _is_rounded(cell))
        columns[f"c{n}"] = pl.Series([_text(cell) for cell in column], dtype=pl.String)
    found = sorted((row, text) for (row, _), text in errors.items())
    return Grid(sheet.name, pl.DataFrame(columns), found, sorted(rounded), merged)


def _is_rounded(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer() and abs(value) >= 10**EXACT_DIGITS


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else format(value, f".{EXACT_DIGITS}g")
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return str(value)
