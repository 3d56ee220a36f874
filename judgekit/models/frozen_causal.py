"""What a causal LM knows before it is fine-tuned: its hidden states where the label would come next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from judgekit.models.reader import Batch, Reading

if TYPE_CHECKING:  # with it come transformers' model classes, and encoders do without
    from judgekit.models.causal import CausalJudge

DEPTHS = (0.5, 0.7, 1.0)
"""Where states are read, as shares of the layers; the last ones are those that the next token is chosen by."""


class FrozenCausal:
    """The hidden states of a causal LM at the judgment position, of some layers side by side, float32 `[B, L H]`.

    It is read as a judge is, with the states in the place of label logits.

    Args:
        judge: the model, with an adapter that is as it was made, which changes nothing yet, or a trained one.
        layers: how many layers each of the states has behind it, ascending.
        is_trained: whether the adapter is to be left out.
    """

    pad_left = True

    def __init__(self, judge: CausalJudge, layers: tuple[int, ...], *, is_trained: bool) -> None:
        self.judge, self.layers, self.is_trained = judge, layers, is_trained
        self.device = judge.device

    def read(self, batch: Batch) -> Reading:
        """The states."""
        if self.is_trained:
            from judgekit.models.lora import without_adapter  # with it come transformers' own layers

            with without_adapter(self.judge.backbone):
                states = self.judge.states(batch)
        else:
            states = self.judge.states(batch)
        return Reading(torch.cat([states[layer][:, -1].float() for layer in self.layers], dim=1), None)


def frozen_causal(judge: CausalJudge) -> FrozenCausal | None:
    """The states of an untrained causal LM at three depths; None of a family that does not give its hidden states."""
    last, _ = states_of(judge)
    if last == 0:
        return None
    return FrozenCausal(judge, tuple(sorted({max(1, round(last * depth)) for depth in DEPTHS})), is_trained=False)


def states_of(judge: CausalJudge) -> tuple[int, int]:
    """Layers behind which a causal LM gives hidden states, and how many numbers each state has; zeros for none."""
    word = judge.words[:1, :1]
    states: tuple[Tensor, ...] = judge.states(Batch(word, torch.ones_like(word), None))
    return (len(states) - 1, states[-1].shape[-1]) if len(states) > 1 else (0, 0)
