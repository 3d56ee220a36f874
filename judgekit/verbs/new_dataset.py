"""What `ingest` makes: a dataset with its account, written whole, without the names of annotators."""

from __future__ import annotations

import dataclasses
from typing import Any

import polars as pl

from judgekit.dataset.annotation_columns import redact_columns
from judgekit.dataset.ingest_report import IngestReport
from judgekit.dataset.items import ItemTable, content_hash, save_items
from judgekit.dataset.manifest import DATASETS, DatasetManifest, DatasetSchema
from judgekit.dataset.near_duplicates import group_near_duplicates
from judgekit.dataset.opening import ANNOTATIONS_FILE, ITEMS_FILE, SCHEMA_FILE, TEMPLATE_FILE
from judgekit.dataset.pseudonyms import pseudonymise, redacted
from judgekit.dataset.result import IngestResult
from judgekit.schema.schema import Schema
from judgekit.tables.source import SourceTable
from judgekit.workspace.atomic import write_text
from judgekit.workspace.manifest import now
from judgekit.workspace.store import Workspace


def grouped(items: ItemTable, report: IngestReport, schema: Schema) -> tuple[ItemTable, IngestReport]:
    """The items with near-duplicates in one group, and the report that says so; groups of the user's stay as they are.

    A text that stands in several of those groups would chain them to one.
    """
    if schema.group:
        return items, report
    found = group_near_duplicates(items.texts, items.groups)
    if found.is_skipped:
        note = "Nearly equal texts were not looked for: there are too many items; only equal texts stay together."
    elif found.items:
        note = f"Items with nearly the text of another one: {found.items:,}; a split keeps them together."
    else:
        return items, report
    return dataclasses.replace(items, groups=found.groups), dataclasses.replace(report, notes=(*report.notes, note))


def with_pseudonyms(
    annotations: pl.DataFrame, source: SourceTable, schema: Schema, key: bytes
) -> tuple[pl.DataFrame, dict[str, str]]:
    """The annotations with pseudonyms for annotators, and the pseudonyms of those named by a column or a file."""
    raw = annotations.get_column("annotator")
    hidden = pseudonymise(raw, key)
    columns, files = set(schema.annotator_columns), [member.name for member in source.members]
    shown = [
        name
        for name in raw.drop_nulls().unique().to_list()
        if name in columns or any(file.startswith(f"{name}.") for file in files)
    ]
    known = dict(pl.DataFrame({"raw": raw, "hidden": hidden}).drop_nulls().unique().iter_rows())
    hidden_annotations = redact_columns(annotations.with_columns(hidden.alias("annotator")), known)
    return hidden_annotations, {name: known[name] for name in shown}


def write_dataset(
    place: Workspace, result: IngestResult, template_text: str, sources: list[dict[str, Any]], *, replace: bool
) -> IngestResult:
    """Write a dataset whole, or not at all.

    Args:
        place: the workspace.
        result: the dataset.
        template_text: its prompt template.
        sources: the files it was made of, oldest first: name and SHA-256 of each.
        replace: whether one of that name is replaced.

    Returns:
        The result with its folder.
    """
    with place.staged(DATASETS, result.dataset, replace=replace) as staged:
        save_items(result.items, staged.path / ITEMS_FILE)
        result.annotations.write_parquet(staged.path / ANNOTATIONS_FILE, compression="zstd")
        schema = Schema.from_json(redacted(result.schema.to_json(), result.names))
        DatasetSchema(items=result.items.header(), columns=schema).write(staged.path / SCHEMA_FILE)
        write_text(staged.path / TEMPLATE_FILE, template_text)
        about = {
            "created": now(),
            "sources": redacted(sources, result.names),
            "content_hash": content_hash(result.items),
        }
        entry = staged.commit(DatasetManifest.from_json({**about, **result.to_json()}))
    return result._replace(folder=entry.path)
