"""The items of a table that is to be scored: no labels needed, one row per item, the input's ids and order kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.dataset.refusal import refuse_losses
from judgekit.errors import DataError
from judgekit.tables.account import EMPTY_ROW
from judgekit.tables.column_names import ITEM_NAMES, in_preference_order
from judgekit.tables.source import SourceTable, TableAccount, require_columns
from judgekit.wording import counted

ROW_COLUMN = "row"


class ScoreInput(NamedTuple):
    """Items to score; entry n of everything is item n, in order of first appearance."""

    rows: NDArray[np.int64]
    """The row of the table where each item stands first, from 0, ascending, `[N]`."""
    ids: pl.DataFrame
    """The id columns: String, or `row` (Int64, 1-based) where the table has none."""
    texts: pl.DataFrame
    """The judge's fields, in its order; String without nulls."""
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ScorePlan:
    """Which rows of a table are items to score, found in a pass over its pieces."""

    columns: Mapping[str, str]
    """The table's column for each of the judge's fields, in its order."""
    id_column: str | None
    """None where the rows are numbered."""
    is_item: NDArray[np.bool_]
    """Whether each row is an item of its own, `[rows]`."""
    repeats: int
    """Rows that repeat an item."""
    notes: tuple[str, ...]

    @property
    def count(self) -> int:
        """Items in all."""
        return int(self.is_item.sum())

    def items(self, piece: SourceTable, start: int = 0) -> tuple[ScoreInput, pl.DataFrame]:
        """The items of a piece whose first row is row `start` of the table, and all cells of their rows."""
        rows = np.flatnonzero(self.is_item[start : start + piece.frame.height])
        found = piece.frame[rows]
        rows = rows.astype(np.int64) + start
        ids = pl.DataFrame({ROW_COLUMN: rows + 1}) if self.id_column is None else found.select(self.id_column)
        texts = found.select(pl.col(column).alias(field) for field, column in self.columns.items())
        return ScoreInput(rows, ids, texts, self.notes), found


def read_score_items(
    source: SourceTable,
    *,
    fields: Sequence[str],
    columns: Mapping[str, str] | None = None,
    item_column: str | None = None,
    apart_by: str | None = None,
    every_row: bool = False,
    strict: bool = False,
    most_set_aside: float = 0.0,
) -> ScoreInput:
    """The items of a table in one piece; arguments and errors as at `plan_scoring`."""
    plan = plan_scoring(
        source, [source], fields=fields, columns=columns, item_column=item_column, apart_by=apart_by,
        every_row=every_row, strict=strict, most_set_aside=most_set_aside,
    )  # fmt: skip
    return plan.items(source)[0]


