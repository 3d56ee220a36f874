"""What a format is: the name users type, how its files are recognised, and how they become a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.source import SourceTable


class RecordFormat(NamedTuple):
    """A kind of JSON or JSONL file."""

    name: str
    """As `--format` says it: `label-studio`."""
    title: str
    """In words: `a Label Studio export`."""
    matches: Callable[[Sequence[Record]], bool]
    """Whether the first few records look like it; must not be true of a format it is not."""
    read: Callable[[Records, Sequence[Records]], SourceTable]
    """From the file, and the companions given beside it, to one row per annotation or item."""
    is_companion: Callable[[Sequence[Record]], bool] = lambda _: False
    """Whether the first few records of another file are what `read` joins, as texts to votes."""


class TableFormat(NamedTuple):
    """A kind of table (CSV, Excel, Parquet) that is recognised by its columns."""

    name: str
    title: str
    matches: Callable[[Sequence[str]], bool]
    """Whether the column names are its own."""
    refine: Callable[[SourceTable], SourceTable]
    """The table with what the format says about its columns and with its refused answers set aside."""
