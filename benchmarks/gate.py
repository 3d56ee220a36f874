"""How often a promise of `judgekit gate` is broken, over simulated teams whose truth is known.

    python benchmarks/gate.py [--teams 500]

People's true distributions are Dirichlet draws, and the judge is near them. A team annotates some items and takes the
threshold that the gate finds; the promise is broken where the items above it, in the whole population, disagree with a
new person more often than the budget allows. The bar: at most 5 % of the teams.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray

from judgekit.core.gates import choose_threshold

CASES = ((120, 1, 0.2), (120, 3, 0.2), (400, 1, 0.2), (400, 3, 0.2), (400, 3, 0.1), (2000, 3, 0.1), (2000, 10, 0.15))
"""Items, annotators per item, budget."""
POOL = 50_000
BAR = 0.05


def population(items: int, random: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """True distributions and the judge's, `[items, 3]` each."""
    true = np.clip(random.dirichlet([0.6, 0.3, 0.15], size=items), 1e-6, None)
    true /= true.sum(axis=1, keepdims=True)
    q = np.exp(0.8 * np.log(np.clip(true, 1e-3, None)) + 0.5 * random.standard_normal(true.shape))
    return true, q / q.sum(axis=1, keepdims=True)


def repeat(items: int, annotators: int, budget: float, *, teams: int) -> tuple[float, float, float]:
    """The shares of the teams that get no gate and whose promise is broken, and what the others leave to the judge."""
    pool, of_judge = population(POOL, np.random.default_rng(0))
    sure, wrong = of_judge.max(axis=1), 1 - pool[np.arange(POOL), of_judge.argmax(axis=1)]
    broken, decided = 0, list[float]()
    for team in range(teams):
        random = np.random.default_rng([team, items, annotators])
        true, q = population(items, random)
        gate = choose_threshold(q, random.multinomial(annotators, true), budget=budget, confidence=0.95, seed=team)
        if gate is None:
            continue
        is_decided = sure >= gate.threshold
        broken += bool(is_decided.any() and wrong[is_decided].mean() > budget)
        decided.append(float(is_decided.mean()))
    return 1 - len(decided) / teams, broken / teams, float(np.mean(decided)) if decided else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description="How often a promise of judgekit gate is broken")
    parser.add_argument("--teams", type=int, default=500)
    teams = parser.parse_args().teams
    print("| items | annotators | budget | no gate | broken | decided |\n|---|---|---|---|---|---|")
    worst = 0.0
    for items, annotators, budget in CASES:
        none, broken, decided = repeat(items, annotators, budget, teams=teams)
        worst = max(worst, broken)
        print(f"| {items:,} | {annotators} | {budget:.0%} | {none:.1%} | {broken:.1%} | {decided:.0%} |", flush=True)
    raise SystemExit(int(worst > BAR))


if __name__ == "__main__":
    main()
