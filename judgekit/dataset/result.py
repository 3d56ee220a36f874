"""What `ingest` made, and one item in a dataset's template, as objects for Python, scripts and the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from judgekit.core.distributions import class_prior, empirical_distribution, entropy, raw_agreement
from judgekit.dataset.annotation_columns import AnnotationColumn, describe_columns
from judgekit.dataset.building import IngestReport
from judgekit.dataset.items import ItemTable
from judgekit.dataset.manifest import SourceFile
from judgekit.dataset.pseudonyms import redacted
from judgekit.dataset.rounds import Round
from judgekit.schema.schema import Schema

PSEUDONYMS, AS_IN_FILE = "pseudonyms", "as in the file"


class Figures(NamedTuple):
    """What the counts of a dataset come to."""

    items: int
    annotations: int
    annotators: int | None
    """None where nobody is named."""
    annotations_per_item: tuple[int, float, int]
    """Fewest, mean, most."""
    label_shares: dict[str, float]
    """Mean over the items of each label's share."""
    raw_agreement: float | None
    """Mean over the items of the share of agreeing pairs of annotations; None where no item has two."""
    mean_entropy: float
    """Of the empirical distributions, nats."""


class IngestResult(NamedTuple):
    """One new dataset, or one that a further round was added to.

    Examples:
        >>> dataset = ingest("votes.csv", name="again")
        >>> dataset.items.labels, dataset.items.counts.shape
        (('bad', 'fair', 'good'), (60, 3))
    """

    dataset: str
    folder: Path | None
    """None in a dry run."""
    items: ItemTable
    annotations: pl.DataFrame
    """`item_id`, `annotator` (null where unnamed), `label`, `count`, and the columns of `annotation_columns`."""
    schema: Schema
    report: IngestReport
    """The account of what was read: of the round alone, where one was added."""
    template: str
    """Name of the built-in template that the dataset's own was made from."""
    template_text: str
    """The template itself."""
    annotator_ids: str | None
    """Whether the ids are pseudonyms or as in the file; None where nobody is named."""
    sources: tuple[SourceFile, ...] = ()
    """The files that the dataset is made of, oldest first."""
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

    @property
    def annotation_columns(self) -> tuple[AnnotationColumn, ...]:
        """What is known of annotations and annotators beside the labels."""
        return describe_columns(self.annotations)

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON values, without the items themselves and without names of annotators.

        Of several datasets: `datasets`, a list of the facts of each.
        """
        if self.others:
            return {"datasets": [result.to_json() for result in self.datasets], "dry_run": self.folder is None}
        return redacted(self._facts(), self.names)

    def figures(self) -> Figures:
        """What the counts come to."""
        counts = self.items.counts
        per_item = counts.sum(axis=1)
        people = self.annotations.get_column("annotator").drop_nulls()
        return Figures(
            items=len(self.items),
            annotations=int(per_item.sum()),
            annotators=people.n_unique() if people.len() else None,
            annotations_per_item=(int(per_item.min()), float(per_item.mean()), int(per_item.max())),
            label_shares=dict(zip(self.items.labels, class_prior(counts).tolist(), strict=True)),
            raw_agreement=raw_agreement(counts),
            mean_entropy=float(entropy(empirical_distribution(counts)).mean()),
        )

    def _facts(self) -> dict[str, Any]:
        """The facts as JSON values, columns and annotators by their names in the file."""
        report, schema, figures = self.report, self.schema, self.figures()
        facts = {
            "dataset": self.dataset,
            "folder": None if self.folder is None else str(self.folder),
            "dry_run": self.folder is None,
            **figures._asdict(),
            "annotations_per_item": dict(zip(("min", "mean", "max"), figures.annotations_per_item, strict=True)),
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
            "annotation_columns": [column._asdict() for column in self.annotation_columns],
            "template": self.template,
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


class FilledTemplate(NamedTuple):
    """A dataset's template with one of its items in it."""

    dataset: str
    path: Path
    """The template file, for editing."""
    item: str
    prompt: str
    """What a causal LM reads."""
    segments: tuple[str, str | None]
    """What an encoder reads."""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {**self._asdict(), "path": str(self.path), "segments": list(self.segments)}
