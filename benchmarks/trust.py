"""Whether what judgekit says of trust holds: sets of labels on published data, equivalent annotators of made people.

    python benchmarks/trust.py DATA_FOLDER [--workspace FOLDER] [--only NAME …] [--runs 40] [--json]

- `snli`: a judge is trained on SNLI (two epochs, no folds) and `set_90` measured on its test sample of 3,000 items;
- `summeval`: the same for an ordinal scale, coherence from 1 to 5, on the test part of a split that leaves 360 items;
- `annotators`: k simulated people (1, 2, 5) predict the annotations of others; how often the interval of the equivalent
  annotators holds k.

Bars: coverage within 2 points of 90 %; the interval, of 95 %, holds k in 9 of 10 runs at least. The exit code is 1
where one is missed. A judge that is in the workspace already is not trained again.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from judgekit import evaluate, ingest, show, train
from judgekit.core.distributions import class_prior, empirical_distribution
from judgekit.core.floor import fit_populations, signal_of
from judgekit.core.metrics import kl_per_item

LEVEL, POINTS, LEAST_WITHIN = 0.9, 0.02, 0.9
PEOPLE = (1, 2, 5)
PRIOR, STRENGTH = np.array([0.5, 0.3, 0.2]), 1.5
ITEMS, ANNOTATORS = 400, 5


class Line(NamedTuple):
    """Something measured, and whether it meets its bar."""

    name: str
    value: float
    words: str
    is_met: bool


def snli(data: Path, workspace: Path) -> Line:
    """Sets of a nominal label set, on a file of its own."""
    _judge("snli", data / "snli/snli_train_long.csv", workspace, train_share=0.85, validation_share=0.075)
    return _coverage("snli", data / "snli/snli_test_sample3000_long.csv", workspace)


def summeval(data: Path, workspace: Path) -> Line:
    """Sets of an ordinal scale, on a test part."""
    _judge("summeval", data / "summeval/summeval_long.csv", workspace, train_share=0.4, validation_share=0.3)
    return _coverage("summeval", None, workspace)


def _judge(name: str, file: Path, workspace: Path, *, train_share: float, validation_share: float) -> None:
    if workspace.is_dir() and name in {entry.name for entry in show(workspace=workspace).judges}:
        return
    ingest(file, name=name, workspace=workspace)
    shares = {"train_share": train_share, "validation_share": validation_share}
    train(name, judge=name, workspace=workspace, folds=0, epochs=2, **shares)


def _coverage(name: str, file: Path | None, workspace: Path) -> Line:
    found = evaluate(file, judge=name, workspace=workspace)
    sets = found.coverage
    if sets is None:
        return Line(f"set_90 on {found.source}", float("nan"), "nothing was fitted", is_met=False)
    words = (
        f"{sets.covered.value:.1%} ({sets.covered.low:.1%} to {sets.covered.high:.1%}) of the annotations of "
        f"{len(found.items):,} items, {sets.labels:.2f} of {len(found.items.labels)} labels, fitted on "
        f"{sets.fitted_on:,} items"
    )
    return Line(f"set_90 on {found.source}", sets.covered.value, words, abs(sets.covered.value - LEVEL) <= POINTS)


def annotators(runs: int) -> Iterator[Line]:
    """Made people, whose number is known."""
    for people in PEOPLE:
        found = [_signal(people, seed) for seed in range(runs)]
        within = float(np.mean([low <= people <= high for _, low, high in found]))
        middle = float(np.median([value for value, _, _ in found]))
        words = f"the interval holds it in {within:.0%} of {runs} runs; median {middle:.2f}"
        yield Line(f"{people} simulated people", within, words, within >= LEAST_WITHIN)


def _signal(people: int, seed: int) -> tuple[float, float, float]:
    random = np.random.default_rng([seed, people])
    dataset = random.multinomial(ANNOTATORS, random.dirichlet(STRENGTH * PRIOR, size=1000))
    true = random.dirichlet(STRENGTH * PRIOR, size=ITEMS)
    counts, seen = random.multinomial(ANNOTATORS, true), random.multinomial(people, true)
    q, p = (seen + STRENGTH * PRIOR) / (people + STRENGTH), empirical_distribution(counts)
    gains = kl_per_item(np.tile(class_prior(dataset), (ITEMS, 1)), p) - kl_per_item(q, p)
    populations = fit_populations(dataset, seed=seed)
    found = signal_of(gains, counts, populations, seed=seed, confidence=0.95, resamples=1000)
    return (np.nan, np.nan, np.nan) if found is None else (found.annotators.value, *found.annotators[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, metavar="DATA_FOLDER")
    parser.add_argument("--workspace", type=Path, help="keep the judges here, and use those that are there")
    parser.add_argument("--only", nargs="*", choices=("snli", "summeval", "annotators"))
    parser.add_argument("--runs", type=int, default=40, help="of each number of made people")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    wanted = options.only or ("snli", "summeval", "annotators")
    with tempfile.TemporaryDirectory() as folder:
        workspace = options.workspace or Path(folder) / "workspace"
        lines = [one(options.data, workspace) for one in (snli, summeval) if one.__name__ in wanted]
    lines += annotators(options.runs) if "annotators" in wanted else []
    if options.json:
        print(json.dumps([line._asdict() for line in lines]))
    else:
        for line in lines:
            print(f"{'met ' if line.is_met else 'MISSED'} {line.name}: {line.words}")
    raise SystemExit(not all(line.is_met for line in lines))


if __name__ == "__main__":
    main()
