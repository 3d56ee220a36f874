"""What weighs the parts of a trained judge: the judge itself, the probe and the label shares, on held-out items."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.config import TrainSettings
from judgekit.core.calibration import Calibration, Evidence
from judgekit.core.distributions import empirical_distribution
from judgekit.core.ladder import SHARES, Climbed, climb, folded
from judgekit.core.metrics import kl_per_item
from judgekit.core.probe import Probe
from judgekit.training.features import FeaturePlan
from judgekit.training.state import LoopState
from judgekit.training.training_data import TrainingData

FEWEST_ITEMS_TO_CALIBRATE = 20


class KnownBefore(NamedTuple):
    """What the backbone knew before it was fine-tuned, as a linear probe reads it."""

    plan: FeaturePlan
    probe: Probe
    penalty: float
    """Ridge penalty of the probe; infinite where it predicts the label shares."""


class Trained(NamedTuple):
    """How a training ended."""

    state: LoopState
    is_finished: bool
    calibration: Calibration
    alone: Calibration
    """The same for the fine-tuned judge without the probe, as a temperature and a bias."""
    known: KnownBefore | None
    """The probe, where it has a weight."""
    held_out: NDArray[np.float64] | None
    """Distributions of the items to train on by judges that have not seen them, `[N, K]`; None without folds."""
    validation_kl: float
    """Of the kept judge, nats, on items it was not trained on; of an interrupted run before calibration."""
    label_mass: float | None
    """Probability a causal LM gives to the label set, mean over the items it was chosen on; None for encoders."""
    peak_memory: int | None
    """Most bytes in use; None where the system does not say."""
    parsed: float | None = None
    """Share of the validation items whose answers could be read; None where the judge writes none."""


def weigh(
    data: TrainingData,
    settings: TrainSettings,
    evidence: Evidence,
    state: LoopState,
    *,
    known: KnownBefore | None = None,
    label_mass: float | None = None,
    peak_memory: int | None = None,
    parsed: float | None = None,
) -> Trained:
    """Decide how much each part of a judge counts, and measure it.

    Args:
        data: of the training; its held items had no part in what predicts them.
        settings: of the training.
        evidence: what the parts say of the held items.
        state: where the training ended.
        known: the probe.
        label_mass: probability a causal LM gives to the label set.
        peak_memory: most bytes in use.
        parsed: share of the held items whose answers could be read.
    """
    p, groups = empirical_distribution(data.held.items.counts), data.held.items.groups.to_numpy()
    fits = settings.calibrate and len(p) >= FEWEST_ITEMS_TO_CALIBRATE and len(np.unique(groups)) > 1
    found = _climbed(evidence, p, groups, settings.seed) if fits else _as_read(evidence)
    alone = Calibration()
    if fits and evidence.logits is not None:
        without = evidence._replace(probe=None)
        alone = folded(climb(without, p, groups, seed=settings.seed).calibration, evidence.log_prior)
    return Trained(
        state=state,
        is_finished=True,
        calibration=found.calibration,
        alone=alone,
        known=known if found.calibration.probe else None,
        held_out=None if data.fold is None else found.held_out,
        validation_kl=float(kl_per_item(found.held_out, p).mean()),
        label_mass=label_mass,
        peak_memory=peak_memory,
        parsed=parsed,
    )


def _climbed(evidence: Evidence, p: NDArray[np.float64], groups: NDArray[np.str_], seed: int) -> Climbed:
    """As of `climb`; where nothing knows more than the label shares, these for every item."""
    if evidence.logits is None and evidence.probe is None:
        return Climbed(SHARES, np.tile(np.exp(evidence.log_prior), (len(p), 1)), 0.0)
    return climb(evidence, p, groups, seed=seed)


def _as_read(evidence: Evidence) -> Climbed:
    """What was read as it is, without weights: the judge, or where there is none the probe."""
    calibration = Calibration() if evidence.logits is not None else Calibration(None, probe=1.0)
    return Climbed(calibration, calibration.weigh(evidence), 0.0)
