"""Whether a judge may stand in for an annotator of the evaluated items, or why that cannot be said."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import polars as pl

from judgekit.core.distributions import FloatArray
from judgekit.core.stand_in import FEWEST_ANNOTATORS, FEWEST_ITEMS, FEWEST_ITEMS_OF_ONE, AltTest, alt_test


class StandIn(NamedTuple):
    """The alt-test of a judge, or the reason against one."""

    advantage: float
    """How far ahead an annotator must be to be worth the effort."""
    test: AltTest | None
    annotators: tuple[str, ...] = ()
    """Who they are, in the order of `AgainstOne.annotator`."""
    why_not: str = ""
    """Why there is no test; empty where there is one."""


def stand_in(
    q: FloatArray, annotations: pl.DataFrame, labels: tuple[str, ...], values: tuple[float, ...], advantage: float
) -> StandIn:
    """The alt-test on the evaluated items.

    Args:
        q: predicted distributions, `[N, K]`; the judge's label is the most probable one.
        annotations: `item` (position among the N), `annotator` (null where unnamed), `label`.
        labels: the K labels.
        values: their numbers on an ordinal scale; empty for a nominal one.
        advantage: see `StandIn`.
    """
    named = annotations.drop_nulls("annotator")
    people = named.get_column("annotator").unique(maintain_order=True).sort()
    reason = _too_little(len(q), named.height, len(people))
    if reason:
        return StandIn(advantage, None, why_not=reason)
    table = np.full((len(q), len(people)), -1, dtype=np.int64)
    who = named.get_column("annotator").replace_strict(people, range(len(people)), return_dtype=pl.Int64)
    what = named.get_column("label").replace_strict(list(labels), range(len(labels)), return_dtype=pl.Int64)
    table[named.get_column("item").to_numpy(), who.to_numpy()] = what.to_numpy()
    numbers: Any = np.asarray(values) if values else None
    found = alt_test(q.argmax(axis=1), table, advantage=advantage, values=numbers)
    if found is None:
        return StandIn(
            advantage,
            None,
            why_not=f"fewer than {FEWEST_ANNOTATORS} annotators share {FEWEST_ITEMS_OF_ONE} items or more with others.",
        )
    return StandIn(advantage, found, tuple(people.to_list()))


def _too_little(items: int, annotations: int, annotators: int) -> str:
    if annotations == 0:
        return "the table does not say who gave which annotation."
    if annotators < FEWEST_ANNOTATORS:
        return f"it needs {FEWEST_ANNOTATORS} annotators, and there {'is' if annotators == 1 else 'are'} {annotators}."
    if items < FEWEST_ITEMS:
        return f"it needs {FEWEST_ITEMS} items, and there {'is' if items == 1 else 'are'} {items}."
    return ""
