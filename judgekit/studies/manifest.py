"""What the files of a study say: what all its runs have in common, and what became of each."""

from __future__ import annotations

from typing import Any, ClassVar

from judgekit.config import StudySettings, TrainSettings
from judgekit.core.calibration import Calibration
from judgekit.judge.manifest import Machine
from judgekit.models.identity import BackboneIdentity
from judgekit.workspace.manifest import Manifest, Section

# They may grow from call to call: the runs that are there stay what they are.
_MAY_DIFFER = {"preset", "plan", "seeds"}
_WORDS = {
    "content_hash": "the items of the dataset",
    "dataset": "the dataset",
    "template": "its template",
    "backbone": "the backbone",
}


class StudyManifest(Manifest):
    """What all runs of a study have in common; they could not be compared if it changed."""

    dataset: str
    content_hash: str
    template: str
    """Source of the dataset's template."""
    backbone: BackboneIdentity
    settings: StudySettings
    """As first given; `preset`, `plan` and `seeds` may grow from call to call."""

    def changed_in(self, other: StudyManifest) -> list[str]:
        """What differs in another manifest so that its runs cannot be compared with these, one line each."""
        then, now = self.settings.to_json(), other.settings.to_json()
        return [words for name, words in _WORDS.items() if getattr(self, name) != getattr(other, name)] + [
            f"--{name.replace('_', '-')}: {then[name]} then, {now[name]} now"
            for name in sorted(then.keys() - _MAY_DIFFER)
            if then[name] != now[name]
        ]


class TrainingFigures(Section):
    """What a training came to and cost."""

    validation_kl: float
    steps: int
    best_step: int
    epochs: int
    learning_rate: float
    seconds: float
    """Spent in optimiser steps."""
    items_per_second: float
    peak_memory: int | None
    """Bytes; None where the system does not say."""


def _with_calibration_and_training(values: dict[str, Any]) -> dict[str, Any]:
    """Version 1 kept the temperature as a number, and the figures of the training beside all others."""
    training = {name: values[name] for name in TrainingFigures.model_fields if name in values} or None
    return {**values, "calibration": {"temperature": values.get("temperature")}, "training": training}


class FinishedRun(Manifest):
    """A finished run: its settings and figures."""

    VERSION = 2
    UPGRADES: ClassVar = (_with_calibration_and_training,)

    key: str
    """The same for runs that do the same."""
    seed: int
    per_item: int | None
    """Annotations of each training item that were used; None: all."""
    training_items: int
    calibration: Calibration
    kl: float
    """Of the test items, nats."""
    accuracy: float
    label_mass: float | None
    """Probability that a causal LM gives to the labels, mean over the test items; None for encoders."""
    settings: TrainSettings
    machine: Machine
    training: TrainingFigures | None
    """None for a model that nobody trained."""
