"""What `ingest` makes: a dataset with its account, written whole, without the names of annotators."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from rich.console import RenderableType

from judgekit.core.distributions import class_prior, empirical_distribution, entropy, raw_agreement
from judgekit.dataset.items import ItemTable, content_hash, save_items
from judgekit.dataset.near_duplicates import group_near_duplicates
from judgekit.dataset.opening import ANNOTATIONS_FILE, ITEMS_FILE, SCHEMA_FILE, TEMPLATE_FILE
from judgekit.dataset.pseudonyms import pseudonymise, redact
from judgekit.dataset.rounds import Round
from judgekit.reports.tables import dataset_summary, ingestion_page
from judgekit.schema.schema import Schema
from judgekit.tables.ingest_report import IngestReport
from judgekit.tables.source import SourceTable
from judgekit.workspace.atomic import write_text
from judgekit.workspace.manifest import write_json
from judgekit.workspace.store import Kind, Workspace

EXAMPLES_SHOWN = 3
PSEUDONYMS, AS_IN_FILE = "pseudonyms", "as in the file"


class IngestResult(NamedTuple):
    """One new dataset, or one that a further round was added to."""

    dataset: str
    folder: Path | None
    """None in a dry run."""
    items: ItemTable
    annotations: pl.DataFrame
    """`item_id`, `annotator` (null where unnamed), `label`, `count`."""
    schema: Schema
    report: IngestReport
    """The account of what was read: of the round alone, where one was added."""
    template: str
    """Name of the built-in template that the dataset's own was made from."""
    annotator_ids: str | None
    """Whether the ids are pseudonyms or as in the file; None where nobody is named."""
    names: Mapping[str, str] = {}
    """The pseudonyms of those annotators who are named by a column or a file."""
    round: Round | None = None
    """What a further round brought."""
    others: tuple[IngestResult, ...] = ()
    """The datasets of the other label columns, where a table has several."""

    @property
    def datasets(self) -> tuple[IngestResult, ...]:
        """This dataset and the others."""
        return (self._replace(others=()), *self.others)

    def __rich__(self) -> RenderableType:
        """A page for each dataset, for the terminal; columns are shown by their names in the file."""
        return ingestion_page([result._page() for result in self.datasets], is_dry_run=self.folder is None)

    def _page(self) -> RenderableType:
        """The facts, and the first items."""
        first = self.items.take(np.arange(min(EXAMPLES_SHOWN, len(self.items))))
        examples = [
            {"item_id": item, "texts": texts, "counts": dict(zip(first.labels, counts, strict=True))}
            for item, texts, counts in zip(first.item_ids, first.texts.to_dicts(), first.counts.tolist(), strict=True)
        ]
        return dataset_summary(self._facts(), examples)

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON values, without the items themselves and without names of annotators.

        Of several datasets: `datasets`, a list of the facts of each.
        """
        if self.others:
            return {"datasets": [result.to_json() for result in self.datasets], "dry_run": self.folder is None}
        return redacted(self._facts(), self.names)

    def _facts(self) -> dict[str, Any]:
        counts, report, schema = self.items.counts, self.report, self.schema
        per_item = counts.sum(axis=1)
        people = self.annotations.get_column("annotator").drop_nulls()
        facts = {
            "dataset": self.dataset,
            "folder": None if self.folder is None else str(self.folder),
            "dry_run": self.folder is None,
            "items": len(self.items),
            "annotations": int(per_item.sum()),
            "annotators": people.n_unique() if people.len() else None,
            "annotator_ids": self.annotator_ids,
            "labels": list(self.items.labels),
            "scale": self.items.scale,
            "layout": schema.layout,
            "columns": {
                "item": schema.item,
                "annotator": schema.annotator or list(schema.annotator_columns) or None,
                "label": schema.label or list(schema.count_columns) or None,
                "text": list(schema.fields),
                "group": schema.group,
                "split": schema.split,
                "ignored": list(schema.ignored),
            },
            "template": self.template,
            "label_shares": dict(zip(self.items.labels, class_prior(counts).tolist(), strict=True)),
            "annotations_per_item": {
                "min": int(per_item.min()),
                "mean": float(per_item.mean()),
                "max": int(per_item.max()),
            },
            "raw_agreement": raw_agreement(counts),
            "mean_entropy": float(entropy(empirical_distribution(counts)).mean()),
            "rows_read": report.rows_read,
            "rows_kept": report.rows_kept,
            "set_aside": [aside._asdict() | {"details": list(aside.details)} for aside in report.set_aside],
            "reasons": list(schema.reasons),
            "notes": list(report.notes),
            "warnings": list(report.warnings),
        }
        if self.round is not None:
            added = self.round
            facts["round"] = {
                "annotations": report.annotations,
                "added": added.added,
                "new_items": added.new_items,
                "known_items": added.known_items,
                "set_aside": [aside._asdict() | {"details": list(aside.details)} for aside in added.set_aside],
            }
        return facts


def redacted(value: Any, names: Mapping[str, str]) -> Any:
    """JSON values with the pseudonym wherever an annotator's name stood."""
    if not names:
        return value
    if isinstance(value, str):
        return names.get(value) or redact(value, names)
    if isinstance(value, list):
        return [redacted(one, names) for one in value]
    if isinstance(value, dict):
        return {key: redacted(one, names) for key, one in value.items()}
    return value


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
    names = pl.DataFrame({"raw": raw, "hidden": hidden}).filter(raw.is_in(shown)).unique()
    return annotations.with_columns(hidden.alias("annotator")), dict(names.iter_rows())


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
    with place.staged(Kind.dataset, result.dataset, replace=replace) as staged:
        save_items(result.items, staged.path / ITEMS_FILE)
        result.annotations.write_parquet(staged.path / ANNOTATIONS_FILE, compression="zstd")
        schema = redacted(result.schema.to_json(), result.names)
        write_json(staged.path / SCHEMA_FILE, {"items": result.items.header(), "schema": schema})
        write_text(staged.path / TEMPLATE_FILE, template_text)
        facts = {key: value for key, value in result.to_json().items() if key not in ("dataset", "folder", "dry_run")}
        for account in (facts, facts.get("round", {})):  # the details quote annotators: they are for the user's eyes
            for aside in account.get("set_aside", ()):
                del aside["details"]
        entry = staged.commit(
            {"sources": redacted(sources, result.names), "content_hash": content_hash(result.items), **facts}
        )
    return result._replace(folder=entry.path)
