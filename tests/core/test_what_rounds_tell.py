"""What rounds of annotation tell: against simulated rounds, and how the figures move."""

from __future__ import annotations

import numpy as np
import pytest

from judgekit.core.agreement import krippendorff_alpha
from judgekit.core.metrics import kl_per_item
from judgekit.core.planning import perfect_judge_kl
from judgekit.core.rounds import plan_round, spreads, squared_distances

PRIOR, STRENGTH = np.array([0.5, 0.3, 0.2]), 1.5
NOMINAL = squared_distances(PRIOR, "nominal", None)


def simulated(items: int, annotations: int, rng: np.random.Generator) -> np.ndarray:
    return rng.multinomial(annotations, rng.dirichlet(STRENGTH * PRIOR, size=items))


@pytest.mark.parametrize("annotations", [2, 5])
@pytest.mark.parametrize("level", ["nominal", "interval"])
def test_alpha_spreads_as_over_simulated_rounds(annotations: int, level: str) -> None:
    values, rng = np.array([1.0, 2.0, 4.0]), np.random.default_rng(1)
    found = [
        krippendorff_alpha(
            simulated(200, annotations, rng),
            level=level,
            values=values,
            seed=0,
            resamples=10,  # type: ignore[arg-type]
        ).value
        for _ in range(200)
    ]
    distances = squared_distances(PRIOR, level, values)
    planned = spreads(PRIOR, STRENGTH, annotations, distances=distances, seed=0).alpha
    assert planned is not None
    assert planned / 200**0.5 == pytest.approx(np.std(found), rel=0.17)  # the sd of 200 is known to 5 %


@pytest.mark.parametrize("annotations", [1, 4])
def test_a_share_and_a_gain_spread_as_over_simulated_rounds(annotations: int) -> None:
    rng = np.random.default_rng(2)
    of = spreads(PRIOR, STRENGTH, annotations, distances=NOMINAL, seed=0)
    shares = [(simulated(200, annotations, rng) / annotations).mean(axis=0)[0] for _ in range(800)]
    planned = plan_round(of, 200, annotations, confidence=0.95)
    assert planned.share == pytest.approx(1.96 * np.std(shares), rel=0.1)
    assert planned.floor == perfect_judge_kl(PRIOR, STRENGTH, annotations)
    gains = []
    for _ in range(800):
        pi = rng.dirichlet(STRENGTH * PRIOR, size=200)
        p = rng.multinomial(annotations, pi) / annotations
        one, other = ((rng.multinomial(1, pi) + STRENGTH * PRIOR) / (1 + STRENGTH) for _ in range(2))
        gains.append((kl_per_item(one, p) - kl_per_item(other, p)).mean())
    assert planned.gain == pytest.approx((1.96 + 0.8416) * np.std(gains), rel=0.1)


def test_figures_fall_with_items_and_the_floor_with_annotations() -> None:
    of = {n: spreads(PRIOR, STRENGTH, n, distances=NOMINAL, seed=0) for n in (1, 2, 8)}
    few, many = (plan_round(of[2], items, 2, confidence=0.95) for items in (100, 400))
    assert few.alpha is not None and many.alpha == pytest.approx(few.alpha / 2)
    assert (many.share, many.gain) == pytest.approx((few.share / 2, few.gain / 2))
    assert few.annotations == 200 and many.floor == few.floor
    assert of[1].floor > of[2].floor > of[8].floor and of[1].alpha is None


def test_distances_of_labels_by_hand() -> None:
    assert squared_distances(np.array([0.5, 0.5]), "nominal", None).tolist() == [[0, 1], [1, 0]]
    assert squared_distances(np.array([0.5, 0.5]), "interval", np.array([1.0, 3.0]))[0, 1] == 4
    assert squared_distances(np.array([0.2, 0.4, 0.4]), "ordinal", None)[0, 2] == pytest.approx((0.8 - 0.1) ** 2)
