"""BERT and RoBERTa for reading alone: the families' forward pass without the library that trains them.

Importing transformers' model classes takes longer than torch itself and the scoring of a thousand short items. What is
not known here in every detail (another family, activation or kind of position, weights under other names) is left to
transformers. Tests hold it to transformers' numbers, bit for bit in float32 on a CPU.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.nn.functional import embedding, gelu, layer_norm, relu, scaled_dot_product_attention

from judgekit.models.bert_shape import POSITIONS, TYPES, WORDS, BertShape
from judgekit.models.linear import Linear, PackedLinear, PlainLinear, can_pack

FUSED_FROM = 64
"""Tokens from which on the fused attention is faster on a CPU. Of 32 texts of 30 tokens it took 2.6 ms, the plain
one 3.7, and 1.4 with a float32 softmax: that of bfloat16 reads rows which no vector fits one number at a time. Of 110
tokens: 12.5, 16.4 and 29.7 ms."""
_ACTIVATIONS = {"gelu": gelu, "relu": relu}
_PREFIXES = ("", "bert.", "roberta.")
# Parts of a checkpoint that no hidden state depends on.
_BESIDE = ("pooler.", "cls.", "lm_head.", "classifier.", "embeddings.position_ids")


def read_bert_weights(path: Path, shape: BertShape) -> dict[str, Tensor] | None:
    """The weights in a safetensors file, in float32; None where they are others than such a model has."""
    wanted = shape.weights()
    try:
        with safe_open(path, "pt") as file:
            names = set(file.keys())
            prefix = next((one for one in _PREFIXES if f"{one}{WORDS}.weight" in names), "")
            surplus = {name.removeprefix(prefix) for name in names} - wanted.keys()
            is_fit = all(name.startswith(_BESIDE) for name in surplus) and all(
                f"{prefix}{name}" in names and tuple(file.get_slice(f"{prefix}{name}").get_shape()) == size
                for name, size in wanted.items()
            )
            return {name: file.get_tensor(f"{prefix}{name}").float() for name in wanted} if is_fit else None
    except SafetensorError:
        return None


class Hidden(NamedTuple):
    """What a forward pass gives."""

    last_hidden_state: Tensor
    """`[B, T, H]`."""
    hidden_states: tuple[Tensor, ...]
    """Where they are asked for: of the embeddings, then behind each layer."""


Pair = tuple[Tensor, Tensor]
"""Weight and bias."""


class _Layer(NamedTuple):
    query: Linear
    key: Linear
    value: Linear
    mixed: Linear
    inner: Linear
    outer: Linear
    first_norm: Pair
    second_norm: Pair


_PRODUCTS = (
    "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
    "intermediate.dense", "output.dense",
)  # fmt: skip
_NORMS = ("attention.output.LayerNorm", "output.LayerNorm")


class Bert(nn.Module):
    """The hidden states of a BERT or RoBERTa, in evaluation mode.

    Args:
        shape: of the model.
        weights: by name, in one number format and on one device; they stay so.
    """

    def __init__(self, shape: BertShape, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.config = shape
        own = {name: nn.Parameter(weight, requires_grad=False) for name, weight in weights.items()}
        self.weights = nn.ParameterList(own.values())

        def pair(name: str) -> Pair:
            return own[f"{name}.weight"], own[f"{name}.bias"]

        self.words, self.kinds, self.places = (own[f"{name}.weight"] for name in (WORDS, TYPES, POSITIONS))
        self.norm = pair("embeddings.LayerNorm")
        product = PackedLinear if can_pack(self.words.device, self.words.dtype) else PlainLinear

        def layer(name: str) -> _Layer:
            query, key, value, mixed, inner, outer = (product(*pair(f"{name}.{part}")) for part in _PRODUCTS)
            first_norm, second_norm = (pair(f"{name}.{part}") for part in _NORMS)
            return _Layer(query, key, value, mixed, inner, outer, first_norm, second_norm)

        self.layers = [layer(f"encoder.layer.{n}") for n in range(shape.layers)]

    def forward(
        self,
        *,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor | None = None,
        output_hidden_states: bool = False,
    ) -> Hidden:
        """Hidden states of a batch, as transformers' model of the family gives them."""
        kinds = torch.zeros_like(input_ids[:1]) if token_type_ids is None else token_type_ids
        hidden = embedding(input_ids, self.words) + embedding(kinds, self.kinds)  # [B, T, H]
        hidden = self._normed(hidden + embedding(self._positions(input_ids), self.places), self.norm)
        mask, activation = None, _ACTIVATIONS[self.config.activation]
        if not attention_mask.all():
            mask = torch.zeros(attention_mask.shape, dtype=hidden.dtype, device=hidden.device)
            mask = mask.masked_fill_(attention_mask == 0, torch.finfo(hidden.dtype).min)[:, None, None]  # [B, 1, 1, T]
        states = [hidden]
        for layer in self.layers:
            hidden = self._normed(layer.mixed.plus(self._attention(hidden, mask, layer), hidden), layer.first_norm)
            inner = layer.inner.activated(hidden, activation)
            hidden = self._normed(layer.outer.plus(inner, hidden), layer.second_norm)
            if output_hidden_states:
                states.append(hidden)
        return Hidden(hidden, tuple(states) if output_hidden_states else ())

    def _positions(self, input_ids: Tensor) -> Tensor:
        if not self.config.counts_from_padding:
            return torch.arange(input_ids.shape[1], device=input_ids.device).unsqueeze(0)
        is_text = (input_ids != self.config.pad_id).int()
        return (is_text.cumsum(1) * is_text).long() + self.config.pad_id

    def _attention(self, hidden: Tensor, mask: Tensor | None, layer: _Layer) -> Tensor:
        parted = (*hidden.shape[:2], self.config.heads, -1)
        scale = (self.config.hidden_size // self.config.heads) ** -0.5
        query, key, value = (
            product(hidden).view(parted).transpose(1, 2) for product in (layer.query, layer.key, layer.value)
        )
        if hidden.device.type == "cpu" and hidden.shape[1] < FUSED_FROM:
            scores = torch.matmul(query, key.transpose(2, 3)).float().mul_(scale)  # [B, heads, T, T]
            mixed = (scores if mask is None else scores.add_(mask)).softmax(-1).to(value.dtype) @ value
        else:
            mixed = scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return mixed.transpose(1, 2).reshape(hidden.shape)

    def _normed(self, hidden: Tensor, norm: Pair) -> Tensor:
        return layer_norm(hidden, norm[0].shape, *norm, self.config.epsilon)
