"""How near a judge comes to what people chose: the items with their annotations, and the figures beside baselines."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from judgekit.config import MeasureSettings
from judgekit.config.roles import Roles
from judgekit.core.json_values import json_values
from judgekit.core.metrics import Interval, baselines, bootstrap_interval, evaluate_distributions, noise_floor
from judgekit.dataset.building import build_items
from judgekit.dataset.items import ItemTable
from judgekit.dataset.opening import open_dataset
from judgekit.errors import WorkspaceError
from judgekit.judge.loading import LoadedJudge
from judgekit.judge.manifest import JudgeManifest
from judgekit.judge.orders import predict_both_orders
from judgekit.prompts.mirror import Mirror
from judgekit.schema.inference import infer_schema
from judgekit.tables.source import SourceTable
from judgekit.training.reporter import Reporter
from judgekit.training.training_data import split_parts
from judgekit.wording import counted
from judgekit.workspace.manifest import Manifest, Section
from judgekit.workspace.store import Entry, Workspace


class EvaluateResult(NamedTuple):
    """A judge's figures on items with human labels.

    Examples:
        >>> figures = judge.evaluate("votes.csv")
        >>> figures.metrics["kl"].low <= figures.metrics["kl"].value <= figures.metrics["kl"].high
        True
        >>> sorted(figures.baselines["class_prior"])[:2]
        ['accuracy', 'brier']
    """

    judge: str
    source: str
    """What was evaluated on, in words."""
    items: int
    annotations: int
    truncated: int
    dropped: int
    """Items left out because they are too long."""
    label_mass: float | None
    """Probability a causal LM gives to the label set, mean over items; None for encoders."""
    both_orders: bool
    """Whether the metrics are of distributions averaged over both orders of a pairwise comparison."""
    metrics: dict[str, Interval | None]
    """By name; None where a metric is undefined on these items."""
    baselines: dict[str, dict[str, float | None]]
    """`class_prior` (of the training items) and `uniform`, each with the metrics by name."""
    noise_floor: float
    """KL in nats that a perfect judge would show against these numbers of annotations."""
    confidence: float

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON values; null where undefined."""
        return {**json_values(self), "noise_floor": {"kl": self.noise_floor}}


class Figure(Section):
    """A metric with its interval; None where it is infinite or undefined."""

    value: float | None
    low: float | None
    high: float | None


class FloorFigures(Section):
    """What a perfect judge would show."""

    kl: float


class KeptEvaluation(Manifest):
    """The newest evaluation of a judge, kept in its folder for its model card."""

    source: str
    items: int
    annotations: int
    metrics: dict[str, Figure | None]
    baselines: dict[str, dict[str, float | None]]
    noise_floor: FloorFigures
    confidence: float
    both_orders: bool = False


def own_items(place: Workspace, entry: Entry[JudgeManifest], part: str) -> tuple[ItemTable, str]:
    """The items of a part of the dataset that a judge was trained on, and what they are in words.

    Raises:
        WorkspaceError: the dataset is gone or has changed.
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
    return dataset.items.take(parts == part), f"{part} part of {dataset.name}"


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
    judge: LoadedJudge,
    mirror: Mirror | None,
    items: ItemTable,
    source: str,
    settings: MeasureSettings,
    reporter: Reporter,
) -> EvaluateResult:
    """Compare a judge with the annotations of items.

    Args:
        entry: the judge.
        judge: the same in memory.
        mirror: of a pairwise comparison: it is asked in both orders, for its order gap.
        items: with their annotations.
        source: what they are, in words.
        settings: of the measurement.
        reporter: gets notes and progress.
    """
    texts, ids, gap = items.texts.to_dicts(), items.item_ids.to_list(), None
    if mirror is None:
        predictions = judge.predict(texts, ids, settings, reporter)
    else:
        as_given, averaged, gap = predict_both_orders(judge, mirror, texts, ids, settings, reporter)
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
    return EvaluateResult(
        judge=entry.name,
        source=source,
        items=len(items),
        annotations=int(items.counts.sum()),
        truncated=int(predictions.is_truncated.sum()),
        dropped=dropped,
        label_mass=None if predictions.label_mass is None else float(predictions.label_mass.mean()),
        both_orders=settings.both_orders,
        metrics=metrics,
        baselines=baselines(items.counts, np.asarray(manifest.class_prior), values=values),
        noise_floor=noise_floor(items.counts),
        confidence=settings.confidence,
    )
