"""Exact Euclidean projections onto the simplex and onto its intersection with a ball, batched, on any device.

Both set problems share one walk. For p in the simplex, the points x(t) = Proj_simplex(p + t d) form a path along
which the distance to p grows, and KKT conditions put both answers on it: the projection of y is the last x(t) in
the ball with d = y - p and t <= 1, the maximiser of <c, x> the last x(t) in the ball with d = c. The path is
piecewise straight, and an entry that reached 0 never returns (its distance to the threshold is concave in t), so
following it takes at most K - 1 straight pieces, each solved in closed form: no bisection, no tolerance.
"""

import torch
from torch import Tensor


def project_to_simplex(y: Tensor) -> Tensor:
    """The nearest point of the probability simplex.

    Args:
        y: float `[..., K]`.

    Returns:
        The same shape and dtype; non-negative, rows sum to 1.

    Source: Duchi et al. 2008, Efficient projections onto the l1-ball, figure 1.
    """
    descending = y.sort(dim=-1, descending=True).values
    ranks = torch.arange(1, y.shape[-1] + 1, dtype=y.dtype, device=y.device)
    thresholds = (descending.cumsum(-1) - 1) / ranks  # [..., K]: the threshold if the first k entries stay
    support = (descending > thresholds).sum(-1, keepdim=True)
    return (y - thresholds.gather(-1, support - 1)).clamp_min(0)


def project_to_ball_and_simplex(y: Tensor, p: Tensor, *, radius: float | Tensor) -> Tensor:
    """The nearest point of {simplex} and {L2 ball of `radius` around p}, taken together.

    Args:
        y: the point to project, float32 or float64 `[..., K]`.
        p: the centre, in the simplex, `[..., K]`, same dtype.
        radius: L2 radius, not negative: a number, or one per item `[...]` (a tensor's sign is not checked).

    Returns:
        The same shape and dtype, to rounding: rows sum to 1, non-negative, within `radius` of p.

    Raises:
        ValueError: the shapes or dtypes differ, or the radius is a negative number.

    Source: docs/method.md, "The projection"; `reference.py` states the same problem in CVXPY.
    """
    _check(y, p, radius)
    return _walk(y - p, p, radius=radius, duration=1.0)


def maximise_linear(c: Tensor, p: Tensor, *, radius: float | Tensor) -> Tensor:
    """The point of {simplex} and {L2 ball of `radius` around p} with the largest <c, x>.

    Args:
        c: finite coefficients, float32 or float64 `[..., K]`.
        p: the centre, in the simplex, `[..., K]`, same dtype.
        radius: as in `project_to_ball_and_simplex`.

    Returns:
        The same shape and dtype; p itself where all of `c` is equal.

    Raises:
        ValueError: as in `project_to_ball_and_simplex`.
    """
    _check(c, p, radius)
    return _walk(c, p, radius=radius, duration=None)


def _check(y: Tensor, p: Tensor, radius: float | Tensor) -> None:
    if y.shape != p.shape or y.dtype != p.dtype:
        raise ValueError(f"shapes and dtypes differ: {y.shape} {y.dtype} and {p.shape} {p.dtype}")
    if isinstance(radius, float | int) and radius < 0:
        raise ValueError(f"the radius must not be negative, not {radius}")


def _walk(d: Tensor, p: Tensor, *, radius: float | Tensor, duration: float | None) -> Tensor:
    """The last point Proj_simplex(p + t d) with t at most `duration` and a distance to p of at most `radius`."""
    labels, limits = p.shape[-1], torch.finfo(p.dtype)
    radius_squared = torch.as_tensor(radius, dtype=p.dtype, device=p.device).square().unsqueeze(-1)
    scale = d.abs().amax(-1, keepdim=True).clamp_min(limits.tiny)
    d = d / scale
    # Without a duration, long enough for every speed that is more than rounding to cross the simplex.
    remaining = torch.full_like(scale, 1 / limits.eps) if duration is None else duration * scale
    zero, never = p.new_zeros(()), p.new_full((), torch.inf)
    x, active = p, torch.ones_like(p)
    for _ in range(labels - 1):  # every piece but the last one ends with an entry at 0, and one alone cannot move
        size = active.sum(-1, keepdim=True)
        v = active * (d - (active * d).sum(-1, keepdim=True) / size)
        # Again: the speeds then sum to 0 for their own size, not only for that of d.
        v = active * (v - v.sum(-1, keepdim=True) / size)
        exits = torch.where(v < zero, -x / v, never)  # [..., K]: time until each entry is 0
        moved = x - p
        slack = (radius_squared - (moved * moved).sum(-1, keepdim=True)).clamp_min(0)
        along = (moved * v).sum(-1, keepdim=True).clamp_min(0)  # never below 0 but for rounding
        speed_squared = (v * v).sum(-1, keepdim=True)
        leaves = slack / (along + (along * along + speed_squared * slack).sqrt()).clamp_min(limits.tiny)
        step = torch.minimum(torch.minimum(leaves, remaining), exits.amin(-1, keepdim=True))
        active = active * (exits > step)
        x = active * torch.addcmul(x, step, v)
        remaining = remaining - step
    return x
