"""What can be said about single annotators: how reliable they are, what they confuse, and how much they tell.

Nothing here removes anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from judgekit.annotators.careless import flags
from judgekit.annotators.dawid_skene import MOST_ITERATIONS, AnnotatorModel, FloatArray, fit_annotators
from judgekit.dataset.items import ItemTable

FEWEST_CONFUSED, FEWEST_OF_LABEL, LEAST_CONFUSED_SHARE, MOST_CONFUSED = 2, 5, 0.05, 3
LEAST_WEIGHT, AVERAGE_ANNOTATIONS = 0.05, 10


class AnnotatorQuality(NamedTuple):
    """What the annotations tell about one annotator."""

    annotator: str
    items: int
    annotations: int
    agreement: float | None
    """Share of the other annotations of the same items that have the same label; None where there are none."""
    reliability: float
    """Share of the annotations that Dawid-Skene holds to be right: the mean of the diagonal of the annotator's
    confusion matrix, weighted by how often each label is the true one of the annotator's items."""
    flag: str
    """Empty, or why the labels look careless: begins with `near-constant: ` or `near-uniform: `."""
    confused: list[tuple[str, str, float]]
    """True label, label chosen in its place, and in what share of cases; the largest first."""


class AnnotatorReport(NamedTuple):
    """The annotators of a dataset, by name."""

    annotators: list[AnnotatorQuality]
    iterations: int
    """Of Dawid-Skene, until it settled."""
    note: str
    """What to mind in reading the figures."""


def annotator_reliability(annotations: pl.DataFrame, labels: Sequence[str]) -> AnnotatorReport | None:
    """What can be said about each annotator of a dataset; how flags are found stands at `careless.flags`.

    Args:
        annotations: `item_id`, `annotator` (null where unnamed), `label`, `count`.
        labels: the label set.

    Returns:
        The annotators by name, whatever the order of the rows is; None where fewer than two are named.
    """
    model = fit_annotators(annotations, labels)
    if model is None:
        return None
    agreement, flagged = _agreement(annotations), flags(model, labels)
    made = model.confusion.sum(axis=(1, 2))
    right = np.trace(model.confusion, axis1=1, axis2=2) / made
    pairs = np.unique(np.stack([model.annotator, model.item]), axis=1)
    items = np.bincount(pairs[0])
    quality = [
        AnnotatorQuality(
            annotator=name,
            items=int(items[w]),
            annotations=round(made[w]),
            agreement=agreement.get(name),
            reliability=float(right[w]),
            flag=flagged[w],
            confused=_confused(model.confusion[w], labels),
        )
        for w, name in enumerate(model.names)
    ]
    return AnnotatorReport(quality, model.iterations, _note(model))


def annotator_weights(annotations: pl.DataFrame, labels: Sequence[str]) -> dict[str, float]:
    """How much an annotation of each annotator tells, from 0.05 to 1.

    The weight is Cohen's kappa between the annotator's labels and Dawid-Skene's true labels, (o - e) / (1 - e) with o
    the reliability and e the agreement that the annotator's label shares would reach by chance: 1 for one who is always
    right, 0 (raised to 0.05) for one whose labels do not depend on the item. Ten annotations of the average annotator
    are added to everybody's own, so that few annotations move a weight little.

    Args:
        annotations: as in `annotator_reliability`.
        labels: the label set.

    Returns:
        The weight of each named annotator; 1 for one who is alone, and for all where every label is the same.
    """
    model = fit_annotators(annotations, labels)
    if model is None:
        return dict.fromkeys(annotations.get_column("annotator").drop_nulls().unique().to_list(), 1.0)
    average = model.confusion.sum(axis=0)
    table = model.confusion + AVERAGE_ANNOTATIONS * average / average.sum()
    table /= table.sum(axis=(1, 2), keepdims=True)
    observed = np.trace(table, axis1=1, axis2=2)
    chance = (table.sum(axis=1) * table.sum(axis=2)).sum(axis=1)
    kappa = np.divide(observed - chance, 1 - chance, out=np.ones_like(chance), where=chance < 1)
    # Rounded, so that people of one record weigh the same to the last bit and ties among them stay ties.
    return dict(zip(model.names, np.clip(kappa, LEAST_WEIGHT, 1).round(6).tolist(), strict=True))


def weighted_counts(items: ItemTable, annotations: pl.DataFrame, weights: Mapping[str, float]) -> FloatArray:
    """Label counts in which an annotation counts as much as its annotator weighs, and an unnamed one counts 1.

    All are scaled alike, so that their sum stays that of the counts: a target that depends on how many annotations an
    item has means the same with and without weights.

    Args:
        items: the items whose counts are wanted.
        annotations: as in `annotator_reliability`; those of other items are ignored.
        weights: the weight of each named annotator.

    Returns:
        `[N, K]`.
    """
    rows = annotations.join(pl.DataFrame({"item_id": items.item_ids, "row": np.arange(len(items))}), on="item_id")
    label = rows.get_column("label").replace_strict(list(items.labels), range(len(items.labels)))
    weight = rows.get_column("annotator").replace_strict(weights, default=1.0, return_dtype=pl.Float64)
    counts = np.zeros(items.counts.shape)
    np.add.at(counts, (rows.get_column("row").to_numpy(), label.to_numpy()), (weight * rows["count"]).to_numpy())
    return counts * (items.counts.sum() / counts.sum())


def _agreement(annotations: pl.DataFrame) -> dict[str, float]:
    """By annotator: the mean share of the item's other annotations that have the same label."""
    of_label = annotations.group_by("item_id", "label").agg(same=pl.col("count").sum())
    of_item = of_label.group_by("item_id").agg(all=pl.col("same").sum())
    own = annotations.drop_nulls("annotator").group_by("item_id", "annotator", "label").agg(pl.col("count").sum())
    shares = (
        own.with_columns(own=pl.col("count").sum().over("item_id", "annotator"))
        .join(of_label, on=["item_id", "label"])
        .join(of_item, on="item_id")
        .filter(pl.col("all") > pl.col("own"))
        .with_columns(share=(pl.col("same") - pl.col("count")) / (pl.col("all") - pl.col("own")))
        .sort("annotator", "item_id", "label")
    )
    mean = (pl.col("share") * pl.col("count")).sum() / pl.col("count").sum()
    return dict(shares.group_by("annotator").agg(mean).iter_rows())


def _confused(table: FloatArray, labels: Sequence[str]) -> list[tuple[str, str, float]]:
    of_label = table.sum(axis=1, keepdims=True)
    share = np.where(of_label >= FEWEST_OF_LABEL, table / np.maximum(of_label, FEWEST_OF_LABEL), 0)
    np.fill_diagonal(share, 0)
    cells = np.argwhere((share >= LEAST_CONFUSED_SHARE) & (table >= FEWEST_CONFUSED)).tolist()
    found = [(labels[true], labels[chosen], float(share[true, chosen])) for true, chosen in cells]
    return sorted(found, key=lambda cell: -cell[2])[:MOST_CONFUSED]


def _note(model: AnnotatorModel) -> str:
    notes = ["Reliability is Dawid-Skene's (crowd-kit): every item has one true label, and the majority points to it."]
    if model.iterations >= MOST_ITERATIONS:
        notes.append(f"It had not settled after {model.iterations} iterations.")
    if (np.bincount(model.item, model.count) >= 3).mean() < 0.5:
        notes.append("Most items have fewer than three named annotators, too few to tell which of them is right.")
    return " ".join(notes)
