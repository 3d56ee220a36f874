"""A judge that writes a probability for each label: generated greedily, read by rule, and given as label logits.

An answer that says no distribution falls back to the label tokens behind the same prompt. What the answer's text means
is told from outside: this file knows token ids alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from judgekit.models.causal import CausalJudge
from judgekit.models.generating import TOKENS_AT_ONCE, TOKENS_AT_ONCE_ELSEWHERE, Writer, Writing, generate
from judgekit.models.reader import Batch, Reading


class VerbalizedReader:
    """Reads written probabilities.

    Args:
        judge: the causal LM, with its adapter, in evaluation mode.
        decode: token ids -> text, without special tokens.
        end: token id that ends an answer; None where the tokenizer has none.
        parse: text -> the distribution it says, `[K]`; None where it says none.
        length: tokens of an answer at most.
        least: probability that a written 0 stands for.
    """

    pad_left = True

    def __init__(
        self,
        judge: CausalJudge,
        decode: Callable[[Sequence[int]], str],
        end: int | None,
        parse: Callable[[str], Sequence[float] | None],
        *,
        length: int,
        least: float,
    ) -> None:
        self.judge = judge
        self.device = judge.device
        self.tokens_per_batch = TOKENS_AT_ONCE.get(judge.device.type, TOKENS_AT_ONCE_ELSEWHERE)
        autocast = judge.dtype if judge.is_mixed else None
        self._writer = Writer(judge.language_model, decode, end, judge.device, autocast)
        self._parse, self._how, self._least = parse, Writing(length), least

    def read(self, batch: Batch) -> Reading:
        """Log-probabilities as label logits, whether they were read from the answers, and the answers."""
        rows = zip(batch.input_ids.cpu().numpy(), batch.attention_mask.cpu().numpy() > 0, strict=True)
        texts = [text for (text,) in generate(self._writer, [ids[mask] for ids, mask in rows], self._how)]
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
