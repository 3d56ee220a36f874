"""The model of annotators, crowd-kit's Dawid-Skene, between arrays of ours; pandas lives here alone."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MOST_ITERATIONS = 100


class AnnotatorModel(NamedTuple):
    """Named annotations as numbers, and what Dawid-Skene makes of them: M rows, n items, W annotators, K labels."""

    names: list[str]
    """The annotators, sorted, `[W]`."""
    item: IntArray
    annotator: IntArray
    label: IntArray
    count: IntArray
    """`[M]`; item, annotator and label occur in one row only."""
    truth: FloatArray
    """Probability of each label to be the true one of an item, `[n, K]`."""
    prior: FloatArray
    """Share of items of which each label is the true one, `[K]`."""
    confusion: FloatArray
    """Expected number of annotations by annotator, true label and chosen label, `[W, K, K]`."""
    iterations: int


def fit_annotators(annotations: pl.DataFrame, labels: Sequence[str]) -> AnnotatorModel | None:
    """Fit Dawid-Skene to the annotations of named annotators.

    Args:
        annotations: `item_id`, `annotator` (null where unnamed), `label`, `count`.
        labels: the label set.

    Returns:
        The model, whatever the order of the rows is; None where fewer than two annotators are named.
    """
    named = annotations.drop_nulls("annotator")
    names = named.get_column("annotator").unique().sort()
    if len(names) < 2:
        return None
    # Sorted, so that not even the rounding depends on the order of the rows.
    rows = named.group_by("item_id", "annotator", "label").agg(pl.col("count").sum()).sort(pl.all())
    item = rows.get_column("item_id").rle_id().to_numpy().astype(np.int64)
    annotator = rows.get_column("annotator").replace_strict(names, range(len(names))).to_numpy()
    label = rows.get_column("label").replace_strict(list(labels), range(len(labels))).to_numpy()
    count = rows.get_column("count").to_numpy()
    truth, iterations = _true_labels(np.repeat(np.stack([item, annotator, label]), count, axis=1), len(labels))
    confusion = np.zeros((len(names), len(labels), len(labels)))
    np.add.at(confusion.transpose(0, 2, 1), (annotator, label), truth[item] * count[:, None])
    return AnnotatorModel(
        names.to_list(), item, annotator, label, count, truth, truth.mean(axis=0), confusion, iterations
    )


def _true_labels(annotations: IntArray, labels: int) -> tuple[FloatArray, int]:
    """Probability of each label to be the true one, `[n, K]`, and the iterations it took.

    `annotations` holds item, annotator and label of each annotation, `[3, M]`.
    """
    # The one import in a function here: crowd-kit loads pandas, scikit-learn and NLTK, two seconds that only those
    # commands shall wait for which ask about annotators.
    import pandas as pd
    from crowdkit.aggregation import DawidSkene

    table = pd.DataFrame(dict(zip(("task", "worker", "label"), annotations, strict=True)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # crowd-kit calls pandas in ways that pandas 3 warns of
        model = DawidSkene(n_iter=MOST_ITERATIONS).fit(table)
    found = model.probas_
    assert found is not None
    truth = np.zeros((len(found), labels))
    truth[np.ix_(found.index.to_numpy(), found.columns.to_numpy())] = found.to_numpy()
    return truth, len(model.loss_history_)
