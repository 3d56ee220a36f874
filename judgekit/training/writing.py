"""From a causal judge to the reader of what it writes, as its method has it. Imports nothing that trains."""

from __future__ import annotations

from functools import partial
from itertools import takewhile
from typing import Any

from judgekit.config import Method
from judgekit.models.causal import CausalJudge
from judgekit.models.generating import Writing
from judgekit.models.reader import LabelReader
from judgekit.models.reasoned_reader import LikeliestReader, ReasonedReader, VerdictTokens
from judgekit.models.verbalized_reader import VerbalizedReader
from judgekit.prompts.answers import AnswerForm
from judgekit.prompts.verbalized import read_probabilities
from judgekit.prompts.verdict import END_OF_VERDICT, read_verdict, up_to_label, verdict_text

JUDGMENT_TEMPERATURE = 1.0
"""At which a judge's verdicts are drawn: their shares then estimate its own probabilities."""


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
    if method == "label":
        raise ValueError("a judge that is read at its labels writes nothing")
    decode = partial(tokenizer.decode, skip_special_tokens=True)
    if method == "rise":
        parse = partial(read_verdict, answer)
        if not answer.judgments:
            how = Writing(answer.length, stop=END_OF_VERDICT)
            return LikeliestReader(judge, decode, tokenizer.eos_token_id, parse, how, verdict_tokens(tokenizer, answer))
        how = Writing(answer.length, JUDGMENT_TEMPERATURE, answer.judgments, stop=END_OF_VERDICT)
        return ReasonedReader(judge, decode, tokenizer.eos_token_id, parse, how)
    return VerbalizedReader(
        judge,
        decode,
        tokenizer.eos_token_id,
        partial(read_probabilities, answer),
        length=answer.length,
        least=0.5 * 10**-answer.decimals,  # less than that is rounded to 0
    )


def verdict_tokens(tokenizer: Any, answer: AnswerForm) -> VerdictTokens:
    """How the label of a verdict is read behind reasons: as the tokens that it has in the whole of a verdict.

    Args:
        tokenizer: of the backbone.
        answer: with the labels' names.
    """

    def encode(text: str) -> list[int]:
        return tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]

    opening = encode(verdict_text(""))
    whole = [encode(verdict_text(name) + END_OF_VERDICT) for name in answer.names]
    common = sum(1 for _ in takewhile(lambda column: len({*column}) == 1, zip(opening, *whole, strict=False)))
    return VerdictTokens(up_to_label, encode, len(opening) - common, [[ids[common:]] for ids in whole])
