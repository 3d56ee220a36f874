"""How many annotations `judgekit select` needs for the KL that more of them at random reach, where the truth is known.

    python benchmarks/selecting.py [--seeds 5] [--annotations 480]

Items are of kinds, few of which are frequent, as in most collections of texts; each has a vector near that of its kind,
as an encoder gives it, from which people's distribution follows but for what is the item's own. A judge (a probe, as
judgekit fits it) begins with items at random and is fitted again after every round of one annotation each. The KL is
that of people's true distribution on other items of the population. The bar: 70 % of the annotations, in the mean over
the seeds. A world of kinds that are all equally frequent, where there is less to gain, is shown beside it.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from judgekit.core.design import Candidates, best_design, directions, information, undecided
from judgekit.core.metrics import kl_per_item
from judgekit.core.probe import Probe, fit_probe, grouped_folds
from judgekit.core.selecting import draw, inclusion_chances, order_by_likeness

KINDS, WIDTH, LABELS, POOL = 40, 24, 3, 4000
START, ROUND = 60, 60
RANDOM_SHARE = 0.3
COMPARED = 3
"""Last rounds of the random choice whose KL is looked for, as a single one is a matter of luck."""
DRAWS = 2
"""Of each seed's world."""
BAR = 0.7
Array = NDArray[np.float64]


class World(NamedTuple):
    """Items with their vectors and what people truly say of them."""

    vectors: Array
    truth: Array


def worlds(seed: int, falling: float) -> tuple[World, World]:
    """Items to annotate, and others to measure on; kind k is as frequent as 1 / k to the power of `falling`."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((KINDS, WIDTH))
    weight = random.standard_normal((WIDTH, LABELS)) * 2.5 / np.sqrt(WIDTH)
    often = np.arange(1.0, KINDS + 1) ** -falling
    kinds = random.choice(KINDS, size=2 * POOL, p=often / often.sum())
    vectors = centres[kinds] + 0.35 * random.standard_normal((2 * POOL, WIDTH))
    truth = softmax(vectors @ weight + 0.3 * random.standard_normal((2 * POOL, LABELS)), axis=1)
    return World(vectors[:POOL], truth[:POOL]), World(vectors[POOL:], truth[POOL:])


def judge_of(vectors: Array, counts: NDArray[np.int64]) -> Probe:
    """A probe of the annotated items."""
    p = counts / counts.sum(axis=1, keepdims=True)
    return fit_probe(vectors, p, grouped_folds(np.arange(len(p)))).probe


def curve(seed: int, repeat: int, falling: float, most: int, *, is_random: bool) -> list[float]:
    """The KL after each round."""
    items, others = worlds(seed, falling)
    random = np.random.default_rng([seed, repeat])
    counts = np.zeros((POOL, LABELS), dtype=np.int64)
    rows = random.choice(POOL, size=START, replace=False)
    features, found = directions(items.vectors), list[float]()
    while True:
        counts[rows] += np.stack([random.multinomial(1, items.truth[row]) for row in rows])
        is_annotated = counts.sum(axis=1) > 0
        probe = judge_of(items.vectors[is_annotated], counts[is_annotated])
        found.append(float(kl_per_item(np.exp(probe.log_q(others.vectors)), others.truth).mean()))
        if counts.sum() >= most:
            return found
        left = np.flatnonzero(~is_annotated)
        q = np.exp(probe.log_q(items.vectors))
        v, share = undecided(q), np.full(len(left), 1 / len(left))
        if not is_random:
            told = np.ones(int(is_annotated.sum()))
            before = information(features[is_annotated], v[is_annotated], told)
            new = Candidates(features[left], v[left], np.ones(len(left)), np.ones(len(left), dtype=np.bool_))
            share = best_design(new, before, ROUND, random_share=RANDOM_SHARE).shares
        chances = inclusion_chances(share, ROUND, random_share=RANDOM_SHARE)
        order = order_by_likeness(np.concatenate([q[left], 0.5 * features[left, 1:]], axis=1))
        if is_random:
            order = random.permutation(len(left))
        rows = left[draw(chances, order, seed=1000 * seed + 100 * repeat + len(found))]


def needed(random: Array, chosen: Array, spent: list[int]) -> float:
    """The share of the annotations with which a curve reaches the last KLs of another, in the mean."""
    best = np.minimum.accumulate(chosen)
    return float(np.mean([_reached(best, kl, spent) / n for n, kl in zip(spent, random, strict=True)][-COMPARED:]))


def _reached(best: Array, kl: float, spent: list[int]) -> float:
    steps = zip(pairwise(spent), pairwise(best), strict=True)
    for (before, after), (high, low) in steps:
        if low <= kl:
            return before + (after - before) * min(1.0, max(0.0, (high - kl) / (high - low)))
    return float("inf")


def _said(share: float) -> str:
    return f"{share:.0%}" if np.isfinite(share) else "more than all"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--annotations", type=int, default=480)
    chosen = parser.parse_args()
    spent = list(range(START, chosen.annotations + 1, ROUND))
    shares: dict[str, float] = {}
    for name, falling in (("few frequent kinds", 1.0), ("kinds equally frequent", 0.0)):
        curves = np.array(
            [
                [
                    np.mean([curve(seed, n, falling, spent[-1], is_random=way) for n in range(DRAWS)], axis=0)
                    for way in (True, False)
                ]
                for seed in range(chosen.seeds)
            ]
        )  # [seeds, 2, rounds]
        print(f"{name}\n\n| annotations | KL at random | KL by select |\n|---|---|---|")
        for number, (one, other) in zip(spent, curves.mean(axis=0).T, strict=True):
            print(f"| {number} | {one:.4f} | {other:.4f} |")
        of_seed = [needed(*both, spent) for both in curves]
        shares[name] = float(np.mean(of_seed))
        print(f"\nneeds {_said(shares[name])} of the annotations; by seed {', '.join(map(_said, of_seed))}\n")
    raise SystemExit(int(shares["few frequent kinds"] > BAR))


if __name__ == "__main__":
    main()
