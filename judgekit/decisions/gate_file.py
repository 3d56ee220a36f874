"""The file of a gate: which items a judge decides alone. `score` reads it, and must not wait for what makes it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from judgekit.errors import DataError
from judgekit.judge.judge import TrainedJudge
from judgekit.judge.manifest import JudgeManifest
from judgekit.workspace.manifest import Manifest


class Gate(Manifest):
    """The file of a gate."""

    judge: str
    fingerprint: str
    """Of the judge: see `fingerprint`."""
    dataset: str
    dataset_hash: str
    labels: tuple[str, ...]
    error: float
    """The promise: the most disagreement with a new annotator on the items that are decided."""
    confidence: float
    threshold: float
    """Probability of the judge's label, from which on it decides."""
    decided: float
    """Share of the annotated items that it decides."""
    disagreement: float
    """Found on them."""
    people: float | None
    """How often the others of an item contradict one of its annotators there; None where no item has two."""
    items: int
    """Annotated items that it rests on."""
    source: str
    """What they were, in words."""

    def problems(self) -> list[str]:
        """What cannot be so."""
        wrong = [name for name in ("error", "confidence", "threshold", "decided") if not 0 < getattr(self, name) <= 1]
        return [f"{name}: must be a share" for name in wrong]


def fingerprint(manifest: JudgeManifest) -> str:
    """SHA-256 over what decides the predictions of a judge: its files, labels, calibration and backbone."""
    values = manifest.to_json()
    known = {name: values[name] for name in ("files", "labels", "calibration", "backbone", "dataset")}
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def check_gate(gate: Gate, manifest: JudgeManifest, name: str) -> None:
    """Refuse a gate of another judge, or of this one before it was trained again.

    Raises:
        DataError: it is.
    """
    if gate.fingerprint != fingerprint(manifest):
        raise DataError(
            f"The gate was made for the judge {gate.judge!r} as it was on {gate.created[:10]}; the judge {name!r} is "
            "another, and its probabilities mean something else.",
            hint=f"Make a gate for it: judgekit gate --judge {name}",
        )


def threshold_for(path: Path, judge: TrainedJudge) -> float:
    """The threshold of a gate in a file.

    Raises:
        DataError: it was made for another judge.
        WorkspaceError: the file is missing or damaged.
    """
    gate = Gate.read(path)
    check_gate(gate, judge.manifest, judge.name)
    return gate.threshold
