"""Every item of a dataset with what people say of it, the one whose next annotation would tell most first."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.core.distributions import empirical_distribution, entropy
from judgekit.dataset.items import ItemTable

FloatArray = NDArray[np.float64]


def posterior_variance(counts: NDArray[np.int64], prior: FloatArray, strength: float) -> FloatArray:
    """How uncertain the shares of an item are, given its annotations, `[N]`.

    With t_k = (c_k + s m_k) / (n + s), the variance of a Dirichlet posterior summed over the labels:
    sum_k t_k (1 - t_k) / (n + s + 1). One more annotation lowers it by 1 / (n + s + 1) of itself in expectation.

    Args:
        counts: annotations per label c, `[N, K]`.
        prior: shares of the labels among all annotations m, `[K]`.
        strength: annotations that the prior is worth, s, above 0.
    """
    n = counts.sum(axis=1, keepdims=True)
    mean = (counts + strength * prior) / (n + strength)
    return (mean * (1 - mean)).sum(axis=1) / (n[:, 0] + strength + 1)


def item_list(items: ItemTable, prior: FloatArray, strength: float) -> pl.DataFrame:
    """One row per item, as `judgekit check -o` writes it, the most uncertain first; equal ones in their order.

    Args:
        items: N items of K labels.
        prior: shares of the labels, `[K]`.
        strength: annotations that the prior is worth.

    Returns:
        `item_id`, the texts, `annotations` (how many), `people_<label>` (shares of them), `people_label` (the most
        frequent, the first of several), `people_entropy` (nats), `uncertainty` (see `posterior_variance`).
    """
    shares = empirical_distribution(items.counts)
    figures = [
        pl.Series("annotations", items.counts.sum(axis=1)),
        *(pl.Series(f"people_{label}", shares[:, k]) for k, label in enumerate(items.labels)),
        pl.Series("people_label", [items.labels[k] for k in shares.argmax(axis=1)], dtype=pl.String),
        pl.Series("people_entropy", entropy(shares)),
        pl.Series("uncertainty", posterior_variance(items.counts, prior, strength)),
    ]
    taken = {"item_id", *(one.name for one in figures)}
    texts = items.texts.rename({name: f"input_{name}" for name in items.texts.columns if name in taken})
    table = pl.DataFrame([items.item_ids.alias("item_id"), *texts, *figures])
    return table.sort("uncertainty", descending=True, maintain_order=True)
