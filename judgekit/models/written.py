"""What all judges that write have in common: a writer, and the label tokens where an answer says nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from judgekit.models.causal import CausalJudge
from judgekit.models.generating import TOKENS_AT_ONCE, TOKENS_AT_ONCE_ELSEWHERE, Writer, Writing
from judgekit.models.reader import Batch


def writer_of(judge: CausalJudge, decode: Callable[[Sequence[int]], str], end: int | None) -> Writer:
    """A judge's model as what writes; arguments as of `WrittenReader`."""
    autocast = judge.dtype if judge.is_mixed else None
    return Writer(judge.language_model, decode, end, judge.device, autocast)


@torch.no_grad()
def likelihoods(judge: CausalJudge, prompt: NDArray[np.int64], texts: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """How likely a judge finds texts behind a prompt: the mean log probability of their tokens, `[M]`.

    Args:
        judge: the causal LM, in evaluation mode.
        prompt: its token ids.
        texts: token ids of each of M texts, at least one each; of texts of one token all, a constant is added.
    """
    words = CausalJudge(judge.backbone, [[text] for text in texts], dtype=judge.dtype)
    words.set_training(False)
    ids = torch.from_numpy(prompt).unsqueeze(0).to(judge.device)
    log_p = words.label_logits(Batch(ids, torch.ones_like(ids), None))[0]
    return log_p.double().cpu().numpy() / [len(text) for text in texts]


class WrittenReader:
    """Has a causal LM write answers; what they say is told from outside: here token ids alone are known.

    Args:
        judge: the causal LM, with its adapter, in evaluation mode.
        decode: token ids -> text, without special tokens.
        end: token id that ends an answer; None where the tokenizer has none.
        how: length, number and temperature of the answers.
    """

    pad_left = True

    def __init__(
        self, judge: CausalJudge, decode: Callable[[Sequence[int]], str], end: int | None, how: Writing
    ) -> None:
        self.judge = judge
        self.device = judge.device
        most = TOKENS_AT_ONCE.get(judge.device.type, TOKENS_AT_ONCE_ELSEWHERE)
        self.tokens_per_batch = max(1, most // how.samples)
        self._writer = writer_of(judge, decode, end)
        self._how = how

    def _prompts(self, batch: Batch) -> list[NDArray[np.int64]]:
        """The token ids of each prompt, without padding, `[B]`."""
        rows = zip(batch.input_ids.cpu().numpy(), batch.attention_mask.cpu().numpy() > 0, strict=True)
        return [ids[mask] for ids, mask in rows]

    def _fill(self, logits: Tensor, is_parsed: Tensor, batch: Batch) -> None:
        """Put what the label tokens say into the rows of answers that say nothing.

        Args:
            logits: log probabilities, `[B, K]`; changed in place.
            is_parsed: whether each row's answer could be read, bool `[B]`.
            batch: the prompts.
        """
        lost = (~is_parsed).nonzero().squeeze(1)
        if len(lost):
            part = Batch(batch.input_ids[lost], batch.attention_mask[lost], None)
            logits[lost] = self.judge.read(part).logits.float().log_softmax(-1)
