"""The adversary: the target near p that the judge predicts worst.

KL(x || q) is convex in x, so its maximum over {simplex} and {ball around p} lies at extreme points, and climbing
from p, as the paper does, can stay where it started: on one-hot p it always does. The default looks instead at
the extreme points that matter (mass moved between two labels, and along the lines through the vertices), then
climbs from the best of them by exact linear maximisation, each step of which can only raise a convex function.
"""

from typing import Literal, Protocol

import torch
from torch import Tensor

from judgekit.core.projection import maximise_linear, project_to_ball_and_simplex

SMALLEST_LOG_Q = -1e30
"""Bound on log q, which keeps products finite where q is 0, in float32 too."""


class Project(Protocol):
    """A projection onto {simplex} and {L2 ball}, such as `project_to_ball_and_simplex`."""

    def __call__(self, y: Tensor, p: Tensor, *, radius: float | Tensor) -> Tensor:
        """The point of the set nearest to `y`."""
        ...


def worst_case_target(
    log_q: Tensor,
    p: Tensor,
    *,
    epsilon: float | Tensor,
    method: Literal["search", "paper"] = "search",
    steps: int = 5,
    step_size: float = 0.05,
    floor: float = 1e-12,
    refinements: int = 1,
    project: Project = project_to_ball_and_simplex,
) -> Tensor:
    """The distribution within L2 distance epsilon of p with the largest KL to q that the method finds.

    Args:
        log_q: natural log of the predicted distribution, float32 or float64 `[B, K]`; held constant.
        p: the centre, `[B, K]`, rows sum to 1; zeros allowed.
        epsilon: L2 radius, not negative: a number, or one per item `[B]` (a tensor's sign is not checked).
        method: "search", or "paper" for the published projected ascent along log(x / q) + 1.
        steps: of the ascent ("paper").
        step_size: of the ascent ("paper").
        floor: least x inside a logarithm; without it the gradient is minus infinity on empty labels.
        refinements: linear maximisations after the search ("search").
        project: the projection of the ascent ("paper").

    Returns:
        `[B, K]` of the dtype of `log_q`, without gradient; never a smaller KL than p, which is among the candidates.

    Raises:
        ValueError: the shapes differ, or epsilon is a negative number.

    Source: arXiv 2505.12301 for "paper"; docs/method.md, "The worst-case target", for "search".
    """
    if log_q.shape != p.shape or p.ndim != 2:
        raise ValueError(f"log_q {log_q.shape} and p {p.shape} must be one [B, K]")
    if isinstance(epsilon, float | int) and epsilon < 0:
        raise ValueError(f"epsilon must not be negative, not {epsilon}")
    with torch.no_grad():
        log_q, p = log_q.clamp_min(SMALLEST_LOG_Q), p.to(log_q.dtype)
        radius = torch.as_tensor(epsilon, dtype=p.dtype, device=p.device).expand(len(p))

        def gradient(x: Tensor) -> Tensor:
            return x.clamp_min(floor).log() - log_q + 1

        candidates = [p]
        if method == "paper":
            for _ in range(steps):
                candidates.append(project(candidates[-1] + step_size * gradient(candidates[-1]), p, radius=radius))
        else:
            candidates += [_best_transfer(log_q, p, radius), _best_line(log_q, p, radius)]
            x = _worst(log_q, candidates)
            for _ in range(refinements):
                x = maximise_linear(gradient(x), p, radius=radius)
                candidates.append(x)
        return _worst(log_q, candidates)


def _worst(log_q: Tensor, candidates: list[Tensor]) -> Tensor:
    """The candidate with the largest KL per item; the first of several."""
    x = torch.stack(candidates, dim=1)  # [B, candidates, K]
    kl = torch.xlogy(x, x).sum(-1) - (x * log_q.unsqueeze(1)).sum(-1)
    return x[torch.arange(len(x), device=x.device), kl.argmax(1)]


def _best_transfer(log_q: Tensor, p: Tensor, radius: Tensor) -> Tensor:
    """The best of moving mass from one label to another, as far as the ball or the giver allows."""
    amount = torch.minimum(radius.unsqueeze(1) / 2**0.5, p)  # [B, K]: what each label can give

    def terms(x: Tensor, log_q: Tensor) -> Tensor:
        return torch.xlogy(x, x) - x * log_q

    # Two entries change, so the gains of all pairs are one table [B, taker, giver] and no candidate is built.
    before = terms(p, log_q)
    giving = terms(p - amount, log_q) - before
    taking = terms(p.unsqueeze(2) + amount.unsqueeze(1), log_q.unsqueeze(2)) - before.unsqueeze(2)
    gains = taking + giving.unsqueeze(1)
    gains.diagonal(dim1=1, dim2=2).zero_()  # to itself: p
    best = gains.flatten(1).argmax(1)
    taker, giver = best // p.shape[1], best % p.shape[1]
    rows = torch.arange(len(p), device=p.device)
    x = p.clone()
    x[rows, giver] -= amount[rows, giver]
    x[rows, taker] += amount[rows, giver]
    return x


def _best_line(log_q: Tensor, p: Tensor, radius: Tensor) -> Tensor:
    """The best of moving straight towards a vertex or away from it, up to the ball or the edge of the simplex."""
    lines = torch.eye(p.shape[1], dtype=p.dtype, device=p.device) - p.unsqueeze(1)  # [B, vertex, K]
    tiny = torch.finfo(p.dtype).tiny
    reach = radius.unsqueeze(1) / lines.square().sum(-1).sqrt().clamp_min(tiny)  # [B, vertex]
    away = torch.minimum(reach, p / (1 - p).clamp_min(tiny))
    share = torch.cat([reach.clamp_max(1), -away], dim=1)
    x = (p.unsqueeze(1) + share.unsqueeze(-1) * lines.repeat(1, 2, 1)).clamp_min(0)  # [B, 2 vertices, K]
    return _worst(log_q, list(x.unbind(1)))
