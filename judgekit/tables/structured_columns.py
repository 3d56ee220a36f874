"""Columns whose cells are lists or objects: they are read as JSON of them would be.

Only a column of structures nearly throughout counts as one: `[deleted]` and `(see below)` are texts.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from judgekit.errors import DataError
from judgekit.tables.column_names import LABEL_NAMES, in_preference_order
from judgekit.tables.json_records.readings import names_labels, reading_of
from judgekit.tables.json_records.records import Records
from judgekit.tables.json_records.table import FORMS, read_json_table, refuse_nameless_numbers
from judgekit.tables.source import SourceTable
from judgekit.tables.structured_cells import BRACKETED, Structure, parse_pairs, parse_structure

_SAMPLE_ROWS = 1_000
_ALL_SHARE = 0.9
_SEVERAL_SHARE = 0.5


def read_structures(table: SourceTable) -> SourceTable:
    """The table with its structured cells read.

    Raises:
        DataError: the only column that is named like labels holds structures that cannot be read for certain.
    """
    roles, frame = table.roles, table.frame
    if roles.label or roles.counts or roles.annotator_columns:
        return table  # the format knows its annotations
    inner: dict[str, dict[str, Structure]] = {}
    for name in frame.columns:
        parsed = _parsed(frame.get_column(name), name)
        if not parsed:
            if _is_bracketed(frame.get_column(name)):
                _refuse_unread(table, name, frame.columns)
        elif all(_is_flat(one) for one in parsed.values()):
            refuse_nameless_numbers(table.path, name, list(parsed.values()))
            frame = _with_json(frame, name, parsed)
        elif names_labels(name) or reading_of(name, list(parsed.values())):
            inner[name] = parsed
    if not inner:
        return replace(table, frame=frame)
    rows = frame.to_dicts()
    records = [row | {name: parsed.get(row[name], row[name] or None) for name, parsed in inner.items()} for row in rows]
    lines, unit = table.lines, table.unit
    if lines is None:
        lines, unit = np.arange(1, frame.height + 1, dtype=np.int64), "row"
    made = read_json_table(Records(table.path, records, lines, unit, given=table.given))
    return made.below(table.notes, warnings=table.warnings, set_aside=table.set_aside)


def _is_bracketed(cells: pl.Series) -> bool:
    """Whether nearly all filled cells look like structures, as far as a sample shows."""
    sample = cells.head(_SAMPLE_ROWS)
    filled = sample.filter(sample.str.strip_chars() != "")
    return filled.len() > 0 and filled.str.contains(BRACKETED).sum() >= _ALL_SHARE * filled.len()


def _parsed(cells: pl.Series, name: str) -> dict[str, Structure]:
    """What the cells of a column stand for; nothing where they are no structures nearly throughout."""
    is_bracketed = _is_bracketed(cells)
    if not is_bracketed and not (names_labels(name) and _is_paired(cells)):
        return {}
    weights = cells.alias("cell").value_counts(name="n").filter(pl.col("cell").str.strip_chars() != "")
    parse = parse_structure if is_bracketed else parse_pairs
    found = {cell: one for cell in weights.get_column("cell") if (one := parse(cell)) is not None}
    is_read = weights.get_column("cell").is_in(list(found))
    read, total = int(weights.filter(is_read).get_column("n").sum()), int(weights.get_column("n").sum())
    return found if read >= _ALL_SHARE * total else {}


def _is_paired(cells: pl.Series) -> bool:
    """Whether cells, as far as a sample shows, are pairs such as `good: 2, bad: 1`, several in some."""
    sample = [cell for cell in cells.head(_SAMPLE_ROWS) if cell.strip()]
    found = [one for cell in sample if (one := parse_pairs(cell)) is not None]
    return len(found) >= _ALL_SHARE * len(sample) > 0 and any(len(one) > 1 for one in found)


def _is_flat(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(one, list | dict) for one in value)


def _with_json(frame: pl.DataFrame, name: str, parsed: dict[str, Structure]) -> pl.DataFrame:
    """The frame with the lists of a column as JSON, unless they are few enough to be words in brackets."""
    several = sum(len(one) > 1 for one in parsed.values())
    if not several or (several < _SEVERAL_SHARE * len(parsed) and not names_labels(name)):
        return frame
    written = {cell: json.dumps(one, ensure_ascii=False) for cell, one in parsed.items() if not _is_json(cell)}
    if not written:
        return frame
    cells = frame.get_column(name)
    return frame.with_columns(cells.replace(list(written), list(written.values())))


def _is_json(cell: str) -> bool:
    try:
        json.loads(cell)
    except ValueError:
        return False
    return True


def _refuse_unread(table: SourceTable, name: str, columns: list[str]) -> None:
    others = [other for other in columns if other != name]
    if names_labels(name) and not in_preference_order(others, LABEL_NAMES):
        raise DataError(
            f"{table.name}: the cells of {name!r} look like lists or objects, and cannot be read as such, as "
            f"{table.frame.get_column(name).filter(table.frame.get_column(name) != '')[0][:80]!r}.",
            hint=f"Write them as JSON. {FORMS}",
        )
