"""Making a gate, and holding its promise against later annotations."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from judgekit.config import GateSettings
from judgekit.core.gates import (
    Threshold,
    choose_threshold,
    items_needed,
    losses_of,
    one_against_others,
    p_value_within_budget,
    thresholds,
)
from judgekit.core.json_values import json_values
from judgekit.decisions.gate_file import Gate, fingerprint
from judgekit.decisions.held_out import HeldOut
from judgekit.decisions.likeness import Difference
from judgekit.errors import DataError, LabelError
from judgekit.judge.manifest import JudgeManifest
from judgekit.judge.scores import REVIEW
from judgekit.wording import counted

BUDGETS = np.arange(0.01, 1.0, 0.01)
"""Those that are tried where one cannot be promised."""


class GateResult(NamedTuple):
    """A gate that was made.

    Examples:
        >>> found = gate("comments.gate.json", annotations="held_out.csv", error=0.95)
        >>> found.gate.disagreement <= 0.95
        True
    """

    output: Path
    gate: Gate

    def to_json(self) -> dict[str, Any]:
        """Where it is, and what it says, as JSON values."""
        return {"output": str(self.output), **self.gate.to_json()}


class GateCheck(NamedTuple):
    """Whether the promise of a gate holds on annotations that came later."""

    gate: Gate
    source: str
    items: int
    """Annotated items."""
    decided: int
    disagreement: float | None
    """Found on the decided ones; None where there is none."""
    people: float | None
    p_value: float
    """How likely so much disagreement is, if the promise holds."""
    left_out: int
    differences: tuple[Difference, ...]
    """How these items differ from those that the gate was made from, as far as the judge sees it."""

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against the promise by more than chance."""
        return self.p_value > 1 - self.gate.confidence

    @property
    def can_tell(self) -> bool:
        """Whether enough items are decided for a broken promise to be found, if the judge were wrong on all."""
        return p_value_within_budget(np.ones(self.decided), self.gate.error) <= 1 - self.gate.confidence

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return {
            "holds": self.holds,
            "can_tell": self.can_tell,
            **json_values({**self._asdict(), "gate": self.gate.to_json()}),
        }


def make_gate(name: str, manifest: JudgeManifest, held_out: HeldOut, settings: GateSettings, created: str) -> Gate:
    """Find the threshold at which most items are decided within the budget.

    Raises:
        DataError: no threshold can be promised; says what people reach among themselves, and what could be promised.
    """
    counts = held_out.items.counts
    if REVIEW in manifest.labels:
        raise LabelError(
            f"A label of {name!r} is called {REVIEW!r}, which is what a gate says of undecided items.",
            hint="Ingest it under another name: judgekit ingest FILE --label-map review=other",
        )
    _refuse_below_people(name, held_out, settings)
    found = choose_threshold(
        held_out.q, counts, budget=settings.error, confidence=settings.confidence, seed=settings.seed
    )
    if found is None:
        raise _nothing_to_promise(name, held_out, settings)
    return Gate(
        created=created,
        judge=name,
        fingerprint=fingerprint(manifest),
        dataset=manifest.dataset.name,
        dataset_hash=manifest.dataset.content_hash,
        labels=manifest.labels,
        error=settings.error,
        confidence=settings.confidence,
        threshold=found.threshold,
        decided=found.decided,
        disagreement=found.disagreement,
        people=found.people,
        items=len(counts),
        source=held_out.source,
    )


def check_promise(gate: Gate, held_out: HeldOut, differences: tuple[Difference, ...], *, seed: int) -> GateCheck:
    """Hold a gate against annotations of items that it was not made from."""
    counts, is_decided = held_out.items.counts, held_out.q.max(axis=1) >= gate.threshold
    losses = losses_of(held_out.q, counts)[is_decided]
    order = np.random.default_rng(seed).permutation(len(losses))
    return GateCheck(
        gate=gate,
        source=held_out.source,
        items=len(counts),
        decided=len(losses),
        disagreement=float(losses.mean()) if len(losses) else None,
        people=one_against_others(counts[is_decided]),
        p_value=p_value_within_budget(losses[order], gate.error),
        left_out=held_out.left_out,
        differences=differences,
    )


def _again(name: str, settings: GateSettings, error: float) -> str:
    """The command that makes a gate of the same judge from the same annotations with another budget."""
    annotations = "" if settings.annotations is None else f" --annotations {shlex.quote(settings.annotations)}"
    return f"judgekit gate --judge {shlex.quote(name)}{annotations} --error {error:.2f}"


def _refuse_below_people(name: str, held_out: HeldOut, settings: GateSettings) -> None:
    """Refuse a budget that people do not keep among themselves, even on the items of which the judge is surest."""
    sure, counts = held_out.q.max(axis=1), held_out.items.counts
    needed = items_needed(settings.error, settings.confidence)
    sets = [sure >= threshold for threshold in thresholds(counts.shape[1])]
    reached = [one_against_others(counts[chosen]) for chosen in sets if chosen.sum() >= needed]
    known = [one for one in reached if one is not None]
    if known and settings.error < min(known):
        raise DataError(
            f"--error is {settings.error:g}, but people contradict the others of an item in {min(known):.1%} of their "
            f"annotations, even where the judge is surest; on all items in {known[-1]:.1%}. No judge can be promised "
            "to disagree with them less than they do with each other.",
            hint=f"Allow more: {_again(name, settings, np.ceil(min(known) * 100 + 1) / 100)}",
        )


def _nothing_to_promise(name: str, held_out: HeldOut, settings: GateSettings) -> DataError:
    n = len(held_out.items)
    least: tuple[float, Threshold] | None = None
    for budget in BUDGETS[settings.error < BUDGETS]:
        found = choose_threshold(
            held_out.q, held_out.items.counts, budget=float(budget), confidence=settings.confidence, seed=settings.seed
        )
        if found is not None:
            least = float(budget), found
            break
    needed = items_needed(settings.error, settings.confidence)
    few = (
        f" At least {needed} annotated items that it decides are needed for that, if it is never wrong; there are "
        f"{n:,} in all."
        if n < 4 * needed
        else ""
    )
    overall = float(losses_of(held_out.q, held_out.items.counts).mean())
    return DataError(
        f"It cannot be promised with {settings.confidence:.0%} confidence that the judge disagrees with a new "
        f"annotator on at most {settings.error:.1%} of any share of the items; on all of them it disagrees in "
        f"{overall:.1%}.{few}",
        hint=f"Have more items annotated (--annotations FILE), or allow more, which would decide "
        f"{least[1].decided:.0%} of the items: {_again(name, settings, least[0])}"
        if least
        else f"{counted(n, 'annotated item is', 'annotated items are')} too few: give more with --annotations FILE.",
    )
