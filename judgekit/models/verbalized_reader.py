"""A judge that writes a probability for each label: generated greedily, read by rule, and given as label logits.

An answer that says no distribution falls back to the label tokens behind the same prompt. What the answer's text means
is told from outside: this file knows token ids alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from judgekit.models.causal import CausalJudge
from judgekit.models.reader import Batch, Reading

TOKENS_PER_BATCH = {"cpu": 8_192}
TOKENS_PER_BATCH_ELSEWHERE = 32_768


class VerbalizedReader:
    """Reads written probabilities.

    Args:
        judge: the causal LM, with its adapter, in evaluation mode.
        decode: token ids -> text, without special tokens.
        parse: text -> the distribution it says, `[K]`; None where it says none.
        length: tokens of an answer at most.
        least: probability that a written 0 stands for.
        end: token id that ends an answer; None where the tokenizer has none.
    """

    pad_left = True

    def __init__(
        self,
        judge: CausalJudge,
        decode: Callable[[Sequence[int]], str],
        parse: Callable[[str], Sequence[float] | None],
        *,
        length: int,
        least: float,
        end: int | None,
    ) -> None:
        self.judge = judge
        self.device = judge.device
        self.tokens_per_batch = TOKENS_PER_BATCH.get(judge.device.type, TOKENS_PER_BATCH_ELSEWHERE)
        self._decode, self._parse = decode, parse
        self._length, self._least, self._end = length, least, end

    def read(self, batch: Batch) -> Reading:
        """Log-probabilities as label logits, whether they were read from the answers, and the answers."""
        texts = [self._decode(ids) for ids in self._answers(batch)]
        found = [self._parse(text) for text in texts]
        is_parsed = torch.tensor([one is not None for one in found], device=self.device)
        labels = len(self.judge.words_per_label)
        said = torch.tensor([[1.0] * labels if one is None else [*one] for one in found], device=self.device)
        logits = said.clamp_min(self._least).log().log_softmax(-1)
        lost = (~is_parsed).nonzero().squeeze(1)
        if len(lost):
            part = Batch(batch.input_ids[lost], batch.attention_mask[lost], None)
            logits[lost] = self.judge.read(part).logits.float().log_softmax(-1)
        return Reading(logits, None, is_parsed, tuple(texts))

    def _answers(self, batch: Batch) -> list[list[int]]:
        """The likeliest answer to each prompt, token by token, without the token that ends it."""
        model: Any = self.judge.language_model
        autocast = torch.autocast(self.device.type, dtype=self.judge.dtype, enabled=self.judge.is_mixed)
        pad = self._end if self._end is not None else 0
        with autocast, torch.no_grad():
            whole: Tensor = model.generate(
                input_ids=batch.input_ids,
                attention_mask=batch.attention_mask,
                max_new_tokens=self._length,
                do_sample=False,
                eos_token_id=self._end,
                pad_token_id=pad,
                temperature=None,
                top_p=None,
                top_k=None,
            )
        written = whole[:, batch.input_ids.shape[1] :].tolist()
        return [ids[: ids.index(self._end)] if self._end in ids else ids for ids in written]
