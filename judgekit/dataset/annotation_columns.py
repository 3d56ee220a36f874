"""What is known of annotations and annotators beside the labels: seconds, confidence, a comment; age, country.

In the table of annotations such columns are called `annotation.<name>` and `annotator.<name>`. They are typed where
every filled cell allows it, hold no names of annotators, and enter no prompt.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from judgekit.schema.schema import Schema
from judgekit.tables.source import SourceTable

_ANNOTATION, _ANNOTATOR = "annotation.", "annotator."
_INTEGER = r"^[+-]?(0|[1-9]\d{0,17})$"
_DECIMAL = r"^[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"
_DATE = r"^\d{4}-\d\d-\d\d$"
_TIME = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?"
_ZONE = r"(Z|[+-]\d\d:?\d\d)$"


class AnnotationColumn(NamedTuple):
    """One such column."""

    name: str
    """As in the file."""
    of: str
    """Whom it tells of: `annotation` or `annotator`."""
    type: str
    """Int64, Float64, Boolean, Date, Datetime or String."""
    filled: float
    """Share of the annotations with a value."""


def columns_of_annotations(source: SourceTable, schema: Schema, rows: pl.Series) -> pl.DataFrame:
    """The extra columns of annotations that come from some rows of the source, in file order."""
    prefixes = dict.fromkeys(schema.of_annotation, _ANNOTATION) | dict.fromkeys(schema.of_annotator, _ANNOTATOR)
    names = [name for name in source.frame.columns if name in prefixes]
    return pl.DataFrame(
        [_typed(source.frame.get_column(name).gather(rows)).alias(prefixes[name] + name) for name in names]
    )


def extra_columns(annotations: pl.DataFrame) -> list[pl.Series]:
    """The columns beside item, annotator, label and count."""
    return [column for column in annotations.get_columns() if column.name.startswith((_ANNOTATION, _ANNOTATOR))]


def describe_columns(annotations: pl.DataFrame) -> tuple[AnnotationColumn, ...]:
    """The extra columns of a table of annotations."""
    return tuple(
        AnnotationColumn(
            name=column.name.partition(".")[2],
            of=column.name.partition(".")[0],
            type=str(column.dtype.base_type()),
            filled=column.count() / max(column.len(), 1),
        )
        for column in extra_columns(annotations)
    )


def join_annotations(before: pl.DataFrame, added: pl.DataFrame) -> pl.DataFrame:
    """Two tables of annotations below each other; a column that one of them lacks is null there.

    Of two kinds of numbers the wider is taken, of other types the text. What describes the annotator in one table and
    the annotation in the other describes the annotation.
    """
    names = {column.name for table in (before, added) for column in extra_columns(table)}
    of_annotation = {name: _ANNOTATION + name.removeprefix(_ANNOTATOR) for name in names}
    changed = {name: other for name, other in of_annotation.items() if name != other and other in names}
    before, added = (table.rename(changed, strict=False) for table in (before, added))
    differing = [
        name
        for name in set(before.columns) & set(added.columns)
        if before.schema[name] != added.schema[name]
        and not (before.schema[name].is_numeric() and added.schema[name].is_numeric())
    ]
    as_text = pl.col(differing).cast(pl.String)
    return pl.concat([before.with_columns(as_text), added.with_columns(as_text)], how="diagonal_relaxed")


def _typed(cells: pl.Series) -> pl.Series:
    """The cells in the narrowest type that all filled ones have; a blank cell is null."""
    plain = cells.str.strip_chars()
    plain = plain.to_frame().select(pl.when(plain != "").then(plain)).to_series()
    values = plain.drop_nulls().unique()
    if values.is_empty():
        return plain
    if values.str.contains(_INTEGER).all():
        return plain.cast(pl.Int64)
    if values.str.contains(_DECIMAL).all():
        return plain.cast(pl.Float64)
    if values.str.to_lowercase().is_in(["true", "false"]).all():
        return plain.str.to_lowercase() == "true"
    typed = None
    if values.str.contains(_DATE).all():
        typed = plain.str.to_date("%Y-%m-%d", strict=False)
    elif values.str.contains(_TIME + "$").all():
        typed = _whole_times(plain).str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False)
    elif values.str.contains(_TIME + _ZONE).all():
        whole = _whole_times(plain.str.replace("Z$", "+00:00"))
        typed = whole.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", strict=False)
    is_date = typed is not None and typed.null_count() == plain.null_count()  # 2024-02-31 looks like one and is none
    return typed if typed is not None and is_date else plain


def _whole_times(cells: pl.Series) -> pl.Series:
    return cells.str.replace(" ", "T").str.replace(r"^(.{16})($|[+-])", "${1}:00${2}")
