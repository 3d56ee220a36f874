"""An encoder with a label head: the mean of the hidden states, then one linear layer to K label logits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from judgekit.models.adapter import save_lora, unique_parameters
from judgekit.models.reader import Batch, Reading
from judgekit.models.saved_adapter import HEAD_FILE, read_head

HEAD_STD = 0.02


class EncoderJudge(nn.Module):
    """An encoder backbone with LoRA adapters and a fresh label head.

    Args:
        backbone: a PEFT model, or one with its adapter merged in, whose forward gives `last_hidden_state` `[B, T, H]`.
        label_bias: initial logits of the head, float `[K]`. With the log of the class prior an untrained judge predicts
            the class prior, so that training starts at the baseline instead of far above it.
        dtype: number format of the matrix products.
    """

    pad_left = False

    def __init__(self, backbone: Any, label_bias: Tensor, *, dtype: torch.dtype) -> None:
        super().__init__()
        self.backbone = backbone
        self.dtype = dtype
        self.device = next(backbone.parameters()).device
        # Weights that are all of one format multiply without autocast's conversions.
        self.is_mixed = any(weight.dtype != dtype for weight in backbone.parameters())
        self.head = nn.Linear(backbone.config.hidden_size, len(label_bias))
        nn.init.normal_(self.head.weight, std=HEAD_STD)
        with torch.no_grad():
            self.head.bias.copy_(label_bias)
        self.head.to(self.device)

    def label_logits(self, batch: Batch) -> Tensor:
        """Label logits, float32 `[B, K]`."""
        with torch.autocast(self.device.type, dtype=self.dtype, enabled=self.is_mixed):
            hidden = _hidden(self.backbone, batch)
        return self.head(_mean(hidden, batch))  # [B, K]

    def read(self, batch: Batch) -> Reading:
        """Label logits; a label head has no mass elsewhere to speak of."""
        return Reading(self.label_logits(batch), None)

    def trainable(self) -> dict[str, nn.Parameter]:
        """Adapter and head."""
        return unique_parameters(self)

    def set_training(self, training: bool) -> None:
        """Switch dropout on or off."""
        self.train(training)

    def save_adapter(self, folder: Path) -> None:
        """Write adapter and head into a folder, as safetensors."""
        save_lora(self.backbone, folder)
        head = {name: tensor.detach().cpu().contiguous() for name, tensor in self.head.state_dict().items()}
        save_file(head, folder / HEAD_FILE)

    def load_head(self, folder: Path) -> None:
        """Read the head that `save_adapter` wrote."""
        self.head.load_state_dict(read_head(folder))


class FrozenEncoder:
    """An encoder as it was pretrained, for what it knows already: means of its hidden states, float32 `[B, L H]`.

    It is read as a judge is, with the states in the place of label logits.

    Args:
        backbone: the model alone, or with a LoRA adapter that is as it was made, which changes nothing yet.
        layers: behind which of its layers the states are taken, ascending; none for the last hidden state alone.
        dtype: number format of the matrix products.
    """

    pad_left = False

    def __init__(self, backbone: Any, layers: tuple[int, ...], *, dtype: torch.dtype) -> None:
        self.backbone = backbone
        self.layers = layers
        self.dtype = dtype
        self.device = next(backbone.parameters()).device

    def read(self, batch: Batch) -> Reading:
        """The means of the hidden states."""
        with torch.autocast(self.device.type, dtype=self.dtype, enabled=self.dtype != torch.float32):
            states = _states(self.backbone, batch) if self.layers else [_hidden(self.backbone, batch)]
        return Reading(torch.cat([_mean(states[layer], batch) for layer in self.layers or (0,)], dim=1), None)


def middle_and_last(backbone: Any, dtype: torch.dtype) -> tuple[int, ...]:
    """The layer in the middle of an encoder and the last one; none of a family that does not give such states."""
    last = depth_of(backbone, dtype)
    return (last // 2, last) if last > 1 else ()


@torch.no_grad()
def depth_of(backbone: Any, dtype: torch.dtype) -> int:
    """Behind how many layers an encoder gives hidden states like its last one; 0 where it gives none."""
    word = torch.ones((1, 4), dtype=torch.int64, device=next(backbone.parameters()).device)
    with torch.autocast(word.device.type, dtype=dtype, enabled=dtype != torch.float32):
        states = _states(backbone, Batch(word, torch.ones_like(word), None))
    return len(states) - 1 if all(one.shape == states[-1].shape for one in states[1:]) else 0


def _states(backbone: Any, batch: Batch) -> list[Tensor]:
    """Hidden states of the embeddings and behind each layer; behind the last one as the family normalises them."""
    found = _forward(backbone, batch, output_hidden_states=True)
    return [*(getattr(found, "hidden_states", None) or ())[:-1], found.last_hidden_state]


def _hidden(backbone: Any, batch: Batch) -> Tensor:
    return _forward(backbone, batch).last_hidden_state


def _forward(backbone: Any, batch: Batch, **options: bool) -> Any:
    extra = {} if batch.token_type_ids is None else {"token_type_ids": batch.token_type_ids}
    return backbone(input_ids=batch.input_ids, attention_mask=batch.attention_mask, **extra, **options)


def _mean(hidden: Tensor, batch: Batch) -> Tensor:
    mask = batch.attention_mask.unsqueeze(-1).to(torch.float32)  # [B, T, 1]
    return (hidden.float() * mask).sum(1) / mask.sum(1)  # [B, H]
