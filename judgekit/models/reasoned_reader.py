"""A judge that reasons to a verdict: several judgments are drawn, and their verdicts are counted.

Or one is written, the likeliest word each time, and the labels are read where its verdict stands. Where none of them
comes to a verdict the label tokens behind the same prompt are read.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from judgekit.models.causal import CausalJudge
from judgekit.models.generating import Writing, generate
from judgekit.models.reader import Batch, Reading
from judgekit.models.written import WrittenReader

SPREAD = 0.5
"""Judgments that are spread over all labels: a verdict that none came to is rare, and not impossible."""
DRAWS_TO_ARGUE = 4
"""Judgments that are drawn where the likeliest one does not come to the verdict that it was asked to argue for."""


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
        self.parse = parse

    def read(self, batch: Batch) -> Reading:
        """Logs of the verdicts' shares as label logits, whether there were any, and the judgments."""
        texts = self._drawn(self._prompts(batch), self._how)
        verdicts = [[self.parse(text) for text in of_item] for of_item in texts]
        places = range(len(self.judge.words_per_label))
        counts = torch.tensor([[float(said.count(place)) for place in places] for said in verdicts])
        total = counts.sum(1, keepdim=True)
        logits = ((counts + SPREAD / len(places)) / (total + SPREAD)).log().to(self.device)
        is_parsed = (total.squeeze(1) > 0).to(self.device)
        self._fill(logits, is_parsed, batch)
        return Reading(logits, None, is_parsed, tuple(map(tuple, texts)))

    def argue(self, prompts: Sequence[NDArray[np.int64]], place: int) -> list[str | None]:
        """A judgment behind each prompt that comes to one label, as the prompt asks for; None where none does.

        The likeliest one is taken where it does, else the first of a few that are drawn.
        """
        found: dict[int, str] = {}
        for how in (
            self._how._replace(temperature=0.0, samples=1),
            self._how._replace(temperature=self._how.temperature or 1.0, samples=DRAWS_TO_ARGUE),
        ):
            left = [row for row in range(len(prompts)) if row not in found]
            for row, texts in zip(left, self._drawn([prompts[row] for row in left], how), strict=True):
                fitting = next((text for text in texts if self.parse(text) == place), None)
                if fitting is not None:
                    found[row] = fitting
        return [found.get(row) for row in range(len(prompts))]

    def _drawn(self, prompts: Sequence[NDArray[np.int64]], how: Writing) -> list[list[str]]:
        # Their random numbers come from the prompts themselves: what else is in the batch changes nothing.
        return generate(self._writer, prompts, how, names=[zlib.crc32(prompt.tobytes()) for prompt in prompts])


class VerdictTokens(NamedTuple):
    """How the verdict behind written reasons is read."""

    up_to_verdict: Callable[[str], str | None]
    """Text -> what stands before the label of its verdict; None where it has no verdict."""
    encode: Callable[[str], Sequence[int]]
    """Text -> token ids, without special tokens."""
    shared: int
    """Last tokens of such a beginning that are read with the label, as they may merge with it."""
    words: Sequence[Sequence[Sequence[int]]]
    """Of each label the tokens that follow, as of `CausalJudge`."""


class LikeliestReader(ReasonedReader):
    """Has one judgment written, the likeliest word each time, and reads the labels where its verdict stands.

    Args:
        judge: as of `ReasonedReader`, as are `decode`, `end`, `parse` and `how`.
        decode: see there.
        end: see there.
        parse: see there.
        how: see there; nothing is drawn.
        tokens: where and how the labels are read.
    """

    def __init__(
        self,
        judge: CausalJudge,
        decode: Callable[[Sequence[int]], str],
        end: int | None,
        parse: Callable[[str], int | None],
        how: Writing,
        tokens: VerdictTokens,
    ) -> None:
        super().__init__(judge, decode, end, parse, how)
        self._tokens = tokens
        self._behind = CausalJudge(judge.backbone, tokens.words, dtype=judge.dtype)
        self._behind.set_training(False)

    def read(self, batch: Batch) -> Reading:
        """Log-probabilities of the labels as the verdict, whether there was any, and the judgment."""
        prompts = self._prompts(batch)
        texts = self._drawn(prompts, self._how)
        begun = [self._tokens.up_to_verdict(text) for (text,) in texts]
        is_parsed = torch.tensor([one is not None for one in begun], device=self.device)
        logits = torch.zeros(len(texts), len(self.judge.words_per_label), device=self.device)
        for row, (prompt, beginning) in enumerate(zip(prompts, begun, strict=True)):
            if beginning is not None:  # alone: each has another length, and a cache for every label
                logits[row] = self._at_verdict(prompt, beginning)
        self._fill(logits, is_parsed, batch)
        return Reading(logits, None, is_parsed, tuple(map(tuple, texts)))

    def _at_verdict(self, prompt: NDArray[np.int64], beginning: str) -> Tensor:
        ids = [*self._tokens.encode(beginning)]
        whole = [*prompt.tolist(), *ids[: len(ids) - self._tokens.shared]]
        given = torch.tensor([whole], device=self.device)
        return self._behind.read(Batch(given, torch.ones_like(given), None)).logits[0].float().log_softmax(-1)
