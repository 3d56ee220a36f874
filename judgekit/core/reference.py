"""Slow and independent statements of what the fast modules compute: the oracles of tests and benchmarks.

The projection is stated in CVXPY as the paper does (also `--projection cvxpy`); the worst case is sought by plain
sampling. Importing CVXPY takes more than a second, so nothing imports this module unless it is asked for.
"""

# pyright: reportUnknownMemberType=false
# CVXPY ships its annotations unfinished.

import warnings
from functools import cache
from typing import Any

import cvxpy as cp
import numpy as np
import torch
from torch import Tensor

from judgekit.core.projection import project_to_simplex

TOLERANCE = 1e-10
"""Of the solver. At its default of 1e-8 x is up to 2e-5 off. Here it reaches less than it was asked for on one item
in ten and warns; x is then within 2e-6 all the same (648 items, radius 0.02 to 0.25)."""

NOISE = 1e-6
"""An interior-point solver leaves about 1e-9 where the answer is 0. The ascent takes the logarithm of it: at 1e-9 and
at 1e-12 the push of an empty label differs by a quarter, which moved whole ascents by up to 0.16."""


@cache
def _problem(labels: int) -> tuple[cp.Problem, cp.Variable, cp.Parameter, cp.Parameter, cp.Parameter]:
    """The problem with z = (x - p) / radius and its parameters: compiled once per number of labels, then reused.

    min ||p + radius z - y||^2 over z, without its constant and divided by 2 radius ||y - p||: all numbers are then
    near 1 whatever the radius and the distance. Without that, x was up to 1e-5 off for distant y.
    """
    z, unit_way, centre = cp.Variable(labels), cp.Parameter(labels), cp.Parameter(labels)
    half_ratio = cp.Parameter(nonneg=True)  # radius / (2 ||y - p||)
    constraints: list[Any] = [z >= -centre, cp.sum(z) == 0, cp.norm(z) <= 1]
    objective = cp.Minimize(half_ratio * cp.sum_squares(z) - unit_way @ z)
    return cp.Problem(objective, constraints), z, unit_way, centre, half_ratio


def project_to_ball_and_simplex_cvxpy(y: Tensor, p: Tensor, *, radius: float | Tensor) -> Tensor:
    """`projection.project_to_ball_and_simplex`, one conic problem per item.

    Args:
        y: the points to project, `[..., K]`.
        p: the centres, in the simplex, `[..., K]`.
        radius: L2 radius, not negative: a number, or one per item `[...]`.

    Returns:
        `[..., K]` of the dtype and device of `y`, to about 2e-6.

    Raises:
        ValueError: the shapes differ.
        cvxpy.SolverError: the solver gives up.
    """
    if y.shape != p.shape:
        raise ValueError(f"shapes differ: {y.shape} and {p.shape}")
    labels = y.shape[-1]
    problem, z, unit_way, centre, half_ratio = _problem(labels)
    points = y.detach().double().cpu().numpy().reshape(-1, labels)
    projected = p.detach().double().cpu().numpy().reshape(-1, labels).copy()
    radii = torch.as_tensor(radius, dtype=torch.float64).cpu().expand(y.shape[:-1]).reshape(-1).numpy()
    distances = np.linalg.norm(points - projected, axis=1)
    for i in np.flatnonzero(radii * distances):  # elsewhere the answer is p
        unit_way.value, half_ratio.value = (points[i] - projected[i]) / distances[i], radii[i] / distances[i] / 2
        centre.value = projected[i] / radii[i]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Solution may be inaccurate", UserWarning)
            problem.solve(solver=cp.CLARABEL, tol_gap_abs=TOLERANCE, tol_gap_rel=TOLERANCE, tol_feas=TOLERANCE)
        x = projected[i] + radii[i] * z.value
        projected[i] = np.where(x > NOISE, x, 0)
    return torch.as_tensor(projected, dtype=y.dtype, device=y.device).reshape(y.shape)


def worst_case_by_sampling(
    log_q: Tensor, p: Tensor, *, epsilon: float, seed: int, samples: int = 1024, rounds: int = 8
) -> Tensor:
    """The largest KL(x || q) found over {simplex} and {L2 ball of radius epsilon around p}, without derivatives.

    KL is convex in x, so its maximum lies on the boundary. Random points of the boundary come first; then the 32
    best per item are moved at random, ever more finely.

    Args:
        log_q: natural log of the predicted distribution, finite, `[B, K]`.
        p: the centre, in the simplex, `[B, K]`.
        epsilon: L2 radius, positive.
        seed: of the sampling.
        samples: points per item and round.
        rounds: of refinement, each at half the spread of the one before.

    Returns:
        KL in nats, float64 `[B]`; a lower bound of the maximum.
    """
    generator = torch.Generator().manual_seed(seed)
    log_q, p = log_q.double()[:, None], p.double()[:, None]  # [B, 1, K]
    starts = p
    best = torch.full((len(p),), -torch.inf, dtype=torch.float64)
    for i in range(rounds + 1):
        noise = torch.randn(len(p), samples // starts.shape[1], *starts.shape[1:], generator=generator).double()
        # First any distance, from far inside the ball (small entries stay positive) to far out (faces of the simplex).
        spread = epsilon / 2**i if i else torch.logspace(-2, 1, noise.shape[1], dtype=torch.float64)[:, None, None]
        moved = project_to_simplex(starts[:, None] + spread * noise).flatten(1, 2)  # [B, samples, K]
        u = moved - p
        u = u / u.square().sum(-1, keepdim=True).sqrt().clamp_min(1e-300)
        edge = torch.where(u < 0, -p / u, torch.inf).amin(-1, keepdim=True)
        x = (p + edge.clamp_max(epsilon) * u).clamp_min(0)
        x = torch.cat([x, starts], dim=1)
        kl = (torch.xlogy(x, x) - x * log_q).sum(-1)
        best, order = torch.maximum(best, kl.amax(1)), kl.topk(32, dim=1).indices
        starts = x.gather(1, order[..., None].expand(-1, -1, x.shape[-1]))
    return best
