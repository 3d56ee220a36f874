"""The losses a judge is trained with, per item, with their parts."""

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from judgekit.core.perturbation import Project, worst_case_target
from judgekit.core.projection import project_to_ball_and_simplex


class JudgeLoss(NamedTuple):
    """The loss and its parts, per item `[B]`, in nats; all carry gradients."""

    total: Tensor
    kl_adversarial: Tensor
    kl: Tensor
    cross_entropy: Tensor


def kl_divergence(log_q: Tensor, p: Tensor) -> Tensor:
    """KL(p || q) per item, in nats.

    Args:
        log_q: natural log of the predicted distribution, float `[..., K]`.
        p: target distribution, `[..., K]`, rows sum to 1; zeros allowed (0 log 0 = 0).

    Returns:
        `[...]`, non-negative up to rounding; `inf` where q is 0 and p is not.

    Raises:
        ValueError: the shapes differ.
    """
    return cross_entropy(log_q, p) + torch.xlogy(p, p).sum(-1)


def cross_entropy(log_q: Tensor, target: Tensor) -> Tensor:
    """-sum target log q per item, in nats.

    Args:
        log_q: natural log of the predicted distribution, float `[..., K]`.
        target: a distribution, `[..., K]`; a hard label is a one-hot or tied row.

    Returns:
        `[...]`; `inf` where q is 0 and the target is not.

    Raises:
        ValueError: the shapes differ.
    """
    if log_q.shape != target.shape:
        raise ValueError(f"shapes differ: {log_q.shape} and {target.shape}")
    # The mask is for log q = -inf, where 0 * -inf would be nan.
    return -torch.where(target > 0, target * log_q, 0).sum(-1)


def judge_loss(
    logits: Tensor,
    p: Tensor,
    hard: Tensor,
    *,
    alpha: float,
    epsilon: float | Tensor,
    adversary: Literal["search", "paper", "off"] = "search",
    project: Project = project_to_ball_and_simplex,
) -> JudgeLoss:
    """The mixed loss alpha KL(p' || q) + (1 - alpha) CE(hard, q) per item, p' the worst target within epsilon of p.

    Args:
        logits: label logits, `[B, K]`; computed in float32 at least.
        p: targets, `[B, K]`, rows sum to 1.
        hard: hard labels as distributions, `[B, K]`.
        alpha: share of the KL term, in `[0, 1]`.
        epsilon: L2 radius of the perturbation, not negative: a number, or one per item `[B]`.
        adversary: how p' is sought (`worst_case_target`); "off" takes p itself.
        project: projection used by the "paper" adversary.

    Returns:
        The total and its parts; `kl_adversarial` is `kl` where the adversary has no effect on the total or is off.

    Raises:
        ValueError: alpha out of range, a negative epsilon, or shapes that differ.

    Source: arXiv 2505.12301, with the adversary of docs/method.md, "The loss".
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must be in [0, 1], not {alpha}")
    dtype = torch.promote_types(logits.dtype, torch.float32)
    log_q, p, hard = logits.to(dtype).log_softmax(-1), p.to(dtype), hard.to(dtype)
    kl = kl_adversarial = kl_divergence(log_q, p)
    if adversary != "off" and alpha > 0 and (isinstance(epsilon, Tensor) or epsilon != 0):
        worst = worst_case_target(log_q, p, epsilon=epsilon, method=adversary, project=project)
        kl_adversarial = kl_divergence(log_q, worst)
    ce = cross_entropy(log_q, hard)
    return JudgeLoss(alpha * kl_adversarial + (1 - alpha) * ce, kl_adversarial, kl, ce)
