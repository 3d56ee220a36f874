"""`judgekit ingest`: a multi-annotator table becomes a dataset of the workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
from rich.console import RenderableType

from judgekit.config import IngestSettings
from judgekit.core.distributions import class_prior, empirical_distribution, entropy, raw_agreement
from judgekit.data.build import build_items
from judgekit.data.inference import infer_schema
from judgekit.data.ingest_report import IngestReport
from judgekit.data.items import ItemTable, content_hash, save_items
from judgekit.data.readers.delimited import read_table
from judgekit.data.schema import Layout, Roles, Schema
from judgekit.pipelines.datasets import ANNOTATIONS_FILE, ITEMS_FILE, SCHEMA_FILE, TEMPLATE_FILE, open_workspace
from judgekit.prompts.library import build_template, choose_template
from judgekit.prompts.template import PromptTemplate
from judgekit.report.tables import dataset_summary
from judgekit.workspace.atomic import write_text
from judgekit.workspace.layout import check_name, name_from_file
from judgekit.workspace.manifest import write_json
from judgekit.workspace.store import Kind

EXAMPLES_SHOWN = 3


class IngestResult(NamedTuple):
    """A new dataset."""

    dataset: str
    folder: Path
    items: ItemTable
    schema: Schema
    report: IngestReport
    template: str
    """Name of the built-in template that the dataset's own was made from."""
    label_shares: dict[str, float]
    """Mean over the items of each label's share."""
    raw_agreement: float | None
    """Mean over the items of the share of agreeing pairs of annotations; None where no item has two."""
    mean_entropy: float
    """Of the empirical distributions, nats."""

    def __rich__(self) -> RenderableType:
        """The facts, and the first items, for the terminal."""
        first = self.items.take(np.arange(min(EXAMPLES_SHOWN, len(self.items))))
        examples = [
            {"item_id": item, "texts": texts, "counts": dict(zip(first.labels, counts, strict=True))}
            for item, texts, counts in zip(first.item_ids, first.texts.to_dicts(), first.counts.tolist(), strict=True)
        ]
        return dataset_summary(self.to_json(), examples)

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON values, without the items themselves."""
        report = self.report
        return {
            "dataset": self.dataset,
            "folder": str(self.folder),
            "items": report.items,
            "annotations": report.annotations,
            "annotators": report.annotators,
            "labels": list(self.schema.labels),
            "scale": self.schema.scale,
            "layout": self.schema.layout,
            "columns": {
                "item": self.schema.item,
                "annotator": self.schema.annotator or list(self.schema.annotator_columns) or None,
                "label": self.schema.label or list(self.schema.count_columns) or None,
                "text": list(self.schema.fields),
                "group": self.schema.group,
                "ignored": list(self.schema.ignored),
            },
            "template": self.template,
            "label_shares": self.label_shares,
            "annotations_per_item": dict(zip(("min", "mean", "max"), report.annotations_per_item, strict=True)),
            "raw_agreement": self.raw_agreement,
            "mean_entropy": self.mean_entropy,
            "rows_read": report.rows_read,
            "rows_kept": report.rows_kept,
            "set_aside": [aside._asdict() for aside in report.set_aside],
            "reasons": list(self.schema.reasons),
            "notes": list(report.notes),
            "warnings": list(report.warnings),
        }


def ingest(
    path: str | Path,
    *,
    name: str | None = None,
    workspace: str | Path | None = None,
    force: bool = False,
    **settings: Any,
) -> IngestResult:
    """Read a multi-annotator table, build the empirical label distribution of every item, and keep it.

    Args:
        path: a CSV file in long, wide or counts layout.
        name: name of the dataset; None makes one of the file's name.
        workspace: its folder; None finds one, and makes it where there is none.
        force: replace a dataset of that name.
        settings: fields of `IngestSettings`.

    Raises:
        DataError: the table cannot be read or contradicts itself; all problems are listed and nothing is written.
        WorkspaceError: the name is taken.
    """
    chosen = IngestSettings.from_json(settings)
    path = Path(path)
    dataset = check_name(name or name_from_file(path))
    source = read_table(path, delimiter=chosen.delimiter, encoding=chosen.encoding)
    schema = infer_schema(source, _roles(chosen))
    ingested = build_items(source, schema)
    items = ingested.items
    template = chosen.template or choose_template(items.fields, items.labels, items.scale)
    template_text = build_template(template, items.fields, items.labels, items.scale)
    PromptTemplate(template_text).check(items.fields)
    distributions = empirical_distribution(items.counts)
    shares = class_prior(items.counts)
    result = IngestResult(
        dataset,
        Path(),
        items,
        schema,
        ingested.report,
        template,
        {label: float(share) for label, share in zip(items.labels, shares, strict=True)},
        raw_agreement(items.counts),
        float(entropy(distributions).mean()),
    )
    place = open_workspace(workspace, create=True)
    with place.staged(Kind.dataset, dataset, replace=force) as staged:
        save_items(items, staged.path / ITEMS_FILE)
        ingested.annotations.write_parquet(staged.path / ANNOTATIONS_FILE, compression="zstd")
        write_json(staged.path / SCHEMA_FILE, {"items": items.header(), "schema": schema.to_json()})
        write_text(staged.path / TEMPLATE_FILE, template_text)
        facts = {key: value for key, value in result.to_json().items() if key not in ("dataset", "folder")}
        entry = staged.commit({"source": path.name, "content_hash": content_hash(items), **facts})
    return result._replace(folder=entry.path)


def _roles(settings: IngestSettings) -> Roles:
    labels = tuple(label.strip() for label in (settings.labels or "").split(",") if label.strip())
    return Roles(
        item=settings.item,
        annotator=settings.annotator,
        label=settings.label,
        text=settings.text,
        counts=settings.counts,
        number=settings.number,
        separator=settings.separator,
        split=settings.split,
        label_map=tuple((old, new) for old, _, new in (pair.partition("=") for pair in settings.label_map)),
        drop_labels=settings.drop_label,
        annotator_columns=settings.annotator_columns,
        group=settings.group,
        layout=cast("Layout | None", settings.layout),
        labels=labels,
    )
