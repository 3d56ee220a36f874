"""The LM head of a causal LM, asked for a few rows of its vocabulary, and for the log-normaliser over all of it.

Everything a family does between the last hidden state and its logits is done here once more, in float32: bias, LoRA on
the head, scaling, soft caps. That nothing is forgotten is what `CausalJudge.check` finds out on the model itself.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from judgekit.errors import BackboneError
from judgekit.models.lora import AdaptedLinear

# Elements of a block of the vocabulary, of its weights and of its logits: 64 MiB in float32.
BLOCK_ELEMENTS = 2**24


class LmHead:
    """How a language model turns hidden states into logits.

    Args:
        language_model: a `…ForCausalLM`, with LoRA on its head or not; embeddings tied to the head are read from it.

    Raises:
        BackboneError: the head's weights are quantised, so that single rows cannot be read.
    """

    def __init__(self, language_model: Any) -> None:
        self.layer: Any = language_model.get_output_embeddings()
        config = language_model.config.get_text_config()
        weight = getattr(self.layer, "weight", None)
        if not isinstance(weight, Tensor) or not weight.is_floating_point() or weight.ndim != 2:
            raise BackboneError(
                f"The LM head of this {type(language_model).__name__} is not a plain matrix, as in a quantised model; "
                "judgekit reads single rows of it.",
                hint="Choose the model as it was before quantisation, with --load-in-4bit if memory is short.",
            )
        self.scale = getattr(config, "logit_scale", None) or 1.0  # Cohere
        self.scale *= getattr(config, "lm_head_multiplier", None) or 1.0  # Falcon-H1
        self.scale /= getattr(config, "logits_scaling", None) or 1.0  # Granite
        # Gemma 2, RecurrentGemma
        self.cap = getattr(config, "final_logit_softcapping", None) or getattr(config, "logits_soft_cap", None)

    @property
    def vocabulary(self) -> int:
        """Rows of the head."""
        return len(self.layer.weight)

    def at(self, hidden: Tensor) -> HeadReading:
        """The head at some positions: `hidden` is `[N, H]`, of any float format."""
        hidden = hidden.float()
        updates: list[tuple[Tensor, Tensor]] = []
        layer: Any = self.layer
        if isinstance(layer, AdaptedLinear):
            updates.append((nn.functional.linear(hidden, layer.reduction) * layer.scale, layer.expansion))
            return HeadReading(self, hidden, updates)
        lora_a = getattr(self.layer, "lora_A", {})  # of PEFT, in training
        if not (getattr(self.layer, "merged", False) or getattr(self.layer, "disable_adapters", False)):
            for name in (name for name in getattr(self.layer, "active_adapters", ()) if name in lora_a):
                thrown = self.layer.lora_dropout[name](hidden)
                reduced = nn.functional.linear(thrown, lora_a[name].weight.float()) * self.layer.scaling[name]
                updates.append((reduced, self.layer.lora_B[name].weight))  # [N, r], [V, r]
        return HeadReading(self, hidden, updates)


class HeadReading(NamedTuple):
    """Logits of N positions that are computed when they are asked for, with one dropout mask for all of them."""

    head: LmHead
    hidden: Tensor
    updates: list[tuple[Tensor, Tensor]]

    def logits(self, rows: Tensor | slice) -> Tensor:
        """Logits of some tokens of the vocabulary, float32 `[N, R]`."""
        layer = self.head.layer
        logits = nn.functional.linear(self.hidden, layer.weight[rows].float())
        if layer.bias is not None:
            logits = logits + layer.bias[rows].float()
        for reduced, expansion in self.updates:
            logits = logits + nn.functional.linear(reduced, expansion[rows].float())
        logits = logits * self.head.scale
        return logits if self.head.cap is None else self.head.cap * torch.tanh(logits / self.head.cap)

    def log_normaliser(self) -> Tensor:
        """Log of the sum of exp over the logits of the whole vocabulary, float32 `[N]`.

        Done in blocks of the vocabulary, which are computed again in the backward pass instead of kept.
        """
        size = max(256, BLOCK_ELEMENTS // max(self.hidden.shape))
        blocks = [slice(start, start + size) for start in range(0, self.head.vocabulary, size)]
        parts = [
            checkpoint(self._log_sum, block, use_reentrant=False, preserve_rng_state=False)
            if torch.is_grad_enabled()
            else self._log_sum(block)
            for block in blocks
        ]
        return torch.stack(parts).logsumexp(0)

    def _log_sum(self, rows: slice) -> Tensor:
        return self.logits(rows).logsumexp(-1)
