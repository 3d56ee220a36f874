"""What `synthesize` did, in figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from judgekit.core.json_values import json_values


class SynthesisResult(NamedTuple):
    """What a teacher was asked, and what became of its judgments.

    Examples:
        >>> found = synthesize(teacher="http://localhost:8000/v1", teacher_model="m", items=4, samples=2, dry_run=True)
        >>> found.answered, found.file is None
        (0, True)
    """

    dataset: str
    teacher: str
    file: Path | None
    """With the judgments; None where there are none."""
    calls: int
    """Judgments that were wanted and not there before."""
    answered: int
    """Of these, those that arrived."""
    prompt_tokens: int
    """Of the calls: as the teacher counts them, of a dry run about."""
    answer_tokens: int
    """Likewise; of a dry run at most."""
    cost: float
    """By the prices given."""
    per_second: float
    """Judgments; 0 of a dry run."""
    items: dict[str, int]
    """Items by what became of them; empty of a dry run."""
    judgments: dict[str, int]
    """Judgments by what they say, of all that are there."""
    failures: dict[str, int]
    """Questions without an answer by the reason."""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return json_values(self)
