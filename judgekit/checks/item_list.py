"""Every item of a dataset with what people say of it, the one whose next annotation would tell most first."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.core.distributions import empirical_distribution, entropy
from judgekit.dataset.items import ItemTable, item_rows

FloatArray = NDArray[np.float64]


def expected_gain(counts: NDArray[np.int64], prior: FloatArray, strength: float) -> FloatArray:
    """How much one more annotation is expected to lower the uncertainty of an item's shares, `[N]`.

    The uncertainty is the variance of the Dirichlet posterior summed over the labels, V = sum_k t_k (1 - t_k) /
    (n + s + 1) with t_k = (c_k + s m_k) / (n + s); a further annotation lowers it by V / (n + s + 1) in expectation.

    Args:
        counts: annotations per label c, `[N, K]`.
        prior: shares of the labels among all annotations m, `[K]`.
        strength: annotations that the prior is worth, s, above 0.
    """
    n = counts.sum(axis=1, keepdims=True)
    mean = (counts + strength * prior) / (n + strength)
    return (mean * (1 - mean)).sum(axis=1) / (n[:, 0] + strength + 1) ** 2


def item_list(items: ItemTable, prior: FloatArray, strength: float) -> pl.DataFrame:
    """One row per item, as `judgekit check -o` writes it, in the order of their expected gain; equal ones as they are.

    Args:
        items: N items of K labels.
        prior: shares of the labels, `[K]`.
        strength: annotations that the prior is worth.

    Returns:
        `item_id`, the texts, `annotations` (how many), `people_<label>` (shares of them), `people_label` (the most
        frequent, the first of several), `people_entropy` (nats), `expected_gain`.
    """
    shares = empirical_distribution(items.counts)
    figures = [
        pl.Series("annotations", items.counts.sum(axis=1)),
        *(pl.Series(f"people_{label}", shares[:, k]) for k, label in enumerate(items.labels)),
        pl.Series("people_label", [items.labels[k] for k in shares.argmax(axis=1)], dtype=pl.String),
        pl.Series("people_entropy", entropy(shares)),
        pl.Series("expected_gain", expected_gain(items.counts, prior, strength)),
    ]
    table = item_rows(items.item_ids, items.texts, figures)
    return table.sort("expected_gain", descending=True, maintain_order=True)
