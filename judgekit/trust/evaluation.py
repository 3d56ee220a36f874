"""How near a judge comes to what people chose: the items with their annotations, and the figures beside baselines."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.config import MeasureSettings, Part
from judgekit.config.roles import Roles
from judgekit.core.floor import fit_populations, floor_of, one_left_out, signal_of
from judgekit.core.metrics import Interval, baselines, bootstrap_interval, evaluate_distributions, kl_per_item
from judgekit.core.strata import by_agreement
from judgekit.dataset.building import build_items
from judgekit.dataset.items import ItemTable
from judgekit.dataset.opening import Dataset, open_dataset
from judgekit.errors import WorkspaceError
from judgekit.judge.held_out import HeldOutPredictions, held_out_predictions
from judgekit.judge.loading import LoadedJudge, Predictions
from judgekit.judge.manifest import JudgeManifest
from judgekit.judge.orders import predict_both_orders
from judgekit.prompts.mirror import Mirror
from judgekit.schema.inference import infer_schema
from judgekit.tables.source import SourceTable
from judgekit.training.reporter import Reporter
from judgekit.training.training_data import split_parts
from judgekit.trust.evaluated import EvaluatedItems, EvaluateResult
from judgekit.trust.known_items import KnownItems, items_of_dataset, known_items
from judgekit.trust.requirements import held_against
from judgekit.wording import counted
from judgekit.workspace.store import Entry, Workspace


class Material(NamedTuple):
    """What a judge is evaluated on."""

    items: ItemTable
    source: str
    """What they are, in words."""
    known: KnownItems | None
    """The items of the judge's dataset; None where nothing is known of them."""
    left_out: int = 0
    """Items that the judge was trained on, and that are not among `items`."""
    trained_on: int | None = 0
    """Items that the judge was trained on, and that are; None where nobody knows."""
    predicted: HeldOutPredictions | None = None
    """What judges that had not seen the items say of them; None where the judge itself is asked."""


def own_items(place: Workspace, entry: Entry[JudgeManifest], part: Part, reporter: Reporter) -> Material:
    """The items of a part of the dataset that a judge was trained on.

    Raises:
        WorkspaceError: the dataset is gone or has changed, or the judge has no such part.
    """
    trained_on = entry.manifest.dataset
    dataset = open_dataset(place, trained_on.name)
    if dataset.content_hash != trained_on.content_hash:
        raise WorkspaceError(
            f"The dataset {dataset.name!r} has changed since the judge {entry.name!r} was trained on it, so which of "
            "its items were held out is no longer known.",
            hint="Train the judge again, or evaluate it on a file: judgekit evaluate FILE",
        )
    parts = split_parts(dataset.items, entry.manifest.settings)
    known = items_of_dataset(dataset, entry.manifest)
    if part == "auto":
        part = "test" if (parts == "test").any() else "folds"
    if part == "folds":
        return _of_folds(entry, dataset, known, reporter)
    if not (parts == part).any():
        raise WorkspaceError(
            f"The judge {entry.name!r} has no {part} part: it was trained in folds, on all items.",
            hint="Evaluate what was held out of each fold: judgekit evaluate --part folds",
        )
    items = dataset.items.take(parts == part)
    trained_on = 0 if part == "test" else len(items)
    return Material(items, f"{part} part of {dataset.name}", known, trained_on=trained_on)


def _of_folds(entry: Entry[JudgeManifest], dataset: Dataset, known: KnownItems, reporter: Reporter) -> Material:
    found = held_out_predictions(entry)
    if found is None:
        raise WorkspaceError(
            f"The judge {entry.name!r} was trained without folds, and nothing was held out of its dataset.",
            hint="Train it with folds: judgekit train --folds 5   (or evaluate it on a file: judgekit evaluate FILE)",
        )
    place = {name: row for row, name in enumerate(dataset.items.item_ids.to_list())}
    items = dataset.items.take(np.array([place[name] for name in found.item_ids], dtype=np.int64))
    reporter.note(
        f"Every item is predicted by one of {int(found.fold.max()) + 1} judges that had not seen it; the judge that is "
        "kept has learned from all of them."
    )
    return Material(items, f"folds of {dataset.name}", known, predicted=found)


def new_items(items: ItemTable, source: str, entry: Entry[JudgeManifest], place: Workspace | None) -> Material:
    """Those of some items that a judge was not trained on; all of them where it was trained on all.

    Args:
        items: of a table.
        source: its name.
        entry: the judge.
        place: the workspace of its dataset; None for a judge in a folder of its own.
    """
    known = known_items(entry, place)
    if known is None:
        return Material(items, source, None, trained_on=None)
    seen = known.seen(items, entry.manifest)
    if seen.all():
        return Material(items, source, known, trained_on=len(items))
    return Material(items.take(~seen), source, known, left_out=int(seen.sum()))


