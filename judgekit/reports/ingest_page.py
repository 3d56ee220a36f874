"""The page of `ingest`: the columns and why they are read so, the figures, the first items, the account of the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from judgekit.dataset.annotation_columns import AnnotationColumn
from judgekit.dataset.items import ItemTable
from judgekit.dataset.result import Figures, IngestResult
from judgekit.reports.blocks import Bars, facts, heading
from judgekit.schema.schema import Schema
from judgekit.tables.account import SetAside
from judgekit.wording import counted, visible

TEXT_SHOWN = 160
"""Characters of a text."""
DETAILS_SHOWN, EXAMPLES_SHOWN, LABELS_SHOWN = 3, 3, 8


def ingest_page(result: IngestResult) -> RenderableType:
    """What one call of `ingest` made, one page per dataset; columns are shown by their names in the file."""
    between = [part for one in result.datasets for part in (Text(""), _dataset(one))][1:]
    is_dry_run = result.folder is None
    ends = [Text(in_one_line(one), style="bold") for one in result.datasets]
    return Group(*between, *([heading("Dry run: nothing was written.")] if is_dry_run else []), Text(""), *ends)


def in_one_line(result: IngestResult) -> str:
    """What a hurried reader must know: `20 items, 3 annotators, labels a/b/c; the prompt reads: text`."""
    found = result.figures()
    people = counted(found.annotators, "annotator") if found.annotators else counted(found.annotations, "annotation")
    labels = result.items.labels
    shown = "/".join(labels[:LABELS_SHOWN]) + (
        f" and {len(labels) - LABELS_SHOWN} more" if labels[LABELS_SHOWN:] else ""
    )
    which = f"{result.dataset}: " if result.schema.dimension else ""
    fields = ", ".join(result.items.fields)
    return visible(f"{which}{counted(found.items, 'item')}, {people}, labels {shown}; the prompt reads: {fields}")


def first_items(result: IngestResult) -> RenderableType:
    """The first items of each dataset, and the one line that says what they are."""
    parts: list[RenderableType] = []
    for one in result.datasets:
        parts += [Text(in_one_line(one)), *_examples(one.items.take(np.arange(min(EXAMPLES_SHOWN, len(one.items)))))]
    return Group(*parts)


def _dataset(result: IngestResult) -> RenderableType:
    examples = result.items.take(np.arange(min(EXAMPLES_SHOWN, len(result.items))))
    found = result.figures()
    parts: list[RenderableType] = [
        heading(f"Dataset {result.dataset}"),
        facts([*_columns(result.schema), ("template", result.template)]),
        heading("Why"),
        *(_indented(reason) for reason in result.schema.reasons),
        heading("Figures"),
        facts([*_figures(found), *known_of(result.annotation_columns)]),
        Bars(found.label_shares),
        heading(f"{counted(len(examples), 'item')} of {found.items:,}"),
        *_examples(examples),
        *_account(result),
    ]
    parts += [Text(f"Note: {note}") for note in result.report.notes]
    parts += [Text(f"Warning: {warning}", style="yellow") for warning in result.report.warnings]
    return Group(*parts)


def _columns(schema: Schema) -> Iterator[tuple[str, str]]:
    """The columns by their roles, and how they were read."""
    roles: list[tuple[str, str | Sequence[str] | None]] = [
        ("item", schema.item),
        ("annotator", schema.annotator or schema.annotator_columns),
        ("label", schema.label or schema.count_columns),
        ("text", schema.fields),
        ("group", schema.group),
        ("split", schema.split),
        ("ignored", schema.ignored),
    ]
    for role, columns in roles:
        if columns:
            yield role, columns if isinstance(columns, str) else ", ".join(columns)
    yield "layout", schema.layout
    yield "scale", schema.scale


def _figures(found: Figures) -> Iterator[tuple[str, str]]:
    fewest, mean, most = found.annotations_per_item
    yield "items", f"{found.items:,}"
    yield "annotations", f"{found.annotations:,}"
    if found.annotators is not None:
        yield "annotators", f"{found.annotators:,}"
    yield "annotations per item", f"{fewest:,} to {most:,}, mean {mean:.2f}"
    if found.raw_agreement is not None:
        yield "raw agreement", f"{found.raw_agreement:.1%} of the pairs of annotations of one item"
    yield "mean entropy", f"{found.mean_entropy:.3f} nats"


def known_of(columns: Sequence[AnnotationColumn]) -> Iterator[tuple[str, str]]:
    """What is known of annotations and annotators beside the labels, and of how many annotations."""
    for of in ("annotation", "annotator"):
        known = [f"{one.name} ({one.type}, {one.filled:.0%} filled)" for one in columns if one.of == of]
        if known:
            yield f"known of each {of}", ", ".join(known)


def _examples(items: ItemTable) -> Iterator[RenderableType]:
    for item, texts, counts in zip(items.item_ids, items.texts.to_dicts(), items.counts.tolist(), strict=True):
        shown = [(column, _shortened(text)) for column, text in texts.items()]
        labels = ", ".join(f"{label}: {count:,}×" for label, count in zip(items.labels, counts, strict=True) if count)
        yield facts([("item", item), *shown, ("annotations", labels)])


def _shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= TEXT_SHOWN else flat[: TEXT_SHOWN - 1] + "…"


def _account(result: IngestResult) -> Iterator[RenderableType]:
    """What became of the rows, and of the annotations of a further round."""
    report, added = result.report, result.round
    aside = sum(one.rows for one in report.set_aside)
    rows = f"{counted(report.rows_read, 'row')} read = {report.rows_kept:,} kept"
    yield heading(rows + (f" + {aside:,} set aside" if aside else ""))
    yield from _set_aside(report.set_aside)
    if added is not None:
        yield heading(
            f"This round: {counted(report.annotations, 'annotation')} read, {added.added:,} added to "
            f"{counted(added.known_items, 'known item')} and {counted(added.new_items, 'new item')}"
        )
        yield from _set_aside(added.set_aside)


def _set_aside(account: Sequence[SetAside]) -> Iterator[RenderableType]:
    """A line per reason, and the first findings."""
    for one in account:
        words = f"{one.rows:,} set aside: {one.reason} ({one.where})"
        yield _indented(words, style="yellow" if one.is_fault else "")
        yield from (_indented(detail, by=6) for detail in one.details[:DETAILS_SHOWN])
        if len(one.details) > DETAILS_SHOWN:
            yield _indented("…", by=6)


def _indented(sentence: str, *, by: int = 2, style: str = "") -> RenderableType:
    return Padding(Text(sentence, style=style), (0, 0, 0, by))
