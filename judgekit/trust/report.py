"""What `judgekit report` says, and where it was written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from judgekit.judge.manifest import LOG_FILE, JudgeManifest
from judgekit.trust.evaluated import EvaluateResult


class TrainingPoint(NamedTuple):
    """What a training logged at a step."""

    step: int
    loss: float | None
    """Of the training items since the point before; None at the beginning."""
    kl: float | None
    """Of the validation items, nats; None where they were not read then."""


def training_curve(judge: Path) -> tuple[TrainingPoint, ...]:
    """What the training of a judge logged; nothing where the log is not there or cannot be read.

    Args:
        judge: its folder.
    """
    try:
        lines = (judge / LOG_FILE).read_text(encoding="utf-8").splitlines()
        rows: list[dict[str, Any]] = [json.loads(line) for line in lines if line.strip()]
        found = [TrainingPoint(int(row["step"]), row.get("total"), row.get("validation_kl")) for row in rows]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()  # it is a figure less, and no reason to write no report
    return tuple(one for one in found if all(v is None or isinstance(v, float | int) for v in one))


class ReportFacts(NamedTuple):
    """What the page says."""

    evaluation: EvaluateResult
    manifest: JudgeManifest
    backbone: str
    """Without the folders above it."""
    curve: tuple[TrainingPoint, ...]
    created: str
    """When the report was made."""


class ReportResult(NamedTuple):
    """A report that was written.

    Examples:
        >>> report("comments", output="trust.html").output.name
        'trust.html'
    """

    output: Path
    evaluation: EvaluateResult
    files: tuple[Path, ...] = ()
    """Figures and tables that were written beside it."""

    def to_json(self) -> dict[str, Any]:
        """The place of the file, and the figures of the evaluation, as JSON values."""
        return {
            "output": str(self.output),
            "files": [str(one) for one in self.files],
            "evaluation": self.evaluation.to_json(),
        }
