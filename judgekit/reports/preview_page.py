"""The first rows of a table with the role of each column, before anything is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.text import Text

from judgekit.reports.blocks import Column, Rows, heading
from judgekit.schema.schema import Schema
from judgekit.tables.source import SourceTable

ROWS_SHOWN = 3
_CELL_CHARACTERS = 32


class Preview(NamedTuple):
    """What each column is taken for, and the first rows."""

    table: str
    layout: str
    columns: tuple[tuple[str, str], ...]
    """Name and role of each column, in file order."""
    rows: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, source: SourceTable, schemas: Sequence[Schema]) -> Preview:
        """The preview of a table that the schemas read."""
        first = source.frame.head(ROWS_SHOWN)
        columns = [(name, _role(name, schemas)) for name in source.frame.columns]
        return cls(source.name, schemas[0].layout, tuple(columns), tuple(first.iter_rows()))

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON values."""
        columns = [{"name": name, "role": role} for name, role in self.columns]
        return {"table": self.table, "layout": self.layout, "columns": columns, "rows": list(map(list, self.rows))}


def _role(name: str, schemas: Sequence[Schema]) -> str:
    for schema in schemas:
        roles = {
            "item": [schema.item],
            "text": schema.fields,
            "annotator": [schema.annotator, *schema.annotator_columns],
            "label": [schema.label, *schema.count_columns],
            "number": [schema.number],
            "group": [schema.group],
            "split": [schema.split],
            "kept": [*schema.of_annotation, *schema.of_annotator],
        }
        if role := next((role for role, names in roles.items() if name in names), None):
            return role
    return "left out"


def preview_page(preview: Preview) -> RenderableType:
    """A line for each column: its name, its role, and its first cells."""
    cells = zip(*preview.rows, strict=True) if preview.rows else ([""] for _ in preview.columns)
    rows = [[name, role, *map(_shortened, column)] for (name, role), column in zip(preview.columns, cells, strict=True)]
    heads = [Column("column", is_figure=False), Column("role", is_figure=False, is_bold=True)]
    heads += [Column(f"row {n + 1}", is_figure=False) for n in range(len(preview.rows))]
    title = heading(f"{preview.table}: layout {preview.layout}")
    return Group(title, Rows(heads, rows), Text("Preview: nothing was written."))


def _shortened(cell: str) -> str:
    flat = " ".join(cell.split())
    return flat if len(flat) <= _CELL_CHARACTERS else flat[: _CELL_CHARACTERS - 1] + "…"