def items_of(source: SourceTable, manifest: JudgeManifest, settings: MeasureSettings, reporter: Reporter) -> ItemTable:
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
    return found.items


def _roles_of_training(trained: Roles, columns: Sequence[str]) -> Roles:
    """What the columns meant in training, where the table has them all: then nothing must be inferred.

    A table without annotators' names may hold counts beside a column of majority labels; its layout is inferred anew.
    """
    then = dataclasses.replace(trained, item=None, text=(), group=None, split=None, labels=())
    item = trained.item if trained.item in columns else None
    if set(then.named()) <= set(columns) and (then.layout != "long" or then.annotator):
        return dataclasses.replace(then, item=item)
    return Roles(item=item, label_map=then.label_map, drop_labels=then.drop_labels)


def measure(
    entry: Entry[JudgeManifest],
    judge: Callable[[], LoadedJudge],
    mirror: Mirror | None,
    material: Material,
    settings: MeasureSettings,
    reporter: Reporter,
) -> EvaluateResult:
    """Compare a judge with the annotations of items.

    Args:
        entry: the judge.
        judge: loads it into memory, where it is asked.
        mirror: of a pairwise comparison: it is asked in both orders, for its order gap.
        material: the items with their annotations.
        settings: of the measurement.
        reporter: gets notes and progress.
    """
    items = material.items
    texts, ids, gap = items.texts.to_dicts(), items.item_ids.to_list(), None
    if material.predicted is not None:
        found = material.predicted
        predictions = Predictions(found.q, found.is_truncated, None, np.arange(len(found.q)))
    elif mirror is None:
        predictions = judge().predict(texts, ids, settings, reporter)
    else:
        as_given, averaged, gap = predict_both_orders(judge(), mirror, texts, ids, settings, reporter)
        predictions = averaged if settings.both_orders else as_given
    dropped = len(items) - len(predictions.rows)
    if dropped:
        items = items.take(predictions.rows)
    manifest = entry.manifest
    values = np.asarray(manifest.values) if manifest.values else None
    bootstrap: dict[str, Any] = {
        "seed": settings.seed,
        "confidence": settings.confidence,
        "resamples": settings.resamples,
    }
    metrics = evaluate_distributions(predictions.q, items.counts, values=values, **bootstrap)
    if gap is not None:
        metrics["order_gap"] = bootstrap_interval(gap, **bootstrap)
    evaluated = EvaluatedItems(ids=items.item_ids.to_list(), texts=items.texts, labels=items.labels,
                               counts=items.counts, probabilities=predictions.q)  # fmt: skip
    prior = np.asarray(manifest.class_prior)
    gains = kl_per_item(np.tile(prior, (len(evaluated), 1)), evaluated.shares) - evaluated.kl
    populations = fit_populations(_counts_of_people(material), seed=settings.seed)
    floor = floor_of(populations, items.counts.sum(axis=1), confidence=settings.confidence)
    kl = bootstrap_interval(evaluated.kl, **bootstrap)
    one = one_left_out(items.counts, populations)
    found = EvaluateResult(
        judge=entry.name,
        source=material.source,
        items=evaluated,
        annotations=int(items.counts.sum()),
        truncated=int(predictions.is_truncated.sum()),
        dropped=dropped,
        left_out=material.left_out,
        trained_on=None if material.trained_on is None else min(material.trained_on, len(items)),
        label_mass=None if predictions.label_mass is None else float(predictions.label_mass.mean()),
        both_orders=settings.both_orders and material.predicted is None,
        metrics=metrics,
        baselines=baselines(items.counts, prior, values=values),
        floor=floor,
        one_annotator=None if one is None else floor.value + one.excess,
        excess=Interval(*(value - floor.value for value in kl)),
        gain=bootstrap_interval(gains, **bootstrap),
        signal=signal_of(gains, items.counts, populations, **bootstrap),
        confidence=settings.confidence,
        strata=by_agreement(predictions.q, items.counts, prior, **bootstrap),
    )
    return found._replace(requirements=held_against(found, settings.require))


def _counts_of_people(material: Material) -> NDArray[np.int64]:
    """The annotations that tell how far people agree: of the whole dataset, unless no item of it has two.

    Not of the few items of a test part, whose floor would differ from that of `check` by chance.
    """
    own = None if material.known is None else material.known.counts
    return material.items.counts if own is None or (own.sum(axis=1) < 2).all() else own