def plan_scoring(
    whole: SourceTable,
    pieces: Iterable[SourceTable],
    *,
    fields: Sequence[str],
    columns: Mapping[str, str] | None = None,
    item_column: str | None = None,
    apart_by: str | None = None,
    every_row: bool = False,
    strict: bool = False,
    most_set_aside: float = 0.0,
) -> ScorePlan:
    """Find the items of a table with the columns a judge's template needs.

    Args:
        whole: the table, or what is known of it where it is in pieces.
        pieces: its rows; long tables repeat an item's id and texts, which collapse into one row.
        fields: the judge's fields.
        columns: the table's column for a field, where it is called otherwise; None where nobody can say so.
        item_column: the column that identified items in training; when the table lacks it, the one that its format
            names, one whose name says the same, else the number of the row.
        apart_by: a column in which rows must be equal as well to repeat an item.
        every_row: keep rows that repeat an item.
        strict: whether every row must be an item, empty ones aside.
        most_set_aside: share of the rows read that may be faulty and is then set aside; by default none may.

    Raises:
        DataError: fields are missing, more rows than that cannot be read or have no text, or no row has any.
    """
    of_field = {field: (columns or {}).get(field, field) for field in fields}
    renaming = "" if columns is None else ", or say --column FIELD=COLUMN"
    require_columns(
        whole, [*of_field.values()], what="the judge's fields",
        hint=f"Name the columns as in training (`judgekit show` lists them){renaming}.",
    )  # fmt: skip
    id_column = _id_column(whole, [*of_field.values()], item_column)
    found = _Rows([*of_field.values()], None if every_row else id_column, apart_by)
    for piece in pieces:
        found.add(piece.frame)
    account = TableAccount(whole, whole.set_aside)
    account.set_aside(EMPTY_ROW, found.empty)
    named = ", ".join(of_field)
    account.set_aside(
        f"it has no text in {' and '.join(of_field)}", found.faulty, is_fault=True,
        details=(f"{whole.place([row])}: no text in {named}" for row in found.faulty),
    )  # fmt: skip
    refuse_losses(account, strict=strict, most_set_aside=most_set_aside, is_ingest=False)
    has_text = np.concatenate(found.has_text) if found.has_text else np.zeros(0, dtype=bool)
    rows = int(has_text.sum())
    if rows == 0:
        raise DataError(f"{whole.name}: no row has a text in {named}.", hint="Is it the right file?")
    notes = [*whole.notes, *whole.warnings]
    for aside in account.aside:
        notes.append(f"{counted(aside.rows, 'row is', 'rows are')} not scored: {aside.reason} ({aside.where}).")
    for field, column in of_field.items():
        if empty := found.without_text[column]:
            among = f"{empty:,} of {counted(rows, 'row')}"
            notes.append(f"{field!r} is empty in {among}; their other texts are used.")
    is_item, repeats = has_text, 0
    if id_column is None:
        notes.append(f"No column identifies the items; they are numbered in {ROW_COLUMN!r}.")
    elif not every_row:
        is_item, items, ids = found.first_of_each(has_text)
        repeats = rows - items
        if repeats:
            notes.append(f"{rows:,} rows repeat {counted(items, 'item')}; each is scored once.")
        if items > ids:
            what = counted(items - ids, "row has", "rows have")
            notes.append(f"{what} the {id_column} of another row and a different text; each is scored.")
    return ScorePlan(of_field, id_column, is_item, repeats, tuple(notes))


class _Rows:
    """What is gathered of the rows of all pieces."""

    def __init__(self, columns: Sequence[str], id_column: str | None, apart_by: str | None) -> None:
        self.columns, self.id_column = columns, id_column
        self._key = [name for name in dict.fromkeys([id_column, *columns, apart_by]) if name is not None]
        self.has_text: list[NDArray[np.bool_]] = []
        self.empty: list[int] = []
        self.faulty: list[int] = []
        self.without_text = dict.fromkeys(columns, 0)
        self._keys: list[NDArray[np.uint64]] = []  # 64 bits of each row's id and texts: two of ten million are alike
        self._ids: list[NDArray[np.uint64]] = []  # by chance in three of a million tables
        self._height = 0

    def add(self, frame: pl.DataFrame) -> None:
        is_blank = pl.all().str.strip_chars() == ""
        is_empty = frame.select(pl.all_horizontal(is_blank)).to_series().to_numpy()
        texts = frame.select(pl.col(*dict.fromkeys(self.columns)).str.strip_chars() == "")
        has_text = ~texts.select(pl.all_horizontal(pl.all())).to_series().to_numpy()
        self.empty += (np.flatnonzero(is_empty) + self._height).tolist()
        self.faulty += (np.flatnonzero(~has_text & ~is_empty) + self._height).tolist()
        for name in texts.columns:
            self.without_text[name] += int((texts.get_column(name).to_numpy() & has_text).sum())
        if self.id_column is not None:
            self._keys.append(frame.select(self._key).hash_rows(0).to_numpy())
            self._ids.append(frame.select(self.id_column).hash_rows(1).to_numpy())
        self.has_text.append(has_text)
        self._height += frame.height

    def first_of_each(self, has_text: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], int, int]:
        """Which rows with text are the first of their item, how many items, and how many ids they have."""
        is_item = has_text.copy()
        is_item[has_text] = pl.Series(np.concatenate(self._keys)[has_text]).is_first_distinct().to_numpy()
        ids = pl.Series(np.concatenate(self._ids)[is_item])
        return is_item, len(ids), ids.n_unique()


def _id_column(source: SourceTable, columns: Sequence[str], item_column: str | None) -> str | None:
    for name in (item_column, source.roles.item):
        if name and name in source.frame.columns and name not in columns:
            return name
    named = in_preference_order([name for name in source.frame.columns if name not in columns], ITEM_NAMES)
    return named[0] if named else None
