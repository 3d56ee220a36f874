"""A judge that writes a probability for each label: generated greedily, read by rule, and given as label logits.

An answer that says no distribution falls back to the label tokens behind the same prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from judgekit.models.causal import CausalJudge
from judgekit.models.generating import Writing, generate
from judgekit.models.reader import Batch, Reading
from judgekit.models.written import WrittenReader


class VerbalizedReader(WrittenReader):
    """Reads written probabilities.

    Args:
        judge: as of `WrittenReader`, as are `decode` and `end`.
        decode: see there.
        end: see there.
        parse: text -> the distribution it says, `[K]`; None where it says none.
        length: tokens of an answer at most.
        least: probability that a written 0 stands for.
    """

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
        super().__init__(judge, decode, end, Writing(length))
        self._parse, self._least = parse, least

    def read(self, batch: Batch) -> Reading:
        """Log-probabilities as label logits, whether they were read from the answers, and the answers."""
        texts = generate(self._writer, self._prompts(batch), self._how)
        found = [self._parse(text) for (text,) in texts]
        is_parsed = torch.tensor([one is not None for one in found], device=self.device)
        labels = len(self.judge.words_per_label)
        said = torch.tensor([[1.0] * labels if one is None else [*one] for one in found], device=self.device)
        logits = said.clamp_min(self._least).log().log_softmax(-1)
        self._fill(logits, is_parsed, batch)
        return Reading(logits, None, is_parsed, tuple(map(tuple, texts)))
