"""A judge asked in both orders of a pairwise comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.config import AskSettings
from judgekit.core.distributions import order_gap
from judgekit.judge.loading import LoadedJudge, Predictions
from judgekit.prompts.mirror import Mirror
from judgekit.training.reporter import Reporter


class BothOrders(NamedTuple):
    """What a judge says of comparisons as they are, and what the other order adds to it."""

    as_given: Predictions
    averaged: Predictions
    """Means of both orders, labels as in the order given; of the items that fit in both."""
    gap: NDArray[np.float64]
    """|p_orig + p_swap - 1| of the same items as `averaged`, `[N]`."""


def predict_both_orders(
    judge: LoadedJudge,
    mirror: Mirror,
    items: Sequence[Mapping[str, str]],
    ids: Sequence[str],
    settings: AskSettings,
    reporter: Reporter,
) -> BothOrders:
    """Predicted distributions of items, each shown in both orders; arguments and errors as of `LoadedJudge.predict`."""
    given = judge.predict(items, ids, settings, reporter)
    rows: list[int] = given.rows.tolist()
    other = judge.predict([mirror.item(items[row]) for row in rows], [ids[row] for row in rows], settings, reporter)
    kept = other.rows  # of those that fit in the order given
    q, mirrored = given.q[kept], other.q[:, list(mirror.labels)]
    mass = None
    if given.label_mass is not None and other.label_mass is not None:
        mass = np.asarray((given.label_mass[kept] + other.label_mass) / 2, dtype=np.float32)
    averaged = Predictions(
        (q + mirrored) / 2,
        given.is_truncated[kept] | other.is_truncated,
        mass,
        given.rows[kept],
        None if given.is_parsed is None or other.is_parsed is None else given.is_parsed[kept] & other.is_parsed,
        None if given.texts is None else tuple(given.texts[row] for row in kept),
    )
    return BothOrders(given, averaged, order_gap(q, mirrored, np.asarray(mirror.favour)))
