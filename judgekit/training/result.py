"""What a training ended with."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from judgekit.core.calibration import Calibration
from judgekit.core.json_values import json_values


class TrainResult(NamedTuple):
    """How a training ended.

    Examples:
        >>> judge = train("votes", judge="small", epochs=1, device="cpu")
        >>> judge.training.steps, judge.training.dataset
        (2, 'votes')
    """

    judge: str
    folder: Path | None
    """The judge's folder; None if the run was interrupted and only its checkpoint is kept."""
    dataset: str
    items: dict[str, int]
    """Items of each part of the split."""
    steps: int
    total_steps: int
    best_step: int
    validation_kl: float
    """Of the kept adapter, after calibration, nats."""
    validation_prior_kl: float
    """Of the class prior on the same items, nats."""
    calibration: Calibration
    label_mass: float | None
    """Probability a causal LM gives to the label set, mean over the validation part; None for encoders."""
    truncated: int
    """Training and validation items whose texts were shortened."""
    dropped: int
    """Training and validation items left out because they are too long."""
    items_per_second: float
    parsed: float | None = None
    """Share of the validation items whose answers could be read; None where the judge writes none."""

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON values."""
        facts: dict[str, Any] = json_values(self)
        return {**facts, "calibration": asdict(self.calibration), "temperature": self.calibration.temperature}
