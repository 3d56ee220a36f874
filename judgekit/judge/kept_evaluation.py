"""What is kept of the newest evaluation of a judge, in its folder, for its model card."""

from __future__ import annotations

from judgekit.workspace.manifest import Manifest, Section


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
    equivalent_annotators: Figure | None = None
    """None where it is unknown, and in a judge of an older judgekit."""
    confidence: float
    both_orders: bool = False
