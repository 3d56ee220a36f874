"""Whether the annotations of a new round come from the same population as those a judge was trained on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, norm

from judgekit.core.distributions import FloatArray
from judgekit.core.drift import LabelShift, Shift, agreement_shift, label_shift, mean_shift
from judgekit.judge.kept_evaluation import KeptEvaluation

FEWEST_ITEMS = 10
"""New items below which nothing is compared."""
DOUBT = 0.05


class Drift(NamedTuple):
    """New annotations beside the earlier ones."""

    labels: tuple[str, ...]
    shares: LabelShift
    agreement: Shift | None
    """Raw agreement; None where no item of one side has two annotations."""
    excess: Shift | None
    """KL of the judge above the noise floor, on its test part and on the new items; None where it was not evaluated on
    its test part."""
    least_p: float
    """The smallest of the p-values, adjusted for looking at several."""

    @property
    def is_found(self) -> bool:
        """Whether the new annotations differ by more than chance."""
        return self.least_p < DOUBT


def drift(
    labels: tuple[str, ...],
    before: NDArray[np.int64],
    now: NDArray[np.int64],
    excess: FloatArray,
    earlier: KeptEvaluation | None,
    *,
    seed: int,
) -> Drift | None:
    """Compare a new round with the dataset of a judge.

    Args:
        labels: the K labels.
        before: annotations per label of the dataset, `[N, K]`.
        now: those of the new items, `[M, K]`.
        excess: of the judge on the new items: their KL less the noise floor, nats, `[M]`.
        earlier: the judge's figures on its test part; None where there are none.
        seed: of the permutations.

    Returns:
        None where the new items are too few.
    """
    if len(now) < FEWEST_ITEMS:
        return None
    shares, agreement = label_shift(before, now, seed=seed), agreement_shift(before, now, seed=seed)
    then = None if earlier is None else earlier.metrics.get("kl")
    shift = None
    if earlier is not None and then is not None and None not in (then.value, then.low, then.high):
        widths = 2 * float(norm.isf((1 - earlier.confidence) / 2))
        error = (float(then.high or 0) - float(then.low or 0)) / widths
        shift = mean_shift(float(then.value or 0) - earlier.noise_floor.kl, error, excess)
    p = np.array([shares.p, *(one.p for one in (agreement, shift) if one is not None)])
    return Drift(labels, shares, agreement, shift, float(false_discovery_control(p[~np.isnan(p)], method="by").min()))
