"""What a judge keeps to give sets of labels: how far a set must reach to hold a new person's label.

Fitted on held-out annotations (`trust/label_sets.py`), and kept in the judge's folder, so that it can be used where the
dataset is not.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from judgekit.core.conformal import conformal_threshold, label_sets, nonconformity
from judgekit.core.distributions import FloatArray, hard_target
from judgekit.errors import WorkspaceError
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
    doubts: tuple[float, ...]
    """How unsure the judge is of the held-out items, as quantiles at `LEVELS`: 1 less the highest probability."""
    accuracies: tuple[float, ...]
    """Accuracy on the held-out items that are no more doubtful than each of these."""
    items: int
    """Held-out items that they were fitted on."""

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
        doubt = doubt_of(q)
        doubts = np.quantile(doubt, LEVELS, method="higher")
        accuracy = (hard_target(q) * hard_target(counts)).sum(axis=1)
        return cls(
            created=created,
            is_ordinal=bool(values),
            order=order,
            thresholds=found,
            doubts=tuple(doubts.tolist()),
            accuracies=tuple(float(accuracy[doubt <= one].mean()) for one in doubts),
            items=len(q),
        )

    def problems(self) -> list[str]:
        """What cannot be so."""
        found: list[str] = []
        if sorted(self.order) != list(range(len(self.order))):
            found.append("order: it names other labels than there are")
        for name in ("thresholds", "doubts", "accuracies"):
            numbers: tuple[float, ...] = getattr(self, name)
            if len(numbers) != len(LEVELS) or not all(0 <= one <= 1 for one in numbers):
                found.append(f"{name}: {len(LEVELS)} numbers from 0 to 1 are expected")
        return found

    def sets(self, q: FloatArray, coverage: float) -> NDArray[np.bool_]:
        """Which labels are in each item's set, `[N, K]`, the labels in their one order.

        Args:
            q: calibrated distributions, `[N, K]`.
            coverage: one of `LEVELS`.
        """
        found = np.empty(q.shape, dtype=np.bool_)
        scores = nonconformity(q[:, self.order], is_ordinal=self.is_ordinal)
        found[:, self.order] = label_sets(scores, self.thresholds[_place(coverage)])
        return found

    def for_review(self, q: FloatArray, share: float) -> NDArray[np.bool_]:
        """Which items are more doubtful than all but a share of the held-out ones, `[N]`.

        Args:
            q: calibrated distributions, `[N, K]`.
            share: of the held-out items; 1 less one of `LEVELS`.
        """
        return doubt_of(q) > self.doubts[_place(1 - share)]

    def accuracy_of_rest(self, share: float) -> float:
        """Accuracy on the held-out items that are not for review."""
        return self.accuracies[_place(1 - share)]


def doubt_of(q: FloatArray) -> FloatArray:
    """How unsure a judge is of its label, `[N]`: 1 less its probability, the chance that one person differs."""
    return 1 - q.max(axis=1)


def _place(level: float) -> int:
    return round(100 * level) - 1


def kept_label_sets(folder: Path) -> LabelSets | None:
    """What a judge keeps; None where it has not been fitted yet.

    Raises:
        WorkspaceError: the file is damaged.
    """
    path = folder / SETS_FILE
    return LabelSets.read(path) if path.is_file() else None


def require_label_sets(folder: Path, judge: str, *, option: str) -> LabelSets:
    """The same for who asked for it by an option.

    Raises:
        WorkspaceError: nothing has been fitted yet, or the file is damaged.
    """
    if (found := kept_label_sets(folder)) is None:
        raise WorkspaceError(
            f"{option} needs what held-out items say of the judge {judge!r}, which is kept at its first evaluation.",
            hint=f"Evaluate it first: judgekit evaluate --judge {shlex.quote(judge)}   (it needs 20 held-out items)",
        )
    return found
