"""A judge that reasons to a verdict: several judgments are drawn, and their verdicts are counted.

Where none of them comes to a verdict the label tokens behind the same prompt are read. What a text says is told from
outside: this file knows token ids alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import torch

from judgekit.models.causal import CausalJudge
from judgekit.models.generating import TOKENS_AT_ONCE, TOKENS_AT_ONCE_ELSEWHERE, Writer, Writing, generate
from judgekit.models.reader import Batch, Reading

SPREAD = 0.5
"""Judgments that are spread over all labels: a verdict that none came to is rare, and not impossible."""


class ReasonedReader:
    """Reads the verdicts of drawn judgments.

    Args:
        judge: the causal LM, with its adapter, in evaluation mode.
        decode: token ids -> text, without special tokens.
        end: token id that ends a judgment; None where the tokenizer has none.
        parse: text -> place of the label of its verdict; None where it has none.
        how: length, number and temperature of the judgments.
    """

    pad_left = True

    def __init__(
        self,
        judge: CausalJudge,
        decode: Callable[[Sequence[int]], str],
        end: int | None,
        parse: Callable[[str], int | None],
        how: Writing,
    ) -> None:
        self.judge = judge
        self.device = judge.device
        most = TOKENS_AT_ONCE.get(judge.device.type, TOKENS_AT_ONCE_ELSEWHERE)
        self.tokens_per_batch = max(1, most // how.samples)
        autocast = judge.dtype if judge.is_mixed else None
        self._writer = Writer(judge.language_model, decode, end, judge.device, autocast)
        self._parse, self._how = parse, how

    def read(self, batch: Batch) -> Reading:
        """Logs of the verdicts' shares as label logits, whether there were any, and a judgment with the likeliest."""
        rows = zip(batch.input_ids.cpu().numpy(), batch.attention_mask.cpu().numpy() > 0, strict=True)
        prompts = [ids[mask] for ids, mask in rows]
        # Its random numbers come from the prompt itself: what else is in the batch changes nothing.
        names = [zlib.crc32(prompt.tobytes()) for prompt in prompts]
        texts = generate(self._writer, prompts, self._how, names=names)
        verdicts = [[self._parse(text) for text in of_item] for of_item in texts]
        places = range(len(self.judge.words_per_label))
        counts = torch.tensor([[float(said.count(place)) for place in places] for said in verdicts])
        total = counts.sum(1, keepdim=True)
        logits = ((counts + SPREAD / len(places)) / (total + SPREAD)).log().to(self.device)
        is_parsed = (total.squeeze(1) > 0).to(self.device)
        lost = (~is_parsed).nonzero().squeeze(1)
        if len(lost):
            part = Batch(batch.input_ids[lost], batch.attention_mask[lost], None)
            logits[lost] = self.judge.read(part).logits.float().log_softmax(-1)
        likeliest = counts.argmax(1).tolist()
        shown = (
            of_item[said.index(place)] if place in said else of_item[0]
            for of_item, said, place in zip(texts, verdicts, likeliest, strict=True)
        )
        return Reading(logits, None, is_parsed, tuple(shown))
