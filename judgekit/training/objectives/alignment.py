"""The hybrid adversarial loss of arXiv 2505.12301: align a judge with people's distributions and majority labels."""

from __future__ import annotations

from functools import partial
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from judgekit.core.losses import JudgeLoss, judge_loss
from judgekit.core.perturbation import Project
from judgekit.core.projection import project_to_ball_and_simplex
from judgekit.models.reader import TrainableJudge
from judgekit.training.batches import EncodedItems, collate


class TrainingItems(NamedTuple):
    """N items to train on."""

    encoded: EncodedItems
    target: NDArray[np.float32]
    """What KL aligns to, `[N, K]`."""
    hard: NDArray[np.float32]
    """What CE aligns to: the label with the most annotations, shared in a tie, `[N, K]`."""
    radius: NDArray[np.float32]
    """L2 distance up to which KL's target is perturbed, `[N]`."""


class Alignment:
    """alpha KL + (1 - alpha) CE of the items' labels, KL against the worst targets within each one's radius.

    Args:
        items: what is trained on.
        alpha: share of the KL term.
        adversary: how the worst target is sought.
        project: projection used by the `paper` adversary.
    """

    parts = JudgeLoss._fields

    def __init__(
        self,
        items: TrainingItems,
        *,
        alpha: float,
        adversary: Literal["search", "paper", "off"],
        project: Project = project_to_ball_and_simplex,
    ) -> None:
        self.items = items
        self.lengths = items.encoded.lengths
        self._loss = partial(judge_loss, alpha=alpha, adversary=adversary, project=project)

    def losses(self, model: TrainableJudge, rows: NDArray[np.int64]) -> JudgeLoss:
        """The loss of some items and its parts, `[B]` each, in nats."""
        batch = collate(self.items.encoded, rows, pad_left=model.pad_left).to(model.device)
        target, hard, radius = (torch.from_numpy(part[rows]).to(model.device) for part in self.items[1:])
        return self._loss(model.label_logits(batch), target, hard, epsilon=radius)
