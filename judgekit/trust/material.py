"""What a judge is evaluated on: items with their annotations, without those that it was trained on."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from judgekit.config import MeasureSettings, Part
from judgekit.config.roles import Roles
from judgekit.dataset.building import build_items
from judgekit.dataset.chances import drawn_of
from judgekit.dataset.items import ItemTable
from judgekit.dataset.opening import Dataset, load_annotations, open_dataset
from judgekit.errors import WorkspaceError
from judgekit.judge.held_out import HeldOutPredictions, held_out_predictions
from judgekit.judge.kept_items import kept_items
from judgekit.judge.manifest import JudgeManifest
from judgekit.schema.inference import infer_schema
from judgekit.tables.source import SourceTable
from judgekit.training.reporter import SILENT, Reporter
from judgekit.training.training_data import split_parts
from judgekit.trust.columns import column_of_dataset, column_of_table
from judgekit.trust.known_items import KnownItems, items_of_dataset, known_items
from judgekit.wording import counted
from judgekit.workspace.store import Entry, Workspace


class Material(NamedTuple):
    """What a judge is evaluated on."""

    items: ItemTable
    source: str
    """What they are, in words."""
    annotations: pl.DataFrame
    """`item_id`, `annotator`, `label`, `count`; of other items too."""
    known: KnownItems | None
    """The items of the judge's dataset; None where nothing is known of them."""
    left_out: int = 0
    """Items that the judge was trained on, and that are not among `items`."""
    trained_on: int | None = 0
    """Items that the judge was trained on, and that are; None where nobody knows."""
    predicted: HeldOutPredictions | None = None
    """What judges that had not seen the items say of them; None where the judge itself is asked."""
    by: pl.DataFrame | None = None
    """`item_id` and `value` of the column that the figures are shown by."""
    is_round: bool = True
    """Whether these are annotations of other items than the judge's dataset has."""
    names: str = ""
    """By what names annotators are shown (`people.with_shown_names`)."""


def own_items(
    place: Workspace,
    entry: Entry[JudgeManifest],
    part: Part,
    reporter: Reporter = SILENT,
    *,
    by: str | None = None,
) -> Material:
    """The items of a part of the dataset that a judge was trained on.

    Raises:
        WorkspaceError: the dataset is gone or has changed, or the judge has no such part.
    """
    return part_of(own_dataset(place, entry), entry, part, reporter, by=by)


def later_items(place: Workspace, entry: Entry[JudgeManifest]) -> Material | None:
    """The items of a judge's dataset that it was not trained on, where that has changed since.

    They are recognised by their texts; of what stands in one group with an item of the training none is taken.

    Returns:
        None where the dataset is as it was, or none of its items is known to be new to the judge.
    """
    trained_on = entry.manifest.dataset
    dataset = open_dataset(place, trained_on.name)
    items, kept = dataset.items, kept_items(entry)
    is_readable = items.labels == entry.manifest.labels and set(entry.manifest.fields) <= set(items.fields)
    if dataset.content_hash == trained_on.content_hash or kept is None or not is_readable:
        return None
    known = KnownItems(kept.hashes, kept.counts, None)
    seen = known.seen(items, entry.manifest)
    is_new = ~items.groups.is_in(items.groups.filter(pl.Series(seen)).unique().implode()).to_numpy()
    if not is_new.any():
        return None
    source = f"items of {dataset.name} that are new to the judge"
    return Material(items.take(is_new), source, load_annotations(dataset), known, left_out=int((~is_new).sum()))


def own_dataset(place: Workspace, entry: Entry[JudgeManifest]) -> Dataset:
    """The dataset that a judge was trained on.

    Raises:
        WorkspaceError: it is gone or has changed.
    """
    trained_on = entry.manifest.dataset
    dataset = open_dataset(place, trained_on.name)
    if dataset.content_hash != trained_on.content_hash:
        raise WorkspaceError(
            f"The dataset {dataset.name!r} has changed since the judge {entry.name!r} was trained on it, so which of "
            "its items were held out is no longer known.",
            hint="Train the judge again, or evaluate it on a file: judgekit evaluate FILE",
        )
    return dataset


def part_of(
    dataset: Dataset,
    entry: Entry[JudgeManifest],
    part: Part,
    reporter: Reporter = SILENT,
    *,
    by: str | None = None,
) -> Material:
    """The items of a part of a judge's dataset; arguments and errors as of `own_items`."""
    parts = split_parts(dataset.items, entry.manifest.settings)
    known = items_of_dataset(dataset, entry.manifest)
    if part == "auto":
        part = "test" if (parts == "test").any() else "folds"
    if part == "folds":
        return _with_column(_of_folds(entry, dataset, known, reporter), dataset, by)
    if not (parts == part).any():
        raise WorkspaceError(
            f"The judge {entry.name!r} has no {part} part: it was trained in folds, on all items.",
            hint="Evaluate what was held out of each fold: judgekit evaluate --part folds",
        )
    items = dataset.items.take(parts == part)
    trained_on = 0 if part == "test" else len(items)
    annotations = load_annotations(dataset)
    known = _weighted(known, dataset, annotations)
    found = Material(items, f"{part} part of {dataset.name}", annotations, known, trained_on=trained_on, is_round=False)
    return _with_column(found, dataset, by)


