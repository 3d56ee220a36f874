"""What a judge keeps to give sets of labels: how far a set must reach to hold a new person's label.

Fitted on held-out annotations (`trust/label_sets.py`), and kept in the judge's folder, so that it can be used where the
dataset is not.
"""

from __future__ import annotations

import shlex

import numpy as np
from numpy.typing import NDArray

from judgekit.core.conformal import conformal_threshold, label_sets, nonconformity
from judgekit.core.distributions import FloatArray, hard_target
from judgekit.errors import WorkspaceError
from judgekit.judge.manifest import SETS_FILE, JudgeManifest
from judgekit.workspace.manifest import Manifest, check_own_file
from judgekit.workspace.store import Entry

LEVELS = tuple(level / 100 for level in range(1, 100))


class LabelSets(Manifest):
    """From distributions to sets of labels."""

    SEALED_SINCE = 1

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
    run: str | None = None
    """The training run of the judge that they are of; None where an older judgekit fitted them."""

    @classmethod
    def fit(
        cls,
        q: FloatArray,
        counts: NDArray[np.int64],
        values: tuple[float, ...],
        *,
        created: str,
        run: str | None = None,
    ) -> LabelSets:
        """Fit the thresholds.

        Args:
            q: calibrated distributions of held-out items, `[N, K]`.
            counts: their annotations, `[N, K]`.
            values: the numbers of an ordinal scale; empty for a nominal one.
            created: the time.
            run: the training run of the judge.
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
            run=run,
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


def kept_label_sets(entry: Entry[JudgeManifest]) -> LabelSets | None:
    """What a judge keeps; None where it has not been fitted yet.

    Raises:
        WorkspaceError: the file is damaged, or was fitted for another judge.
    """
    path = entry.path / SETS_FILE
    if not path.exists():
        return None
    check_own_file(path, entry.path, hint=_evaluate(entry, "Delete that file, and evaluate again"))
    found, manifest = LabelSets.read(path), entry.manifest
    is_alike = len(found.order) == len(manifest.labels) and found.is_ordinal == (manifest.scale == "ordinal")
    if not is_alike or found.run not in (None, manifest.run):
        raise WorkspaceError(
            f"{path} was fitted for another judge than {entry.name!r}.",
            hint=_evaluate(entry, "Delete that file, and evaluate again"),
        )
    return found


def require_label_sets(entry: Entry[JudgeManifest], *, option: str) -> LabelSets:
    """The same for who asked for it by an option.

    Raises:
        WorkspaceError: nothing has been fitted yet, or the file is damaged.
    """
    if (found := kept_label_sets(entry)) is None:
        raise WorkspaceError(
            f"{option} needs what held-out items say of the judge {entry.name!r}, which is kept at its first "
            "evaluation.",
            hint=f"{_evaluate(entry, 'Evaluate it first')}   (it needs 20 held-out items)",
        )
    return found


def _evaluate(entry: Entry[JudgeManifest], words: str) -> str:
    return f"{words}: judgekit evaluate --judge {shlex.quote(entry.name)}"
