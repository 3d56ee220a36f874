"""Rows out of records: the trees of JSON become cells one by one, and none is lost on the way."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from judgekit.config.roles import Roles
from judgekit.errors import DataError
from judgekit.tables.account import Account
from judgekit.tables.header import is_no_name
from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.source import SourceTable

UNLABELLED = "nobody labelled the item"
DEEPEST = 20
"""Levels of objects that become columns; what lies deeper is JSON in a cell."""


class Rows:
    """The rows of one file in the making.

    Args:
        records: the file; a row is entered with the position of its record in it, from 0.
        columns: names of the columns.
        account: of what became no row; None makes one.

    Raises:
        DataError: there are no columns, two have one name, or a name cannot be one.
    """

    def __init__(self, records: Records, columns: Sequence[str], account: Account[Records] | None = None) -> None:
        if not columns:
            raise DataError(
                f"{records.path.name} holds empty objects only.", hint="Give records with a text and labels."
            )
        refuse_names(records.path, columns)
        self.account = account or Account(records)
        self._records = records
        self._columns = columns
        self._rows: list[tuple[Any, ...]] = []
        self._origins: list[int] = []

    def add(self, record: int, *cells: Any) -> None:
        """Enter one row."""
        self._rows.append(cells)
        self._origins.append(record)

    def table(self, roles: Roles, *, notes: Sequence[str] = (), warnings: Sequence[str] = ()) -> SourceTable:
        """The rows as text cells; without any the table is empty."""
        columns = zip(*self._rows, strict=True) if self._rows else [()] * len(self._columns)
        texts = ([as_cell(cell) for cell in cells] for cells in columns)
        return SourceTable(
            path=self._records.path,
            frame=pl.DataFrame([pl.Series(*column, pl.String) for column in zip(self._columns, texts, strict=True)]),
            notes=tuple(notes),
            lines=self._records.positions[np.array(self._origins, dtype=np.intp)],
            unit=self._records.unit,
            roles=roles,
            set_aside=self.account.aside,
            warnings=tuple(warnings),
            given=self._records.given,
        )


def refuse_names(path: Path, names: Sequence[str]) -> None:
    """Refuse what cannot name the columns of a table.

    Raises:
        DataError: two have one name, or a name cannot be one.
    """
    for n, name in enumerate(names):
        if is_no_name(name):
            raise DataError(f"{path.name}: {name!r} cannot be the name of a column.", hint="Rename it in the file.")
        if name in names[:n]:
            raise DataError(f"{path.name} holds two things that are called {name!r}.", hint="Rename one of them.")


def as_cell(value: Any) -> str:
    """The text of a cell: JSON for lists and objects, an empty text for null."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def spoken(value: Any) -> str:
    """The turns of a dialogue or chat as they would be read aloud; empty for anything else."""
    if not isinstance(value, list) or not value:
        return ""
    for who, what in (("role", "content"), ("author", "text")):
        if all(isinstance(turn, Mapping) and {who, what} <= turn.keys() for turn in value):
            return "\n\n".join(f"{as_cell(turn[who])}: {as_cell(turn[what])}" for turn in value)
    return ""


def flat(record: Record, aside: Collection[str] = ()) -> Record:
    """The cells of a record by column; what stands at a path of `aside` is left whole."""
    if not any(isinstance(value, dict | list) for value in record.values()):
        return record
    cells = list(_cells(record, "", aside, DEEPEST))
    found = dict(cells)
    if len(found) < len(cells):
        names = [name for name, _ in cells]
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"A record has {twice!r} both as a key and within an object.", hint="Rename one of them.")
    return found


def _cells(record: Record, prefix: str, aside: Collection[str], levels: int) -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        path = prefix + name
        if isinstance(value, dict) and path not in aside and levels:
            yield from _cells(value, f"{path}.", aside, levels - 1)
        else:
            yield path, value if path in aside else spoken(value) or value
