"""Targets moved at random: how far a judge's KL depends on whose annotations it happens to be held against."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from judgekit.core.distributions import FloatArray
from judgekit.core.metrics import kl_per_item


def random_perturbation(p: NDArray[Any], level: float, *, random: np.random.Generator) -> FloatArray:
    """Distributions at L2 distance `level` from `p`, each in a direction of its own.

    A point x is drawn uniformly from the simplex, again while it is nearer to p than `level`; p then moves by `level`
    straight towards x. The way to x lies in the simplex, so the length is exact for every p, one-hot ones included,
    and nothing is clipped or scaled.

    Args:
        p: distributions, `[N, K]`.
        level: L2 length, below the radius `sqrt(1 - 1/K)` of the simplex around its centre.
        random: source of the points.

    Returns:
        `[N, K]`; `p` itself at level 0.

    Raises:
        ValueError: `level` is negative, or so large that a distribution may have no point that far.
    """
    labels = p.shape[1]
    if not 0 <= level < np.sqrt(1 - 1 / labels):
        raise ValueError(f"level must be in [0, {np.sqrt(1 - 1 / labels):.3f}) for {labels} labels, not {level}")
    step = np.zeros(p.shape)
    if level == 0:
        return p + step
    waiting = np.arange(len(p))
    while len(waiting):
        way = random.dirichlet(np.ones(labels), size=len(waiting)) - p[waiting]
        length = np.linalg.norm(way, axis=1, keepdims=True)
        is_far = length[:, 0] >= level
        step[waiting[is_far]] = way[is_far] * (level / length[is_far])
        waiting = waiting[~is_far]
    return (p + step).clip(min=0)  # rounding can leave -1e-17


def perturbed_kl(q: NDArray[Any], p: NDArray[Any], level: float, *, draws: int, seed: int) -> FloatArray:
    """KL(p~ || q) per item against randomly perturbed targets, the mean over several draws of them.

    Args:
        q: predicted distributions, `[N, K]`.
        p: the targets before they are perturbed, `[N, K]`.
        level: L2 length of the perturbation; at 0 this is KL(p || q).
        draws: perturbations per item.
        seed: of the draws: with the same one, several q meet the same targets.

    Returns:
        Nats, `[N]`.
    """
    random = np.random.default_rng(seed)
    found = [kl_per_item(q, random_perturbation(p, level, random=random)) for _ in range(draws if level else 1)]
    return np.mean(found, axis=0)
