"""The page of `train`: how the training ended."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType

from judgekit.reports.blocks import facts, heading
from judgekit.training.result import TrainResult


def train_page(result: TrainResult) -> RenderableType:
    """What became of a training."""
    return Group(heading(f"Judge {result.judge}"), facts(_facts(result)))


def _facts(result: TrainResult) -> Iterator[tuple[str, str]]:
    yield "dataset", result.dataset
    if result.steps:
        yield "steps", f"{result.steps:,} of {result.total_steps:,}, best after {result.best_step:,}"
        yield "speed", f"{result.items_per_second:.0f} items/s"
    else:
        yield "fine-tuning", "none"
    unseen = "validation KL" if result.items["validation"] else "KL out of fold"
    yield unseen, f"{result.validation_kl:.4f} nats (class prior {result.validation_prior_kl:.4f})"
    yield "calibration", result.calibration.describe()
    if result.parsed is not None:
        yield "answers read", f"{100 * result.parsed:.3g} % of the validation items"
    if result.label_mass is not None:
        yield "label mass", f"{100 * result.label_mass:.3g} %"
