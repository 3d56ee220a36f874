"""What a judge keeps to give sets of labels: how far a set must reach to hold a new person's label.

Fitted on held-out annotations (`trust/label_sets.py`), and kept in the judge's folder, so that it can be used where the
dataset is not.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from judgekit.core.conformal import conformal_threshold, label_sets, nonconformity
from judgekit.core.distributions import FloatArray
from judgekit.judge.manifest import SETS_FILE
from judgekit.workspace.manifest import Manifest

LEVELS = tuple(level / 100 for level in range(1, 100))


class LabelSets(Manifest):
    """From distributions to sets of labels."""

    is_ordinal: bool
    order: tuple[int, ...]
    """Which label stands where on the scale, `[K]`."""
    thresholds: tuple[float, ...]
    """Of each of `LEVELS`."""
    items: int
    """Held-out items that they were fitted on."""
    both_orders: bool = False

    @classmethod
    def fit(cls, q: FloatArray, counts: NDArray[np.int64], values: tuple[float, ...], *, created: str) -> LabelSets:
        """Fit the thresholds.

        Args:
            q: calibrated distributions of held-out items, `[N, K]`.
            counts: their annotations, `[N, K]`.
            values: the numbers of an ordinal scale; empty for a nominal one.
            created: the time.
        """
        order = tuple(np.argsort(values).tolist()) if values else tuple(range(q.shape[1]))
        scores = nonconformity(q[:, order], is_ordinal=bool(values))
        found = tuple(conformal_threshold(scores, counts[:, order], coverage=level) for level in LEVELS)
        return cls(created=created, is_ordinal=bool(values), order=order, thresholds=found, items=len(q))

    def problems(self) -> list[str]:
        """What cannot be so."""
        found: list[str] = []
        if sorted(self.order) != list(range(len(self.order))):
            found.append("order: it names other labels than there are")
        if len(self.thresholds) != len(LEVELS) or not all(0 <= one <= 1 for one in self.thresholds):
            found.append(f"thresholds: {len(LEVELS)} numbers from 0 to 1 are expected")
        return found

    def sets(self, q: FloatArray, coverage: float) -> NDArray[np.bool_]:
        """Which labels are in each item's set, `[N, K]`, the labels in their one order.

        Args:
            q: calibrated distributions, `[N, K]`.
            coverage: one of `LEVELS`.
        """
        found = np.empty(q.shape, dtype=np.bool_)
        scores = nonconformity(q[:, self.order], is_ordinal=self.is_ordinal)
        found[:, self.order] = label_sets(scores, self.thresholds[round(100 * coverage) - 1])
        return found


def kept_label_sets(folder: Path) -> LabelSets | None:
    """What a judge keeps; None where it has not been fitted yet.

    Raises:
        WorkspaceError: the file is damaged.
    """
    path = folder / SETS_FILE
    return LabelSets.read(path) if path.is_file() else None
