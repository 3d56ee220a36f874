"""What is found out with judges and about them, as objects: for Python, for scripts and for the terminal.

Loads no torch, so that pages can be made of them without it.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

from judgekit.core.metrics import Interval
from judgekit.dataset.manifest import DatasetManifest
from judgekit.judge.manifest import JudgeManifest
from judgekit.workspace.manifest import Manifest, Section
from judgekit.workspace.store import Entry


class EvaluateResult(NamedTuple):
    """A judge's figures on items with human labels."""

    judge: str
    source: str
    """What was evaluated on, in words."""
    items: int
    annotations: int
    truncated: int
    dropped: int
    """Items left out because they are too long."""
    label_mass: float | None
    """Probability a causal LM gives to the label set, mean over items; None for encoders."""
    both_orders: bool
    """Whether the metrics are of distributions averaged over both orders of a pairwise comparison."""
    metrics: dict[str, Interval | None]
    """By name; None where a metric is undefined on these items."""
    baselines: dict[str, dict[str, float | None]]
    """`class_prior` (of the training items) and `uniform`, each with the metrics by name."""
    noise_floor: float
    """KL in nats that a perfect judge would show against these numbers of annotations."""
    confidence: float

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON values; null where undefined."""
        return {
            **self._asdict(),
            "metrics": {
                name: None if found is None else {key: _finite(value) for key, value in found._asdict().items()}
                for name, found in self.metrics.items()
            },
            "baselines": {
                name: {metric: None if value is None else _finite(value) for metric, value in values.items()}
                for name, values in self.baselines.items()
            },
            "noise_floor": {"kl": self.noise_floor},
        }


class Figure(Section):
    """A metric with its interval; None where it is infinite or undefined."""

    value: float | None
    low: float | None
    high: float | None


class FloorFigures(Section):
    """What a perfect judge would show."""

    kl: float


class KeptEvaluation(Manifest):
    """The newest evaluation of a judge, kept in its folder for its model card."""

    source: str
    items: int
    annotations: int
    metrics: dict[str, Figure | None]
    baselines: dict[str, dict[str, float | None]]
    noise_floor: FloorFigures
    confidence: float
    both_orders: bool = False


class ExportResult(NamedTuple):
    """Where a judge was exported to, and what that changed."""

    judge: str
    folder: Path
    files: dict[str, int]
    """Bytes of each file."""
    dtype: str
    """Number format of the weights."""
    sample: str
    """What was scored before and after, in words."""
    sample_items: int
    shift: dict[str, float]
    """Largest shift of a label's probability over the sample, by label."""
    tolerance: float

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON values."""
        return {**self._asdict(), "folder": str(self.folder)}


class Token(NamedTuple):
    """One token of a prompt or of a label's word."""

    id: int
    token: str
    """As the tokenizer writes it."""


class Word(NamedTuple):
    """A word that a causal LM may say for a label."""

    text: str
    tokens: list[Token]

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {"text": self.text, "tokens": [token._asdict() for token in self.tokens]}


class PromptAsRead(NamedTuple):
    """One item as a judge reads it."""

    reader: str
    """Who reads it: a judge, or a backbone that would be trained."""
    dataset: str
    item: str
    kind: str
    """causal or encoder."""
    text: str | None
    """What a causal LM reads, whole; None for an encoder."""
    segments: tuple[str, str | None] | None
    """What an encoder reads, without its special tokens; None for a causal LM."""
    tokens: list[Token]
    judgment_position: int | None
    """Place of the token after which a causal LM is read, from 0; None for an encoder."""
    max_length: int
    is_truncated: bool
    has_special_tokens: bool
    """Whether a special token stood in the item's texts, where it is read as plain text with a space in it."""
    reading: str
    """How the labels are read, as a sentence."""
    words: dict[str, list[Word]]
    """For each label the words it is read at; empty for an encoder."""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        words = {label: [word.to_json() for word in several] for label, several in self.words.items()}
        return {**self._asdict(), "tokens": [token._asdict() for token in self.tokens], "words": words}


class WorkspaceContents(NamedTuple):
    """The datasets and judges of a workspace, oldest first, the trainings that were interrupted, and the studies."""

    workspace: Path
    datasets: list[Entry[DatasetManifest]]
    judges: list[Entry[JudgeManifest]]
    unfinished: list[str]
    studies: list[str]

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        found = {
            kind: [{"name": entry.name, **entry.manifest.to_json()} for entry in entries]
            for kind, entries in (("datasets", self.datasets), ("judges", self.judges))
        }
        return {**self._asdict(), **found, "workspace": str(self.workspace)}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
