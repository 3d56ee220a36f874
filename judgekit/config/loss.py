"""What a judge is trained towards: the hybrid adversarial loss of arXiv 2505.12301 and its targets."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.choices import Adversary, Projection, Radius, Targets
from judgekit.config.settings import Settings, setting

_MORE = "Further settings (loss)"


@dataclass(frozen=True, kw_only=True)
class LossSettings(Settings):
    """Settings of the loss."""

    alpha: float = setting(1.0, "Weight of the KL term: loss = alpha KL + (1 - alpha) CE.", ge=0, le=1)
    epsilon: float = setting(
        1.0, "How far the target is perturbed, as --radius says: in spreads, or as an L2 distance.", ge=0, le=10
    )
    radius: Radius = setting(
        "posterior",
        "Perturb a target up to epsilon times the spread that its annotations leave open (posterior), or every one up "
        "to epsilon (fixed).",
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
        "bayes",
        "Shrink the shares of an item's annotations to the label shares, the more the fewer they are (bayes), or train "
        "towards them as they are (empirical).",
        panel=_MORE,
    )
    annotator_weights: bool = setting(
        False, "Let annotations of less reliable annotators count less in training.", panel=_MORE
    )
    swap: bool = setting(False, "Train on both orders of a pairwise comparison, with mirrored targets.")
