"""Several tables of one kind to one: their rows below each other, with one account of what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import polars as pl

from judgekit.config.roles import Roles
from judgekit.errors import DataError
from judgekit.tables.account import SetAside
from judgekit.tables.file_annotators import ANNOTATOR_COLUMN, Origin, origin_of
from judgekit.tables.source import SourceTable

_ALIKE = 0.5
"""Share of all columns of two files that both must have; with fewer they are likely to be different tables."""
_NAMES_SHOWN = 5


def join(path: Path, tables: Sequence[SourceTable], names: Sequence[str]) -> SourceTable:
    """The rows of several tables below each other.

    Where the files share items, each has an item once and no column names the annotator, each file is taken for one
    annotator's, and a column with the file's name is added.

    Args:
        path: what stands for all of them: the first file, or their folder.
        tables: the tables, one at least; their columns may be in any order.
        names: what each file is called, without its ending; where all are called the same, the folder's name is taken.

    Raises:
        DataError: the columns are so different that these are several tables, or the formats contradict each other.
    """
    columns = list(dict.fromkeys(name for table in tables for name in table.frame.columns))
    warnings = _differences(tables, columns)
    roles = _roles(tables)
    if len(set(names)) == 1:
        names = [table.path.parent.name for table in tables]
    origin = origin_of(tables, columns, roles, names) if len(tables) > 1 else Origin([])
    frames = [
        table.frame.select(
            pl.col(name) if name in table.frame.columns else pl.lit("").alias(name) for name in columns
        ).with_columns(pl.lit(name).alias(ANNOTATOR_COLUMN) for name in origin.names[n : n + 1])
        for n, table in enumerate(tables)
    ]
    if origin.names:
        roles = Roles(annotator=ANNOTATOR_COLUMN).over(roles)
    return SourceTable(
        path=path,
        frame=pl.concat(frames),
        notes=(*_said(tables, "notes"), *filter(None, [origin.note])),
        roles=roles,
        set_aside=_set_aside(tables),
        warnings=(*_said(tables, "warnings"), *warnings, *filter(None, [origin.warning])),
        members=tuple(tables),
    )


def _differences(tables: Sequence[SourceTable], columns: Sequence[str]) -> list[str]:
    """A warning for each column that some files lack, or the refusal of files that are other tables."""
    first = set(tables[0].frame.columns)
    others = [
        f"{table.name}: {', '.join(table.frame.columns)}"
        for table in tables
        if len(first.intersection(table.frame.columns)) < _ALIKE * len(first.union(table.frame.columns))
    ]
    if others:
        raise DataError(
            f"The columns of these files differ too much from those of {tables[0].name} "
            f"({', '.join(tables[0].frame.columns)}); they seem to be other tables.",
            problems=others,
            hint="Give only files of one kind at once, or make their columns the same.",
        )
    lacking = {name: [t.name for t in tables if name not in t.frame.columns] for name in columns}
    return [
        f"{_few(files)} {'has' if len(files) == 1 else 'have'} no column {name!r}; it is empty there."
        for name, files in lacking.items()
        if files
    ]


def _roles(tables: Sequence[SourceTable]) -> Roles:
    """What the formats say about columns, taken together."""
    merged: dict[str, Any] = {}
    for field in fields(Roles):
        values = [value for table in tables if (value := getattr(table.roles, field.name))]
        if isinstance(field.default, tuple):
            merged[field.name] = tuple(dict.fromkeys(one for value in values for one in value))
        elif len(set(values)) > 1:
            raise DataError(
                f"The files do not agree on the {field.name}: {', '.join(map(str, dict.fromkeys(values)))}.",
                problems=[f"{table.name}: {getattr(table.roles, field.name)}" for table in tables],
                hint="Ingest them one after another, the later ones with --append.",
            )
        else:
            merged[field.name] = values[0] if values else None
    return Roles(**merged)


def _said(tables: Sequence[SourceTable], kind: str) -> list[str]:
    """Notes or warnings of all files: once what all of them say, else with the names of the files."""
    files: dict[str, list[str]] = {}
    for table in tables:
        for text in getattr(table, kind):
            files.setdefault(text, []).append(table.name)
    return [
        text if len(names) == len(tables) or text.startswith(tuple(names)) else f"{_few(names)}: {text}"
        for text, names in files.items()
    ]


def _set_aside(tables: Sequence[SourceTable]) -> tuple[SetAside, ...]:
    """The groups of all files, those of one reason together."""
    groups: dict[tuple[str, bool], list[tuple[str, SetAside]]] = {}
    for table in tables:
        for aside in table.set_aside:
            groups.setdefault((aside.reason, aside.is_fault), []).append((table.name, aside))
    return tuple(
        SetAside(
            reason,
            sum(aside.rows for _, aside in found),
            _few([f"{name} {aside.where}" for name, aside in found], between="; "),
            is_fault,
            tuple(
                detail if name in detail else f"{name} {detail}" for name, aside in found for detail in aside.details
            ),
        )
        for (reason, is_fault), found in groups.items()
    )


def _few(names: Iterable[str], *, between: str = ", ") -> str:
    every = list(names)
    more = len(every) - _NAMES_SHOWN
    return between.join(every[:_NAMES_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