def _with_column(found: Material, dataset: Dataset, by: str | None) -> Material:
    if by is None:
        return found
    items = found.items
    return found._replace(by=column_of_dataset(dataset.name, items.item_ids, items.texts, found.annotations, by))


def _weighted(known: KnownItems, dataset: Dataset, annotations: pl.DataFrame) -> KnownItems:
    drawn = drawn_of(annotations, dataset.items.item_ids)
    return known if drawn is None else known._replace(weights=drawn.weights())


def _of_folds(entry: Entry[JudgeManifest], dataset: Dataset, known: KnownItems, reporter: Reporter) -> Material:
    found = held_out_predictions(entry)
    if found is None:
        raise WorkspaceError(
            f"The judge {entry.name!r} was trained without folds, and nothing was held out of its dataset.",
            hint="Train it with folds: judgekit train --folds 5   (or evaluate it on a file: judgekit evaluate FILE)",
        )
    place = {name: row for row, name in enumerate(dataset.items.item_ids.to_list())}
    if others := [name for name in found.item_ids if name not in place]:
        raise WorkspaceError(
            f"The judge {entry.name!r} keeps predictions of {counted(len(others), 'item')} that {dataset.name!r} does "
            f"not have; the first is {others[0][:80]!r}.",
            hint="Restore the judge from a copy, or train it again.",
        )
    items = dataset.items.take(np.array([place[name] for name in found.item_ids], dtype=np.int64))
    reporter.note(
        f"Every item is predicted by one of {int(found.fold.max()) + 1} judges that had not seen it; the judge that is "
        "kept has learned from all of them."
    )
    annotations = load_annotations(dataset)
    known = _weighted(known, dataset, annotations)
    return Material(items, f"folds of {dataset.name}", annotations, known, predicted=found, is_round=False)


def new_items(found: Material, entry: Entry[JudgeManifest], place: Workspace | None) -> Material:
    """Those of some items that a judge was not trained on; all of them where it was trained on all.

    Args:
        found: the items of a table.
        entry: the judge.
        place: the workspace of its dataset; None for a judge in a folder of its own.
    """
    known = known_items(entry, place)
    if known is None:
        return found._replace(trained_on=None)
    seen = known.seen(found.items, entry.manifest)
    if seen.all():
        return found._replace(known=known, trained_on=len(found.items))
    return found._replace(items=found.items.take(~seen), known=known, left_out=int(seen.sum()))


def items_of(source: SourceTable, manifest: JudgeManifest, settings: MeasureSettings, reporter: Reporter) -> Material:
    """The items of a table of annotations, its columns read as in training where it has them.

    Raises:
        DataError: the table lacks columns, has labels the judge does not know, or too many faulty rows.
    """
    roles = _roles_of_training(manifest.columns, source.frame.columns)
    schema = infer_schema(source, roles, known_labels=manifest.labels, known_fields=manifest.fields)
    found = build_items(source, schema, strict=settings.strict, most_set_aside=settings.most_set_aside, is_ingest=False)
    identity = f"{schema.item!r} identifies the items" if schema.item else "equal texts are one item"
    reporter.note(f"{source.name} is read as {schema.layout}; {identity}.")
    for aside in found.report.set_aside:
        reporter.note(f"{counted(aside.rows, 'row is', 'rows are')} set aside: {aside.reason} ({aside.where}).")
    for warning in found.report.warnings:
        reporter.note(warning)
    by = None if settings.by is None else column_of_table(source, schema, settings.by)
    return Material(found.items, source.name, found.annotations, None, by=by)


def _roles_of_training(trained: Roles, columns: Sequence[str]) -> Roles:
    """What the columns meant in training, where the table has them all: then nothing must be inferred.

    A table without annotators' names may hold counts beside a column of majority labels; its layout is inferred anew.
    """
    then = dataclasses.replace(trained, item=None, text=(), group=None, split=None, labels=())
    item = trained.item if trained.item in columns else None
    if set(then.named()) <= set(columns) and (then.layout != "long" or then.annotator):
        return dataclasses.replace(then, item=item)
    return Roles(item=item, label_map=then.label_map, drop_labels=then.drop_labels)
