"""From the finished runs of a study to its tables and curves: means over seeds, with intervals over items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.config import StudyPlan
from judgekit.core.calibration import Calibration
from judgekit.core.distributions import empirical_distribution
from judgekit.core.json_values import json_values
from judgekit.core.metrics import Interval, accuracy_per_item, baselines, bootstrap_interval, kl_per_item, noise_floor
from judgekit.core.random_perturbation import perturbed_kl
from judgekit.studies.plans import ALPHA, BUDGET, EPSILON, LEVELS, PAPER, VARIANTS
from judgekit.studies.records import Record
from judgekit.version import __version__

CONFIDENCE = 0.95
DRAWS = 20
"""Random perturbations of each test target and level."""

FloatArray = NDArray[np.float64]


class OverSeeds(NamedTuple):
    """A mean over seeds with its interval over items, and the least and most of the seeds' own means."""

    value: float
    low: float
    high: float
    least: float
    most: float


class Line(NamedTuple):
    """One variant in a table, or in a curve of the settings it was trained with."""

    variant: str
    seeds: int
    training_items: int
    kl: OverSeeds
    accuracy: OverSeeds
    label_mass: float | None = None
    untrained: int = 0
    """Trainings in which no evaluation was better than the one before training."""
    items_per_second: float | None = None
    """Of training, the fastest seed; None where nothing was trained."""
    peak_memory: int | None = None
    """Bytes, the least of the seeds."""
    x: float | None = None
    """Its place on a curve; None in a table."""


class Point(NamedTuple):
    """A variant against test targets perturbed by the length `x`."""

    variant: str
    x: float
    kl: OverSeeds


class Baseline(NamedTuple):
    """A prediction that is the same for all items."""

    kl: float
    accuracy: float


class BudgetSpent(NamedTuple):
    """The annotations that the budget plan spends."""

    annotations: int
    per_item: tuple[int, ...]
    """The ways: annotations per item."""
    pool: int
    """Training items that have enough annotations for every way."""


class Sizes(NamedTuple):
    """How much a study rests on."""

    items: dict[str, int]
    """Of each part of the split."""
    test_annotations: int
    budget: BudgetSpent | None


class Made(NamedTuple):
    """How to make the findings again."""

    date: str
    """Of the newest run, UTC, ISO 8601."""
    version: str
    """Of judgekit."""
    command: str


class Findings(NamedTuple):
    """The tables and curves of a finished study."""

    dataset: str
    backbone: str
    notes: tuple[str, ...]
    """What was said before the first run."""
    sizes: Sizes
    seeds: int
    noise_floor: float
    """KL in nats that a perfect judge would show against these annotations."""
    baselines: dict[str, Baseline]
    """`class_prior` and `uniform`."""
    plans: dict[StudyPlan, list[Line]]
    """All but `robustness`."""
    robustness: list[Point]
    """By variant, then by length; empty where it was not asked for."""
    kl_above_paper: dict[str, Interval]
    """KL of each variant minus the paper's, item by item."""
    made: Made
    confidence: float = CONFIDENCE
    draws: int = DRAWS


