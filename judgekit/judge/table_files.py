"""A table written as what its file's ending says, from memory or from parts on disk, one part in memory at a time."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal

import polars as pl

from judgekit.errors import DataError
from judgekit.training.reporter import SILENT, Reporter
from judgekit.wording import counted

FileKind = Literal["csv", "tsv", "jsonl", "parquet", "xlsx"]
_ENDINGS: dict[str, FileKind] = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet",
    ".pq": "parquet", ".xlsx": "xlsx",
}  # fmt: skip
_OWN_STREAMS = {"-": 1, "/dev/stdout": 1, "/dev/stderr": 2}
MOST_EXCEL_ROWS, MOST_EXCEL_CHARACTERS = 1_048_575, 32_767
# What a spreadsheet calculates when it opens a CSV: not a plain number, and not a mark that stands alone.
_FORMULA = r"(?s)^[=+\-@\t\r].*[\w\"'(]"
_NUMBER = r"^[+\-]?[0-9][0-9.,]*([eE][+\-]?[0-9]+)?%?$"
_ROW_GROUP = 50_000

Table = pl.DataFrame | Sequence[Path]
"""A table in memory, or its parts as Arrow files, in order, with the same columns."""


def file_kind(output: Path) -> FileKind:
    """What a file is to be, by its ending; a pipe or a device gets CSV.

    Raises:
        DataError: the ending is of no kind that is written.
    """
    found = "csv" if is_stream(output) else _ENDINGS.get(output.suffix.lower())
    if found is None:
        named = f"its name ends in {output.suffix}" if output.suffix else "its name has no ending"
        raise DataError(
            f"What {output} is to be cannot be told: {named}.",
            hint=f"Let it end in {', '.join(_ENDINGS)}; - is the standard output, as CSV.",
        )
    return found


def is_stream(output: Path) -> bool:
    """Whether a place is written into and never replaced: a pipe, a terminal, `/dev/stdout` wherever that leads."""
    if str(output) in _OWN_STREAMS:
        return True
    with suppress(OSError):
        mode = output.stat().st_mode
        return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)
    return False


def open_stream(output: Path) -> BinaryIO:
    """A pipe or a device to write into."""
    # Opened by its name, a stdout that leads to a file would begin at its start again.
    handle = _OWN_STREAMS.get(str(output))
    return output.open("wb") if handle is None else os.fdopen(os.dup(handle), "wb")


class TextTables:
    """Writes tables as delimited text, one behind the other under one header.

    No text becomes a formula that was none in the data: an apostrophe then stands in front of it.

    Args:
        own: the columns in which a spreadsheet would find no formula yet.
        separator: between the cells.
    """

    def __init__(self, own: Sequence[str], *, separator: str = ",") -> None:
        self._own, self._separator = {*own}, separator
        self._found: Counter[str] = Counter()
        self._first: dict[str, str] = {}
        self._is_begun = False

    def write(self, table: pl.DataFrame, file: BinaryIO) -> None:
        """Write one more table."""
        for name in table.select(pl.selectors.string()).columns:
            column = table.get_column(name)
            found = _is_formula(column)
            if name in self._own and found.any():
                quoted = pl.when(found).then(pl.lit("'") + pl.col(name)).otherwise(pl.col(name))
                table = table.with_columns(quoted.alias(name))
                self._found[name] += int(found.sum())
                self._first.setdefault(name, column.filter(found)[0])
        names = {name: f"'{name}" for name in self._own if _is_formula(pl.Series([name])).item()}
        table.rename(names).write_csv(file, include_header=not self._is_begun, separator=self._separator)
        self._is_begun = True

    def say(self, reporter: Reporter) -> None:
        """Note which texts a spreadsheet would have calculated."""
        for name, number in self._found.items():
            reporter.note(
                f"{counted(number, 'cell')} of {name!r} would be calculated by a spreadsheet, such as "
                f"{self._first[name]!r}; an apostrophe is written in front."
            )


def write_as(table: Table, path: Path, kind: FileKind, *, own: Sequence[str], reporter: Reporter = SILENT) -> None:
    """Write a table into a file that is there.

    Args:
        table: what to write.
        path: the file; its content is replaced.
        kind: what it is to be.
        own: the columns in which a spreadsheet would find no formula yet.
        reporter: gets a note on texts that a spreadsheet would have calculated in a text file.
    """
    if kind == "parquet":
        scan = table.lazy() if isinstance(table, pl.DataFrame) else pl.scan_ipc(list(table))
        scan.sink_parquet(path, row_group_size=_ROW_GROUP, maintain_order=True)
        return
    if kind == "xlsx":
        _write_excel(_frames(table), path)
        return
    text = TextTables(own, separator="\t" if kind == "tsv" else ",")
    with path.open("wb") as file:
        for frame in _frames(table):
            if kind == "jsonl":
                frame.write_ndjson(file)
            else:
                text.write(frame, file)
    text.say(reporter)


def check_excel(texts: pl.DataFrame, rows: int) -> None:
    """Refuse what a sheet of Excel cannot hold.

    Args:
        texts: some rows of the table.
        rows: of the table.

    Raises:
        DataError: there are too many rows, or a text is too long.
    """
    hint = "Write another file: -o scores.csv or -o scores.parquet"
    if rows > MOST_EXCEL_ROWS:
        raise DataError(f"A sheet of Excel holds {MOST_EXCEL_ROWS:,} rows, and there are {rows:,}.", hint=hint)
    for column in texts.select(pl.selectors.string()):
        longest = column.str.len_chars().max()
        if isinstance(longest, int) and longest > MOST_EXCEL_CHARACTERS:
            raise DataError(
                f"A cell of Excel holds {MOST_EXCEL_CHARACTERS:,} characters, and a text of {column.name!r} has "
                f"{longest:,}.",
                hint=f"{hint}, or leave the texts out: --only-scores",
            )


def _frames(table: Table) -> Iterator[pl.DataFrame]:
    return iter([table]) if isinstance(table, pl.DataFrame) else map(pl.read_ipc, table)


def _write_excel(frames: Iterator[pl.DataFrame], path: Path) -> None:
    from xlsxwriter import Workbook  # few write Excel

    # Texts stay texts, whatever they begin with; and the same table is the same file, whenever it is written.
    options: dict[str, Any] = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        "nan_inf_to_errors": True,
    }  # fmt: skip
    with Workbook(str(path), options) as book:
        book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC)})
        sheet, number = book.add_worksheet("scores"), 0
        for frame in frames:
            if number == 0:
                sheet.write_row(0, 0, frame.columns)
            for row in frame.iter_rows():
                number += 1
                sheet.write_row(number, 0, row)


def _is_formula(texts: pl.Series) -> pl.Series:
    """Which texts a spreadsheet would calculate."""
    return texts.str.contains(_FORMULA) & ~texts.str.contains(_NUMBER)
