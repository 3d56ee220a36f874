"""How fast and how good the adversary is, against one CVXPY problem per item and against brute force.

Usage: python benchmarks/adversary.py [--json] [--seed 0] [--repeats 50]

All times are of this one run on one thread, so ratios hold whatever the machine; absolute times are medians.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from judgekit.core import reference
from judgekit.core.losses import kl_divergence
from judgekit.core.perturbation import worst_case_target
from judgekit.core.projection import project_to_ball_and_simplex

LEAST_SPEEDUP, LARGEST_DIFFERENCE = 50, 1e-5
EPSILON = 0.25


def draw_items(model: str, *, items: int, labels: int, seed: int, annotations: int = 5) -> tuple[Tensor, Tensor]:
    """Draws log q and p `[items, labels]`: q random ("far"), smoothed from p ("near"), or random with one-hot p."""
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(annotations, rng.dirichlet(np.ones(labels), items))
    if model == "one-hot":
        counts = annotations * np.eye(labels, dtype=int)[rng.integers(labels, size=items)]
    q = (counts + 1) / (annotations + labels) if model == "near" else rng.dirichlet(np.ones(labels), items)
    return torch.tensor(q).log(), torch.tensor(counts / annotations)


def median_seconds(function: Callable[[], Any], repeats: int) -> float:
    """Median duration of a call, after one call to warm up."""
    function()
    durations = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        durations.append(time.perf_counter() - start)
    return statistics.median(durations)


def project_rebuilt(y: Tensor, p: Tensor, *, radius: float | Tensor) -> Tensor:
    """The CVXPY projection with the problem built anew for every item."""
    radii = torch.as_tensor(radius).expand(len(y))
    projected = []
    for i in range(len(y)):
        reference._problem.cache_clear()
        projected.append(reference.project_to_ball_and_simplex_cvxpy(y[i], p[i], radius=radii[i]))
    return torch.stack(projected)


def compare_projections(*, seed: int, repeats: int) -> dict[str, float]:
    """The projection at batch 64 with 5 labels, alone and inside the published ascent, against CVXPY."""
    log_q, p = draw_items("far", items=64, labels=5, seed=seed)
    y = p + 0.3 * torch.randn(p.shape, dtype=p.dtype, generator=torch.Generator().manual_seed(seed))
    reused = reference.project_to_ball_and_simplex_cvxpy

    def ascend(project: Any) -> Tensor:
        return worst_case_target(log_q, p, epsilon=EPSILON, method="paper", project=project)

    ours = median_seconds(lambda: project_to_ball_and_simplex(y, p, radius=EPSILON), repeats)
    ascent = median_seconds(lambda: ascend(project_to_ball_and_simplex), repeats)
    difference = project_to_ball_and_simplex(y, p, radius=EPSILON) - reused(y, p, radius=EPSILON)
    return {
        "projection_ms": 1e3 * ours,
        "projection_faster_than_cvxpy_reused": median_seconds(lambda: reused(y, p, radius=EPSILON), 3) / ours,
        "projection_faster_than_cvxpy_rebuilt": median_seconds(lambda: project_rebuilt(y, p, radius=EPSILON), 1) / ours,
        "projection_largest_difference": difference.abs().max().item(),
        "ascent_ms": 1e3 * ascent,
        "ascent_faster_than_with_cvxpy_reused": median_seconds(lambda: ascend(reused), 1) / ascent,
        "ascent_largest_difference": (ascend(project_to_ball_and_simplex) - ascend(reused)).abs().max().item(),
    }


def measure_shares(*, seed: int) -> dict[str, float]:
    """Share of the brute-force increase in KL that each method finds, summed over 200 items."""
    shares = {}
    for labels in (3, 5):
        for model in ("far", "near", "one-hot"):
            log_q, p = draw_items(model, items=200, labels=labels, seed=seed)
            clean = kl_divergence(log_q, p)
            most = reference.worst_case_by_sampling(log_q, p, epsilon=EPSILON, seed=seed) - clean
            for method in ("search", "paper"):
                found = kl_divergence(log_q, worst_case_target(log_q, p, epsilon=EPSILON, method=method)) - clean
                shares[f"share_{method}_{model}_{labels}_labels"] = (found.sum() / most.sum()).item()
    return shares


def measure_default(*, seed: int, repeats: int) -> dict[str, float]:
    """The default adversary as training calls it: batch 32, 3 labels, float32."""
    log_q, p = (tensor.float() for tensor in draw_items("near", items=32, labels=3, seed=seed))
    return {"default_adversary_ms": 1e3 * median_seconds(lambda: worst_case_target(log_q, p, epsilon=EPSILON), repeats)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    parser.add_argument("--seed", type=int, default=0, help="of the drawn items")
    parser.add_argument("--repeats", type=int, default=50, help="timed calls of each fast function")
    options = parser.parse_args()
    torch.set_num_threads(1)
    found: dict[str, Any] = {
        **compare_projections(seed=options.seed, repeats=options.repeats),
        **measure_default(seed=options.seed, repeats=options.repeats),
        **measure_shares(seed=options.seed),
    }
    found["meets_the_bar"] = (
        min(value for name, value in found.items() if "faster" in name) >= LEAST_SPEEDUP
        and max(value for name, value in found.items() if "difference" in name) <= LARGEST_DIFFERENCE
    )
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        for name, value in found.items():
            print(f"{name:42} {value:.4g}" if isinstance(value, float) else f"{name:42} {value}")
    raise SystemExit(0 if found["meets_the_bar"] else 1)


if __name__ == "__main__":
    main()
