"""From a causal judge to the reader of what it writes, as its method has it. Imports nothing that trains."""

from __future__ import annotations

from functools import partial
from typing import Any

from judgekit.config import Method
from judgekit.models.causal import CausalJudge
from judgekit.models.reader import LabelReader
from judgekit.models.verbalized_reader import VerbalizedReader
from judgekit.prompts.answers import AnswerForm
from judgekit.prompts.verbalized import read_probabilities


def as_causal(reader: LabelReader) -> CausalJudge:
    """The causal judge that a reader is; a judge that writes has no other."""
    if not isinstance(reader, CausalJudge):
        raise TypeError(f"a {type(reader).__name__} writes nothing")
    return reader


def writing_reader(judge: CausalJudge, tokenizer: Any, answer: AnswerForm, method: Method) -> LabelReader:
    """What reads the answers of a judge that writes.

    Args:
        judge: in evaluation mode.
        tokenizer: of its backbone.
        answer: what it is asked to write.
        method: verbalized or rise.
    """
    if method != "verbalized":
        raise ValueError(f"no judge of the method {method} writes probabilities")
    return VerbalizedReader(
        judge,
        partial(tokenizer.decode, skip_special_tokens=True),
        tokenizer.eos_token_id,
        partial(read_probabilities, answer),
        length=answer.length,
        least=0.5 * 10**-answer.decimals,  # less than that is rounded to 0
    )
