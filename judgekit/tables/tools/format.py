"""What a format is: the name users type, how its files are recognised, and how they become a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.source import SourceTable


class Format(NamedTuple):
    """What one tool or published dataset writes: JSON or JSONL, and perhaps tables (CSV, Excel, Parquet)."""

    name: str
    """As `--format` says it: `label-studio`."""
    title: str
    """In words: `a Label Studio export`."""
    matches: Callable[[Sequence[Record]], bool]
    """Whether the first few records look like it; must not be true of a format it is not."""
    read: Callable[[Records, Sequence[Records]], SourceTable]
    """From the file, and the companions given beside it, to one row per annotation or item."""
    is_companion: Callable[[Sequence[Record]], bool] = lambda _: False
    """Whether the first few records of another file are what `read` joins, as texts to annotations."""
    matches_columns: Callable[[Sequence[str]], bool] | None = None
    """Whether the columns of a table are its own; None where it writes no tables."""
    records_of: Callable[[SourceTable], list[dict[str, Any]]] = lambda table: table.frame.to_dicts()
    """The rows of such a table as its JSON would hold them."""

    def read_table(self, table: SourceTable) -> SourceTable:
        """What the format makes of a table, with what was said of it before.

        Raises:
            DataError: it is not the format's, or holds no single label.
        """
        lines, unit = table.lines, table.unit
        if lines is None:
            lines, unit = np.arange(1, table.frame.height + 1, dtype=np.int64), "row"
        return self.read(Records(table.path, self.records_of(table), lines, unit, given=table.given), ()).below(
            table.notes, warnings=table.warnings, set_aside=table.set_aside
        )
