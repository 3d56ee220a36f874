"""From the finished runs of a study to its tables and curves: means over seeds, with intervals over items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.config import StudyPlan
from judgekit.core.calibration import apply_temperature
from judgekit.core.distributions import empirical_distribution
from judgekit.core.metrics import accuracy_per_item, baselines, bootstrap_interval, kl_per_item, noise_floor
from judgekit.core.random_perturbation import perturbed_kl
from judgekit.studies.plans import ALPHA, BUDGET, EPSILON, LEVELS, PAPER, VARIANTS
from judgekit.studies.records import Record

CONFIDENCE = 0.95
DRAWS = 20
"""Random perturbations of each test target and level."""

FloatArray = NDArray[np.float64]


class StudyResult(NamedTuple):
    """What a study found, or how far it came."""

    study: str
    folder: Path
    runs: int
    """That the plans come down to."""
    finished: int
    facts: dict[str, Any]
    """Tables and curves as JSON values; empty if the study was interrupted."""

    @property
    def is_finished(self) -> bool:
        """Whether all runs are there."""
        return self.finished == self.runs

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON values."""
        known = {name: value for name, value in self._asdict().items() if name != "facts"}
        return {**known, "folder": str(self.folder), **self.facts}


class Held(NamedTuple):
    """What the runs are held against."""

    counts: NDArray[np.int64]
    """Annotations of the test items, `[N, K]`."""
    prior: FloatArray
    """Label shares of the training items, `[K]`, positive."""
    seed: int
    """Of bootstrap and perturbations."""


def summarise(plans: Sequence[StudyPlan], variants: Mapping[str, Sequence[Record]], held: Held) -> dict[str, Any]:
    """The tables and curves of a study, as JSON values.

    Args:
        plans: what was asked for.
        variants: the runs of each variant by its name, one per seed.
        held: what they are held against.
    """
    lines = {name: _line(name, records, held) for name, records in variants.items()}
    points = {variant.name: x for curve in (ALPHA, EPSILON, BUDGET) for x, variant in curve.items()}
    tables: dict[str, Any] = {}
    for plan in plans:
        names = [variant.name for variant in VARIANTS[plan] if variant.name in lines]
        if plan is StudyPlan.robustness:
            tables[plan.value] = _robustness({name: variants[name] for name in names}, held)
        else:
            tables[plan.value] = [lines[name] | ({"x": points[name]} if name in points else {}) for name in names]
    constant = baselines(held.counts, held.prior)
    return {
        "seeds": max(len(records) for records in variants.values()),
        "confidence": CONFIDENCE,
        "draws": DRAWS,
        "noise_floor": noise_floor(held.counts),
        "baselines": {name: {key: found[key] for key in ("kl", "accuracy")} for name, found in constant.items()},
        "plans": tables,
        "kl_above_paper": _differences({name: found for name, found in variants.items() if name not in points}, held),
    }


def _line(name: str, records: Sequence[Record], held: Held) -> dict[str, Any]:
    p = empirical_distribution(held.counts)
    trained = [record.facts for record in records if "steps" in record.facts]
    return {
        "variant": name,
        "seeds": len(records),
        "training_items": records[0].facts["training_items"],
        "kl": _interval([kl_per_item(_q(record), p) for record in records], held),
        "accuracy": _interval([accuracy_per_item(_q(record), held.counts) for record in records], held),
        "label_mass": _mean(
            [record.facts["label_mass"] for record in records if record.facts["label_mass"] is not None]
        ),
        "untrained": sum(facts["best_step"] == 0 for facts in trained),
        # What else the machine does makes training slower, never faster; and on a CPU the memory is that of the whole
        # process, which keeps some of what earlier runs used. The best of the seeds is the nearest to the cost.
        "items_per_second": max((facts["items_per_second"] for facts in trained), default=None),
        "peak_memory": min((facts["peak_memory"] or 0 for facts in trained), default=0) or None,
    }


def _robustness(variants: Mapping[str, Sequence[Record]], held: Held) -> list[dict[str, Any]]:
    """One point per variant and level; the class prior too, to compare with."""
    p = empirical_distribution(held.counts)
    predicted = {name: [_q(record) for record in records] for name, records in variants.items()}
    predicted["class prior"] = [np.tile(held.prior, (len(p), 1))]
    return [
        {
            "variant": name,
            "x": level,
            "kl": _interval([perturbed_kl(q, p, level, draws=DRAWS, seed=held.seed) for q in several], held),
        }
        for name, several in predicted.items()
        for level in LEVELS
    ]


def _differences(variants: Mapping[str, Sequence[Record]], held: Held) -> dict[str, dict[str, float]]:
    """KL of each variant minus the paper's on the same items: intervals of a pair are far narrower than the two."""
    if PAPER.name not in variants:
        return {}
    p = empirical_distribution(held.counts)
    per_item = {
        name: np.mean([kl_per_item(_q(record), p) for record in records], axis=0) for name, records in variants.items()
    }
    return {
        name: bootstrap_interval(found - per_item[PAPER.name], seed=held.seed, confidence=CONFIDENCE)._asdict()
        for name, found in per_item.items()
        if name != PAPER.name
    }


def _interval(per_seed: Sequence[FloatArray], held: Held) -> dict[str, float]:
    """The mean over seeds with its interval over items, and the least and most of the seeds' means."""
    found = bootstrap_interval(np.mean(per_seed, axis=0), seed=held.seed, confidence=CONFIDENCE)
    means = [float(one.mean()) for one in per_seed]
    return {**found._asdict(), "least": min(means), "most": max(means)}


def _q(record: Record) -> FloatArray:
    return apply_temperature(record.logits, 1.0)


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
