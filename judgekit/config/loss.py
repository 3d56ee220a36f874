"""What a judge is trained towards: the hybrid adversarial loss of arXiv 2505.12301 and its targets."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.choices import Adversary, Projection, Radius, Targets
from judgekit.config.settings import Settings, setting

_MORE = "Further settings (loss)"


@dataclass(frozen=True, kw_only=True)
class LossSettings(Settings):
    """Settings of the loss."""

    alpha: float = setting(0.8, "Weight of the KL term: loss = alpha KL + (1 - alpha) CE.", ge=0, le=1)
    epsilon: float = setting(0.25, "L2 distance up to which the target is perturbed.", ge=0, le=1.4143)
    radius: Radius = setting(
        "fixed",
        "Perturb every target up to epsilon (fixed), or up to epsilon times the spread that its annotations leave open "
        "(posterior; with bayes targets).",
        panel=_MORE,
    )
    adversary: Adversary = setting(
        "search",
        "Find the worst-case target by a search or by the paper's gradient ascent, or perturb nothing (off).",
        panel=_MORE,
    )
    projection: Projection = setting(
        "exact", "Project the paper's ascent exactly, or with cvxpy to check it.", panel=_MORE
    )
    targets: Targets = setting(
        "empirical",
        "Train towards the shares of the annotations (empirical), or shrink them to the label shares where an item "
        "has few annotations (bayes).",
        panel=_MORE,
    )
    annotator_weights: bool = setting(
        False, "Let annotations of less reliable annotators count less in training.", panel=_MORE
    )
    swap: bool = setting(False, "Train on both orders of a pairwise comparison, with mirrored targets.")
