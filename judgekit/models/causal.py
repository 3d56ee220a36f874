"""A causal LM read at its label words: no `[batch, sequence, vocabulary]` tensor ever exists.

Words of one token each are read from the hidden state at the judgment position times their rows of the LM head. Words
of several tokens are scored as whole sequences, log p(word | prompt), from one shared cache of the prompt. Words of one
label are synonyms: they are summed by logsumexp.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

from judgekit.errors import BackboneError
from judgekit.models.adapter import save_lora, unique_parameters
from judgekit.models.first_forward import are_close, depends_on_padding, family_errors
from judgekit.models.lm_head import LmHead
from judgekit.models.reader import Batch, Reading

ROWS_CHECKED = 1_000


class CausalJudge(nn.Module):
    """A causal LM, with LoRA adapters or none, read where the label would come next.

    Args:
        backbone: a `…ForCausalLM`, or a PEFT model around one.
        label_words: for each of the K labels its words, each the token ids that follow the prompt; at least one each,
            no two equal, none the beginning of another.
        dtype: number format of the matrix products.

    Raises:
        BackboneError: its LM head cannot be read row by row.
    """

    pad_left = True

    def __init__(self, backbone: Any, label_words: Sequence[Sequence[Sequence[int]]], *, dtype: torch.dtype) -> None:
        super().__init__()
        self.backbone = backbone
        self.dtype = dtype
        self.language_model = backbone.get_base_model() if hasattr(backbone, "get_base_model") else backbone
        self.head = LmHead(self.language_model)
        self.device = next(backbone.parameters()).device
        # Weights that are all of one format multiply without autocast's conversions.
        formats = {weight.dtype for weight in backbone.parameters() if weight.is_floating_point()}
        self.is_mixed = dtype != torch.float32 and formats != {dtype}
        words = [list(word) for of_label in label_words for word in of_label]  # W words in all
        longest = max(map(len, words))
        padded = torch.tensor([word + [0] * (longest - len(word)) for word in words], device=self.device)
        lengths = torch.tensor([len(word) for word in words], device=self.device)
        self.word_mask = torch.arange(longest, device=self.device) < lengths.unsqueeze(1)  # [W, L]
        self.words = padded  # [W, L]
        self.rows = padded[self.word_mask].unique()  # [R]: the only rows of the head whose logits are asked for
        self.columns = torch.searchsorted(self.rows, padded).clamp_max(len(self.rows) - 1)  # [W, L], places in rows
        self.words_per_label = [len(of_label) for of_label in label_words]
        self.is_computed_twice = any(getattr(layer, "gradient_checkpointing", False) for layer in backbone.modules())
        self.shares_prompt = True

    def label_logits(self, batch: Batch) -> Tensor:
        """Label logits, float32 `[B, K]`: of raw logits if all words are of one token, else of log-probabilities."""
        return self._read(batch, with_mass=False).logits

    def read(self, batch: Batch) -> Reading:
        """The same logits, and the probability the LM gives to all words of the labels together."""
        return self._read(batch, with_mass=True)

    def _read(self, batch: Batch, *, with_mass: bool) -> Reading:
        with torch.autocast(self.device.type, enabled=False):  # all but the transformer is computed in float32
            if self.words.shape[1] > 1:
                words = self._log_probabilities(batch)  # [B, W]
                mass = words.logsumexp(-1).exp()
            else:
                hidden = self._transformer(batch).last_hidden_state[:, -1]  # padding is on the left
                return self._of_single_tokens(hidden, with_mass=with_mass)
            return Reading(self._summed(words), mass)

    def _of_single_tokens(self, hidden: Tensor, *, with_mass: bool) -> Reading:
        """What is read of words of one token each from the hidden states at the judgment positions, `[B, H]`."""
        here = self.head.at(hidden)
        words = here.logits(self.rows)[:, self.columns[:, 0]]  # [B, W]
        mass = (words.logsumexp(-1) - here.log_normaliser()).exp() if with_mass else None
        return Reading(self._summed(words), mass)

    def _summed(self, words: Tensor) -> Tensor:
        """The labels' logits `[B, K]` from those of their words `[B, W]`."""
        return torch.stack([part.logsumexp(1) for part in words.split(self.words_per_label, dim=1)], dim=1)

    def read_prefix(self, ids: Tensor) -> Any | None:
        """A cache of the beginning `[P]` of some prompts; None where none is kept, or words have several tokens."""
        if self.words.shape[1] > 1:
            return None
        batch = Batch(ids.unsqueeze(0), torch.ones_like(ids).unsqueeze(0), None)
        cache = getattr(self._transformer(batch, use_cache=True), "past_key_values", None)
        return cache if _can_repeat(cache) else None

    def read_behind(self, cache: Any, batch: Batch) -> Reading:
        """As `read`, of prompts that begin with what `read_prefix` has cached; the batch is padded on the right."""
        size, own = len(batch.input_ids), copy(cache)
        own.layers = [copy(layer) for layer in cache.layers]
        for layer in own.layers:  # what is read behind is joined to them in new memory, so views of one copy do
            layer.keys, layer.values = (one.expand(size, -1, -1, -1) for one in (layer.keys, layer.values))
        seen = torch.ones(size, cache.get_seq_length(), dtype=torch.int64, device=self.device)
        given = batch._replace(attention_mask=torch.cat([seen, batch.attention_mask], dim=1))
        with torch.autocast(self.device.type, enabled=False):
            hidden = self._transformer(given, past_key_values=own, use_cache=True).last_hidden_state
            last = batch.attention_mask.sum(1) - 1
            return self._of_single_tokens(hidden[torch.arange(size, device=self.device), last], with_mass=True)

    def _log_probabilities(self, batch: Batch) -> Tensor:
        """Log p(word | prompt) of every word, float32 `[B, W]`."""
        # Layers that are computed twice keep no cache.
        if (self.training and self.is_computed_twice) or not self.shares_prompt:
            return self._uncached(batch)
        out = self._transformer(batch, use_cache=True)
        if not _can_repeat(getattr(out, "past_key_values", None)):
            self.shares_prompt = False
            return self._uncached(batch)
        here = self.head.at(out.last_hidden_state[:, -1])
        first = here.logits(self.rows)[:, self.columns[:, 0]] - here.log_normaliser().unsqueeze(1)  # [B, W]
        follows = self.word_mask[:, 1:]
        longer = follows.any(1).nonzero().squeeze(1)  # words of one token are done
        out.past_key_values.batch_repeat_interleave(len(longer))
        given = Batch(
            self.words[longer, :-1].repeat(len(first), 1),  # [B W', L - 1]
            torch.cat([_repeat(batch.attention_mask, longer), self._mask_of(longer, len(first))], dim=1),
            None,
        )
        hidden = self._transformer(given, past_key_values=out.past_key_values, use_cache=True).last_hidden_state
        return first.index_add(1, longer, self._rest(hidden, longer))

    def _uncached(self, batch: Batch) -> Tensor:
        """The same from one forward pass over every prompt with every word behind it."""
        every = torch.arange(len(self.words), device=self.device)
        size = len(batch.input_ids)
        whole = Batch(
            torch.cat([_repeat(batch.input_ids, every), self.words[:, :-1].repeat(size, 1)], dim=1),
            torch.cat([_repeat(batch.attention_mask, every), self._mask_of(every, size)], dim=1),
            None,
        )
        hidden = self._transformer(whole).last_hidden_state[:, -self.words.shape[1] :]  # [B W, L, H]
        first = self.head.at(hidden[:, 0])
        log_p = first.logits(self.rows).gather(1, self.columns[:, :1].repeat(size, 1)).squeeze(1)
        first_log_p = (log_p - first.log_normaliser()).view(size, -1)
        return first_log_p + self._rest(hidden[:, 1:], every)

    def _rest(self, hidden: Tensor, words: Tensor) -> Tensor:
        """Sum of the log-probabilities of some words' second to last token, from `[B W', L - 1, H]`, `[B, W']`."""
        size = len(hidden) // len(words)
        asked = self.word_mask[words, 1:].repeat(size, 1)  # [B W', L - 1]
        here = self.head.at(hidden[asked])  # [M, H]: real tokens only
        columns = self.columns[words, 1:].repeat(size, 1)[asked].unsqueeze(1)
        log_p = here.logits(self.rows).gather(1, columns).squeeze(1) - here.log_normaliser()
        return torch.zeros(asked.shape, device=self.device).masked_scatter(asked, log_p).sum(1).view(size, -1)

    def _mask_of(self, words: Tensor, size: int) -> Tensor:
        return self.word_mask[words, 1:].repeat(size, 1).to(torch.int64)  # a word's last token is not given

    def _transformer(self, batch: Batch, *, use_cache: bool = False, **options: Any) -> Any:
        """The LM without its head. Positions count real tokens only, so padding changes nothing."""
        positions = (batch.attention_mask.cumsum(1) - 1).clamp_min(0)[:, -batch.input_ids.shape[1] :]
        with torch.autocast(self.device.type, dtype=self.dtype, enabled=self.is_mixed):
            return self.language_model.base_model(
                input_ids=batch.input_ids,
                attention_mask=batch.attention_mask,
                position_ids=positions,
                use_cache=use_cache,
                **options,
            )

    @torch.no_grad()
    def states(self, batch: Batch) -> tuple[Tensor, ...]:
        """Hidden states `[B, T, H]`: of the token embeddings, then behind each layer; none of some families."""
        with torch.autocast(self.device.type, enabled=False):
            return getattr(self._transformer(batch, output_hidden_states=True), "hidden_states", None) or ()

    @torch.no_grad()
    def check(self) -> None:
        """Compare a made-up prompt of label words, with padding before it and without, with the model's own forward.

        Raises:
            BackboneError: they differ, as the family does something with its hidden states that is not known here, or
                as it does not pass over padding.
        """
        was_training = self.training
        self.set_training(False)
        place = self.word_mask.sum(1).argmax()
        word = self.words[place]
        prompt = self.rows.repeat(8)[:8]
        with family_errors(self.language_model):
            with torch.autocast(self.device.type, dtype=self.dtype, enabled=self.is_mixed):
                ids = torch.cat([prompt, word]).unsqueeze(0)
                whole = self.language_model(input_ids=ids, use_cache=False).logits[0].float()
            hidden = [self._transformer(_padded(prompt, size)).last_hidden_state[:, -1] for size in (0, 3)]
        step = max(1, self.head.vocabulary // ROWS_CHECKED)
        pairs = [
            (self.head.at(one).logits(slice(None, None, step))[0], whole[len(prompt) - 1, ::step]) for one in hidden
        ]
        if len(word) > 1:
            log_p = whole[len(prompt) - 1 : -1].log_softmax(-1).gather(1, word.unsqueeze(1)).sum()
            pairs = [*pairs, (self._log_probabilities(_padded(prompt, 3))[0, place], log_p)]
        self.set_training(was_training)
        alone, padded, *others = [are_close(one, other, self.dtype) for one, other in pairs]
        if alone and not padded:
            raise depends_on_padding(self.language_model)
        if not all([alone, *others]):
            raise BackboneError(
                f"The family {type(self.language_model).__name__} makes its logits in a way that judgekit does not "
                "know: read at the label words they are not what the model itself gives.",
                hint="Choose another backbone.",
            )

    def trainable(self) -> dict[str, nn.Parameter]:
        """The adapter."""
        return unique_parameters(self.backbone)

    def set_training(self, training: bool) -> None:
        """Switch dropout on or off."""
        self.train(training)

    def save_adapter(self, folder: Path) -> None:
        """Write the adapter into a folder, as safetensors."""
        save_lora(self.backbone, folder)


def _padded(prompt: Tensor, padding: int) -> Batch:
    """A batch of one prompt with padding before it."""
    ids = torch.cat([prompt[:1].repeat(padding), prompt])
    mask = torch.arange(len(ids), device=ids.device) >= padding
    return Batch(ids.unsqueeze(0), mask.to(torch.int64).unsqueeze(0), None)


def _repeat(rows: Tensor, words: Tensor) -> Tensor:
    return rows.repeat_interleave(len(words), dim=0)


def _can_repeat(cache: Any) -> bool:
    """Whether a prompt's cache can be had once per word; states of linear attention cannot."""
    layers = getattr(cache, "layers", None)
    return bool(layers) and all(type(layer) in (DynamicLayer, DynamicSlidingWindowLayer) for layer in layers)
