"""A causal LM read at its label tokens: no `[batch, sequence, vocabulary]` tensor ever exists.

Labels of one token each are read from the hidden state at the judgment position times the label rows of the LM head.
Labels of several tokens are scored as whole sequences, log p(label | prompt), from one shared cache of the prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from judgekit.models.base import Batch, save_lora, unique_parameters


class CausalJudge(nn.Module):
    """A causal LM with LoRA adapters, read where the label would come next.

    Args:
        backbone: a PEFT model around a `…ForCausalLM`.
        label_ids: for each of the K labels its token ids as they follow the prompt; at least one each, no two equal,
            none the beginning of another.
        dtype: number format of the matrix products.
    """

    pad_left = True

    def __init__(self, backbone: Any, label_ids: Sequence[Sequence[int]], *, dtype: torch.dtype) -> None:
        super().__init__()
        self.backbone = backbone
        self.dtype = dtype
        self.language_model = backbone.get_base_model()
        self.device = next(backbone.parameters()).device
        longest = max(len(ids) for ids in label_ids)
        padded = [[*ids, *[0] * (longest - len(ids))] for ids in label_ids]
        lengths = torch.tensor([len(ids) for ids in label_ids], device=self.device)
        self.label_tokens = torch.tensor(padded, device=self.device)  # [K, L]
        self.label_mask = torch.arange(longest, device=self.device) < lengths.unsqueeze(1)  # [K, L]

    def label_logits(self, batch: Batch) -> Tensor:
        """Label logits, float32 `[B, K]`: raw logits of one-token labels, else log-probabilities of the sequences."""
        with torch.autocast(self.device.type, dtype=self.dtype, enabled=self.dtype != torch.float32):
            several = self.label_tokens.shape[1] > 1
            out = self._transformer(batch.input_ids, batch.attention_mask, use_cache=several)
            last = out.last_hidden_state[:, -1]  # [B, H]: padding is on the left
            if not several:
                return self._vocabulary_logits(last, self.label_tokens[:, 0])  # [B, K]
            first = self._log_probabilities(last)[:, self.label_tokens[:, 0]]  # [B, K]
            return first + self._rest_of_sequences(batch, out.past_key_values)

    def _rest_of_sequences(self, batch: Batch, cache: Any) -> Tensor:
        """Sum of the log-probabilities of each label's second to last token, `[B, K]`."""
        size, labels = len(batch.input_ids), len(self.label_tokens)
        cache.batch_repeat_interleave(labels)
        given = self.label_tokens[:, :-1].repeat(size, 1)  # [B K, L - 1]
        mask = torch.cat(
            [
                batch.attention_mask.repeat_interleave(labels, dim=0),
                self.label_mask[:, :-1].repeat(size, 1).to(batch.attention_mask.dtype),
            ],
            dim=1,
        )
        hidden = self._transformer(given, mask, past_key_values=cache, use_cache=True).last_hidden_state
        log_p = self._log_probabilities(hidden)  # [B K, L - 1, V]: label positions only
        asked = self.label_tokens[:, 1:].repeat(size, 1).unsqueeze(-1)
        token_log_p = log_p.gather(-1, asked).squeeze(-1) * self.label_mask[:, 1:].repeat(size, 1)
        return token_log_p.sum(1).view(size, labels)

    def _transformer(self, input_ids: Tensor, attention_mask: Tensor, **options: Any) -> Any:
        """The LM without its head. Positions count real tokens only, so padding changes nothing."""
        positions = (attention_mask.cumsum(1) - 1).clamp_min(0)[:, -input_ids.shape[1] :]
        return self.language_model.base_model(
            input_ids=input_ids, attention_mask=attention_mask, position_ids=positions, **options
        )

    def _log_probabilities(self, hidden: Tensor) -> Tensor:
        return self._vocabulary_logits(hidden, None).log_softmax(-1)

    def _vocabulary_logits(self, hidden: Tensor, rows: Tensor | None) -> Tensor:
        """Logits of some rows of the LM head (all if None), float32, as the family's own forward makes them."""
        head = self.language_model.get_output_embeddings()
        weight: Tensor = head.weight if rows is None else head.weight[rows]
        bias: Tensor | None = getattr(head, "bias", None)
        with torch.autocast(self.device.type, enabled=False):
            logits = nn.functional.linear(hidden.float(), weight.float())
            if bias is not None:
                logits = logits + (bias if rows is None else bias[rows]).float()
        config = self.language_model.config
        logits = logits * getattr(config, "logit_scale", 1.0)  # Cohere
        logits = logits / getattr(config, "logits_scaling", 1.0)  # Granite
        cap = getattr(config, "final_logit_softcapping", None)  # Gemma 2
        return logits if cap is None else cap * torch.tanh(logits / cap)

    def trainable(self) -> dict[str, nn.Parameter]:
        """The adapter."""
        return unique_parameters(self.backbone)

    def set_training(self, training: bool) -> None:
        """Switch dropout on or off."""
        self.train(training)

    def save_adapter(self, folder: Path) -> None:
        """Write the adapter into a folder, as safetensors."""
        save_lora(self.backbone, folder)
