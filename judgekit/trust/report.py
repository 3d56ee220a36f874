"""What `judgekit report` says, and where it was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from judgekit.trust.evaluated import EvaluateResult


class ReportFacts(NamedTuple):
    """What the page says."""

    evaluation: EvaluateResult
    dataset: str
    """What the judge was trained on."""
    training_items: int
    backbone: str
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

    def to_json(self) -> dict[str, Any]:
        """The place of the file, and the figures of the evaluation, as JSON values."""
        return {"output": str(self.output), "evaluation": self.evaluation.to_json()}
