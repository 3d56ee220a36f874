"""A judge that reasons to a verdict: several judgments are drawn, and their verdicts are counted.

Where none of them comes to a verdict the label tokens behind the same prompt are read.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import torch

from judgekit.models.causal import CausalJudge
from judgekit.models.generating import Writing, generate
from judgekit.models.reader import Batch, Reading
from judgekit.models.written import WrittenReader

SPREAD = 0.5
"""Judgments that are spread over all labels: a verdict that none came to is rare, and not impossible."""


class ReasonedReader(WrittenReader):
    """Reads the verdicts of drawn judgments.

    Args:
        judge: as of `WrittenReader`, as are `decode`, `end` and `how`.
        decode: see there.
        end: see there.
        parse: text -> place of the label of its verdict; None where it has none.
        how: see there.
    """

    def __init__(
        self,
        judge: CausalJudge,
        decode: Callable[[Sequence[int]], str],
        end: int | None,
        parse: Callable[[str], int | None],
        how: Writing,
    ) -> None:
        super().__init__(judge, decode, end, how)
        self._parse = parse

    def read(self, batch: Batch) -> Reading:
        """Logs of the verdicts' shares as label logits, whether there were any, and a judgment with the likeliest."""
        prompts = self._prompts(batch)
        # Its random numbers come from the prompt itself: what else is in the batch changes nothing.
        names = [zlib.crc32(prompt.tobytes()) for prompt in prompts]
        texts = generate(self._writer, prompts, self._how, names=names)
        verdicts = [[self._parse(text) for text in of_item] for of_item in texts]
        places = range(len(self.judge.words_per_label))
        counts = torch.tensor([[float(said.count(place)) for place in places] for said in verdicts])
        total = counts.sum(1, keepdim=True)
        logits = ((counts + SPREAD / len(places)) / (total + SPREAD)).log().to(self.device)
        is_parsed = (total.squeeze(1) > 0).to(self.device)
        self._fill(logits, is_parsed, batch)
        likeliest = counts.argmax(1).tolist()
        shown = (
            of_item[said.index(place)] if place in said else of_item[0]
            for of_item, said, place in zip(texts, verdicts, likeliest, strict=True)
        )
        return Reading(logits, None, is_parsed, tuple(shown))
