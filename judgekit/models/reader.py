"""What a judge's distributions are read from: a batch in, label logits out, whatever computes them.

Scoring and evaluation know a `LabelReader` alone, which an engine without gradients can implement as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class Batch(NamedTuple):
    """B tokenised items, padded to the longest of them.

    Encoders are padded on the right, causal LMs on the left, so that the judgment position is the last one.
    """

    input_ids: Tensor
    """Token ids, int64 `[B, T]`."""
    attention_mask: Tensor
    """1 where there is a token, 0 where there is padding, int64 `[B, T]`."""
    token_type_ids: Tensor | None
    """0 in the first, 1 in the second segment, int64 `[B, T]`; None for backbones without segments."""

    def to(self, device: torch.device) -> Batch:
        """The same batch on another device."""
        types = None if self.token_type_ids is None else self.token_type_ids.to(device)
        return Batch(self.input_ids.to(device), self.attention_mask.to(device), types)


class Reading(NamedTuple):
    """What a model says of B items."""

    logits: Tensor
    """Label logits, float32 `[B, K]`."""
    label_mass: Tensor | None
    """Probability that the LM gives to the label set before it is renormalised, float32 `[B]`; None for encoders."""
    is_parsed: Tensor | None = None
    """Whether the answer that the model wrote could be read, bool `[B]`; None where it writes none."""
    texts: tuple[tuple[str, ...], ...] | None = None
    """What the model wrote of each item, `[B][S]`; None where it writes nothing."""


class LabelReader(Protocol):
    """Whatever reads one logit per label from a batch, without dropout and without gradients being asked for."""

    device: torch.device
    """Where it wants its batches."""
    pad_left: bool
    """Whether batches are padded on the left."""

    def read(self, batch: Batch) -> Reading:
        """Label logits, and how much of its probability the model gives to the label set at all."""
        ...


@runtime_checkable
class WritingReader(LabelReader, Protocol):
    """A reader whose model writes before it is read: it is fastest in larger batches than one that only reads."""

    tokens_per_batch: int
    """Tokens of the prompts of a batch, at most."""


@runtime_checkable
class ArguingReader(LabelReader, Protocol):
    """A reader of judgments that come to a verdict, which can be had for a given one."""

    @property
    def parse(self) -> Callable[[str], int | None]:
        """Text -> place of the label of its verdict; None where it has none."""
        ...

    def argue(self, prompts: Sequence[NDArray[np.int64]], place: int) -> list[str | None]:
        """A judgment behind each prompt that comes to one label, as the prompt asks for; None where none does."""
        ...


class TrainableJudge(LabelReader, Protocol):
    """A backbone with an adapter: a reader that training can change."""

    def label_logits(self, batch: Batch) -> Tensor:
        """Label logits, float32 `[B, K]`, with their gradients; softmax over the last axis gives the distribution q."""
        ...

    def trainable(self) -> dict[str, nn.Parameter]:
        """The parameters that training changes, by a name that is stable across processes."""
        ...

    def set_training(self, training: bool) -> None:
        """Switch dropout on or off."""
        ...

    def save_adapter(self, folder: Path) -> None:
        """Write the trainable parameters into a folder, as safetensors."""
        ...