class StudyResult(NamedTuple):
    """What a study found, or how far it came.

    Examples:
        >>> found = study("votes", name="short", plan=["table1"], seeds=1, epochs=1, device="cpu")
        >>> found.finished
        4
    """

    study: str
    folder: Path
    runs: int
    """Different ones in all plans."""
    finished: int
    findings: Findings | None = None
    """None if the study was interrupted."""

    @property
    def is_finished(self) -> bool:
        """Whether all runs are there."""
        return self.finished == self.runs

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON values."""
        known = self._asdict()
        del known["findings"]
        if (found := self.findings) is not None:
            plans: dict[StudyPlan, Any] = {**found.plans, "robustness": found.robustness}
            shown = {plan: plans[plan] for plan in VARIANTS if plans.get(plan)}
            known |= {**found._asdict(), **found.sizes._asdict(), **found.made._asdict(), "plans": shown}
            for name in ("sizes", "made", "robustness"):
                del known[name]
        return json_values(known)


class Held(NamedTuple):
    """What the runs are held against."""

    counts: NDArray[np.int64]
    """Annotations of the test items, `[N, K]`."""
    prior: FloatArray
    """Label shares of the training items, `[K]`, positive."""
    seed: int
    """Of bootstrap and perturbations."""


def summarise(
    plans: Sequence[StudyPlan],
    variants: Mapping[str, Sequence[Record]],
    held: Held,
    *,
    dataset: str,
    backbone: str,
    notes: Sequence[str],
    sizes: Sizes,
    command: str,
) -> Findings:
    """The tables and curves of a study.

    Args:
        plans: what was asked for.
        variants: the runs of each variant by its name, one per seed.
        held: what they are held against.
        dataset: its name.
        backbone: its name.
        notes: what was said before the first run.
        sizes: how much the study rests on.
        command: that makes it again.
    """
    lines = {name: _line(name, records, held) for name, records in variants.items()}
    points = {variant.name: x for curve in (ALPHA, EPSILON, BUDGET) for x, variant in curve.items()}
    names: dict[StudyPlan, list[str]] = {
        plan: [variant.name for variant in VARIANTS[plan] if variant.name in lines] for plan in plans
    }
    perturbed = names.pop("robustness", [])
    constant = baselines(held.counts, held.prior)
    return Findings(
        dataset=dataset,
        backbone=backbone,
        notes=tuple(notes),
        sizes=sizes,
        seeds=max(len(records) for records in variants.values()),
        noise_floor=noise_floor(held.counts),
        baselines={name: _baseline(found) for name, found in constant.items()},
        plans={plan: [lines[name]._replace(x=points.get(name)) for name in own] for plan, own in names.items()},
        robustness=_robustness({name: variants[name] for name in perturbed}, held) if perturbed else [],
        kl_above_paper=_differences({name: found for name, found in variants.items() if name not in points}, held),
        made=Made(max(record.run.created for several in variants.values() for record in several), __version__, command),
    )


def _baseline(metrics: Mapping[str, float | None]) -> Baseline:
    kl, accuracy = metrics["kl"], metrics["accuracy"]
    assert kl is not None and accuracy is not None  # both are defined on any items
    return Baseline(kl, accuracy)


def _line(name: str, records: Sequence[Record], held: Held) -> Line:
    p = empirical_distribution(held.counts)
    runs = [record.run for record in records]
    trained = [run.training for run in runs if run.training is not None]
    masses = [run.label_mass for run in runs if run.label_mass is not None]
    return Line(
        variant=name,
        seeds=len(records),
        training_items=runs[0].training_items,
        kl=_over_seeds([kl_per_item(_q(record), p) for record in records], held),
        accuracy=_over_seeds([accuracy_per_item(_q(record), held.counts) for record in records], held),
        label_mass=float(np.mean(masses)) if masses else None,
        untrained=sum(figures.best_step == 0 for figures in trained),
        # What else the machine does makes training slower, never faster; and on a CPU the memory is that of the whole
        # process, which keeps some of what earlier runs used. The best of the seeds is the nearest to the cost.
        items_per_second=max((figures.items_per_second for figures in trained), default=None),
        peak_memory=min((figures.peak_memory or 0 for figures in trained), default=0) or None,
    )


def _robustness(variants: Mapping[str, Sequence[Record]], held: Held) -> list[Point]:
    """One point per variant and level; the class prior too, to compare with."""
    p = empirical_distribution(held.counts)
    predicted = {name: [_q(record) for record in records] for name, records in variants.items()}
    predicted["class prior"] = [np.tile(held.prior, (len(p), 1))]
    return [
        Point(
            name,
            level,
            _over_seeds([perturbed_kl(q, p, level, draws=DRAWS, seed=held.seed) for q in several], held),
        )
        for name, several in predicted.items()
        for level in LEVELS
    ]


def _differences(variants: Mapping[str, Sequence[Record]], held: Held) -> dict[str, Interval]:
    """KL of each variant minus the paper's on the same items: intervals of a pair are far narrower than the two."""
    if PAPER.name not in variants:
        return {}
    p = empirical_distribution(held.counts)
    per_item = {
        name: np.mean([kl_per_item(_q(record), p) for record in records], axis=0) for name, records in variants.items()
    }
    return {
        name: bootstrap_interval(found - per_item[PAPER.name], seed=held.seed, confidence=CONFIDENCE)
        for name, found in per_item.items()
        if name != PAPER.name
    }


def _over_seeds(per_seed: Sequence[FloatArray], held: Held) -> OverSeeds:
    found = bootstrap_interval(np.mean(per_seed, axis=0), seed=held.seed, confidence=CONFIDENCE)
    means = [float(one.mean()) for one in per_seed]
    return OverSeeds(*found, least=min(means), most=max(means))


def _q(record: Record) -> FloatArray:
    return Calibration().apply(record.logits)
