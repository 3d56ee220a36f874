"""What a config.json says of a BERT or RoBERTa; loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

# The second family counts positions from the padding's id on.
_FROM_PADDING = {"bert": False, "roberta": True, "xlm-roberta": True, "camembert": True}
ACTIVATIONS = ("gelu", "relu")
_SIZES = (
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
    "max_position_embeddings", "type_vocab_size", "pad_token_id",
)  # fmt: skip
WORDS, POSITIONS, TYPES = (f"embeddings.{name}_embeddings" for name in ("word", "position", "token_type"))


class BertShape(NamedTuple):
    """What a config says of a model of these families."""

    vocab_size: int
    hidden_size: int
    layers: int
    heads: int
    inner_size: int
    positions: int
    types: int
    pad_id: int
    epsilon: float
    activation: str
    counts_from_padding: bool

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> BertShape | None:
        """The shape that a config.json names; None where it says something that is not known here."""
        sizes: list[Any] = [config.get(name) for name in _SIZES]
        if (
            config.get("model_type") not in _FROM_PADDING
            or any(type(size) is not int for size in sizes)
            or "auto_map" in config
            or "quantization_config" in config
            or config.get("hidden_act") not in ACTIVATIONS
            or config.get("position_embedding_type", "absolute") != "absolute"
            or config.get("is_decoder")
            or config.get("add_cross_attention")
            or not isinstance(config.get("layer_norm_eps"), float)
            or config["hidden_size"] % config["num_attention_heads"]
        ):
            return None
        return cls._make([*sizes, config["layer_norm_eps"], config["hidden_act"], _FROM_PADDING[config["model_type"]]])

    def weights(self) -> dict[str, tuple[int, ...]]:
        """The shape of every weight, by its name in the families' checkpoints."""
        hidden = self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {
            f"{WORDS}.weight": (self.vocab_size, hidden),
            f"{POSITIONS}.weight": (self.positions, hidden),
            f"{TYPES}.weight": (self.types, hidden),
        }
        for name, (inputs, outputs) in self.linear_layers().items():
            shapes |= {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}
        norms = ["embeddings.LayerNorm"]
        for layer in range(self.layers):
            norms += [f"encoder.layer.{layer}.{name}.LayerNorm" for name in ("attention.output", "output")]
        return shapes | {f"{norm}.{part}": (hidden,) for norm in norms for part in ("weight", "bias")}

    def linear_layers(self) -> dict[str, tuple[int, int]]:
        """Inputs and outputs of every linear layer on the way to the hidden states, by its name."""
        hidden, inner = self.hidden_size, self.inner_size
        sizes = {
            "attention.self.query": (hidden, hidden),
            "attention.self.key": (hidden, hidden),
            "attention.self.value": (hidden, hidden),
            "attention.output.dense": (hidden, hidden),
            "intermediate.dense": (hidden, inner),
            "output.dense": (inner, hidden),
        }
        return {f"encoder.layer.{n}.{name}": size for n in range(self.layers) for name, size in sizes.items()}
