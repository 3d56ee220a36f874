"""What a judge is trained towards: the hybrid adversarial loss of arXiv 2505.12301 and its targets."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.choices import Adversary, Projection, Targets
from judgekit.config.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class LossSettings(Settings):
    """Settings of the loss."""

    alpha: float = setting(0.8, "Loss = alpha KL + (1 - alpha) CE.", ge=0, le=1, panel="Loss")
    epsilon: float = setting(0.25, "L2 radius within which the target may be perturbed.", ge=0, le=1.4143, panel="Loss")
    adversary: Adversary = setting(
        Adversary.search, "Worst-case target: search, the paper's ascent, or off.", panel="Loss"
    )
    projection: Projection = setting(
        Projection.exact, "Projection of the paper's ascent: exact, or the cvxpy oracle.", panel="Loss"
    )
    targets: Targets = setting(Targets.empirical, "Vote shares, or shares shrunk by the number of votes.", panel="Loss")
    annotator_weights: bool = setting(
        False, "Let the votes of less reliable annotators count less in training.", panel="Loss"
    )
    swap: bool = setting(False, "Train on both orders of a pairwise comparison, with mirrored targets.", panel="Loss")
