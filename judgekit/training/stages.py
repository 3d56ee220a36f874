"""The trainings that make one judge, one after the other: one per fold, then one on all items."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from judgekit.core.calibration import Calibration
from judgekit.core.metrics import kl_per_item
from judgekit.models.reader import TrainableJudge
from judgekit.training.loop import Progress
from judgekit.training.state import LoopState

Readings = NDArray[np.float32]


class Keeper(Protocol):
    """Where a training keeps what it has done."""

    def load(self, stage: int) -> LoopState | None:
        """The state of a stage that was interrupted; None where it has not begun or is over."""
        ...

    def save(self, state: LoopState) -> None:
        """Keep the state of the stage that runs."""
        ...

    def readings(self, fold: int) -> Readings | None:
        """What a finished fold read of its held-out items at each evaluation, `[E, N, K]`; None if unfinished."""
        ...

    def save_readings(self, fold: int, readings: Readings) -> None:
        """Keep those of a finished fold."""
        ...


class NothingKept:
    """A training that is not resumed."""

    def load(self, stage: int) -> LoopState | None:
        """Nothing."""

    def save(self, state: LoopState) -> None:
        """Nowhere."""

    def readings(self, fold: int) -> Readings | None:
        """None."""

    def save_readings(self, fold: int, readings: Readings) -> None:
        """Nowhere."""


class Untrained:
    """The weights of a judge model before its first step, to begin from in every stage.

    Args:
        model: as it was made.
    """

    def __init__(self, model: TrainableJudge) -> None:
        self._model = model
        self._weights: dict[str, Tensor] = {name: one.detach().clone() for name, one in model.trainable().items()}

    @torch.no_grad()
    def restore(self) -> None:
        """Put them back."""
        for name, parameter in self._model.trainable().items():
            parameter.copy_(self._weights[name])


class HeldOut(NamedTuple):
    """What the judges of the folds say of the items that each has not seen."""

    logits: Readings
    """Label logits of every item, `[N, K]`."""
    share: float
    """How much of the schedule is trained for the smallest KL on them, in `[0, 1]`."""


def held_out(readings: list[Readings], fold: NDArray[np.int64], p: NDArray[np.float64], *, evaluations: int) -> HeldOut:
    """The readings of all items at the evaluation where they are nearest to people's shares.

    Args:
        readings: of each fold, `[E_f, N_f, K]`; a fold that was stopped early has fewer evaluations.
        fold: of each item, `[N]`.
        p: people's shares, `[N, K]`.
        evaluations: of a whole training, besides the one before its first step.
    """
    best, best_kl = np.zeros(p.shape, np.float32), np.inf
    share = 0.0
    for number in range(min(map(len, readings))):
        logits = np.empty(p.shape, dtype=np.float32)
        for one, of_fold in enumerate(readings):
            logits[fold == one] = of_fold[number]
        # By what calibration can make of them: one temperature, so that overconfidence alone ends no training early.
        kl = float(kl_per_item(Calibration.fit(logits, p).apply(logits), p).mean())
        if kl < best_kl:
            best, best_kl, share = logits, kl, min(1.0, number / evaluations)
    return HeldOut(best, share)


def staged_progress(
    show: Callable[[Progress], None], *, stage: int, stages: int, words: str
) -> Callable[[Progress], None]:
    """A callback that shows the progress of one of several trainings of about equal length as a part of the whole.

    Args:
        show: gets the progress of all.
        stage: number of this one, from 0.
        stages: how many there are.
        words: which one this is.
    """

    def shown(progress: Progress) -> None:
        whole, left = progress.total_steps, progress.seconds_left
        per_step = None if left is None or progress.step >= whole else left / (whole - progress.step)
        more = (stages - stage - 1) * whole
        show(
            progress._replace(
                step=stage * whole + progress.step,
                total_steps=stages * whole,
                seconds_left=left if left is None or per_step is None else left + per_step * more,
                stage=words,
            )
        )

    return shown
