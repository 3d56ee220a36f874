"""Rows out of records: the trees of JSON become cells one by one, and none is lost on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from judgekit.config.roles import Roles
from judgekit.errors import DataError
from judgekit.tables.account import Account
from judgekit.tables.json_records.ledger import as_cell
from judgekit.tables.json_records.records import Records
from judgekit.tables.source import SourceTable


class Rows:
    """The rows of one file in the making.

    Args:
        records: the file; rows are told by the position of their record in it, from 0.
        columns: names of the columns.

    Raises:
        DataError: there are no columns, two have one name, or a name holds a NUL.
    """

    def __init__(self, records: Records, columns: Sequence[str]) -> None:
        wrong = [name for n, name in enumerate(columns) if name in columns[:n] or "\x00" in name]
        if wrong:
            raise DataError(
                f"{records.path.name} holds two things that are called {wrong[0]!r}, or a name that is damaged.",
                hint="Rename one of them.",
            )
        if not columns:
            raise DataError(
                f"{records.path.name} holds empty objects only.", hint="Give records with a text and labels."
            )
        self._records = records
        self._columns = columns
        self._rows: list[tuple[Any, ...]] = []
        self._origins: list[int] = []
        self._account = Account(records)

    def add(self, record: int, *cells: Any) -> None:
        """Enter one row."""
        self._rows.append(cells)
        self._origins.append(record)

    def put_aside(self, record: int, reason: str, *, is_fault: bool = False) -> None:
        """Enter one row, or one item without rows, that is not in the table."""
        self._account.set_aside(reason, [record], is_fault=is_fault)

    def table(self, roles: Roles, *, notes: Sequence[str] = (), warnings: Sequence[str] = ()) -> SourceTable:
        """The rows as text cells; without any the table is empty."""
        columns = zip(*self._rows, strict=True) if self._rows else [()] * len(self._columns)
        records = self._records
        return SourceTable(
            path=records.path,
            frame=pl.DataFrame(
                [
                    pl.Series(name, [as_cell(cell) for cell in cells], pl.String)
                    for name, cells in zip(self._columns, columns, strict=True)
                ]
            ),
            notes=tuple(notes),
            lines=records.positions[np.array(self._origins, dtype=np.intp)],
            unit=records.unit,
            roles=roles,
            set_aside=self._account.aside,
            warnings=tuple(warnings),
        )
