"""A judge model of a few hundred weights and its items: for what is about the loop and not about backbones."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from judgekit.core.distributions import empirical_distribution, hard_target
from judgekit.models.reader import Batch, Reading
from judgekit.training.batches import EncodedItems
from judgekit.training.loop import LoopSettings, ValidationItems
from judgekit.training.objectives.alignment import Alignment, TrainingItems
from judgekit.training.state import LoopState

WORDS = 11


class ToyJudge(nn.Module):
    """The mean of word vectors, a hidden layer with dropout, label logits; and a weight that nothing depends on.

    Args:
        dropout: of the hidden layer.
        most_tokens: tokens of one padded batch beyond which memory runs out.
    """

    device = torch.device("cpu")
    pad_left = False

    def __init__(self, *, dropout: float = 0.0, most_tokens: float = float("inf")) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(3)
            self.words = nn.Parameter(torch.randn(WORDS, 6))
            self.hidden = nn.Linear(6, 8)
            self.head = nn.Linear(8, 3)
            self.idle = nn.Parameter(torch.randn(4, 4))
        self.dropout = nn.Dropout(dropout)
        self.most_tokens = most_tokens
        self.sizes: list[int] = []
        """Items of every pass, in training mode."""
        self.readings = 0
        """Passes in evaluation mode."""

    def label_logits(self, batch: Batch) -> Tensor:
        """Logits; raises where the batch is too large."""
        if self.training:
            self.sizes.append(len(batch.input_ids))
        else:
            self.readings += 1
        if batch.input_ids.numel() > self.most_tokens:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")
        mask = batch.attention_mask.unsqueeze(-1).float()
        mean = (self.words[batch.input_ids] * mask).sum(1) / mask.sum(1)
        return self.head(self.dropout(torch.tanh(self.hidden(mean))))

    def read(self, batch: Batch) -> Reading:
        """The same, and as mass on the label set something that differs from item to item."""
        logits = self.label_logits(batch)
        return Reading(logits, logits.softmax(-1).amax(-1))

    def trainable(self) -> dict[str, nn.Parameter]:
        """All weights."""
        return dict(self.named_parameters())

    def set_training(self, training: bool) -> None:
        """Switch dropout on or off."""
        self.train(training)

    def save_adapter(self, folder: Any) -> None:
        """Not needed here."""


def toy_items(training: int = 22, validation: int = 9) -> tuple[Alignment, ValidationItems]:
    """Items of 1 to 9 words whose labels depend on their first word, and the loss of those to train on."""
    choose = np.random.default_rng(0)
    ids = [choose.integers(0, WORDS, choose.integers(1, 10)) for _ in range(training + validation)]
    counts = np.stack([np.eye(3, dtype=np.int64)[one[0] % 3] * 3 for one in ids])
    counts += choose.integers(0, 2, counts.shape)
    p, hard = empirical_distribution(counts), hard_target(counts)

    def encoded(some: list[Any]) -> EncodedItems:
        return EncodedItems(some, None, np.zeros(len(some), dtype=np.bool_), 0)

    target, to_ce = p[:training].astype(np.float32), hard[:training].astype(np.float32)
    items = TrainingItems(encoded(ids[:training]), target, to_ce, np.full(training, 0.25, dtype=np.float32))
    return Alignment(items, alpha=0.8, adversary="search"), ValidationItems(encoded(ids[training:]), p[training:])


def toy_settings(**changes: Any) -> LoopSettings:
    """Settings of 9 steps of 8 items, evaluated after every third."""
    values: dict[str, Any] = {
        "epochs": 3, "batch_size": 8, "micro_batch_size": 8, "learning_rate": 1e-2, "weight_decay": 0.01, "warmup": 0.1,
        "averaging": 0.9, "optimizer": "adamw", "evaluations": 3, "patience": 9, "keep": "best", "seed": 5,
    }  # fmt: skip
    return LoopSettings(**values | changes)


def copied(state: LoopState) -> LoopState:
    """A state as it comes back from a file."""
    tensors = {name: tensor.clone() for name, tensor in state.tensors.items()}
    return LoopState(**json.loads(json.dumps(state.progress())), readings=[*state.readings], tensors=tensors)


def assert_same(one: LoopState, other: LoopState) -> None:
    assert one.log == other.log
    assert (one.step, one.best_step, one.best_kl) == (other.step, other.best_step, other.best_kl)
    assert one.tensors.keys() == other.tensors.keys()
    for name, tensor in one.tensors.items():
        assert torch.equal(tensor, other.tensors[name]), name
