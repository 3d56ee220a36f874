"""Shortening of long texts: which field loses how many tokens, and where its text is cut.

Only the texts of an item are ever cut, never the instruction and never the label. Pure: knows no tokenizer, only the
character offsets that one has found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

MARK = " … "
"""Stands where text was cut."""


class ShortenedFields(NamedTuple):
    """The fields of one item after shortening, and whether any of them was cut."""

    fields: dict[str, str]
    is_truncated: bool


def allot_tokens(lengths: Sequence[int], budget: int) -> list[int]:
    """How many tokens each text may keep, the longest texts giving way first.

    The texts above a common level are cut to that level; texts below it are untouched. What is left over when the
    budget does not divide goes to the cut texts in their order, one token each.

    Args:
        lengths: tokens of each text, not negative.
        budget: tokens for all of them together; below 0 counts as 0.

    Returns:
        one number per text, at most its length; their sum is `min(sum(lengths), budget)`. A larger budget never
        gives any text less.
    """
    left = max(budget, 0)
    allotted = [0] * len(lengths)
    shortest_first = sorted(range(len(lengths)), key=lambda index: lengths[index])
    for position, index in enumerate(shortest_first):
        level, spare = divmod(left, len(lengths) - position)
        if lengths[index] > level:
            # This text and all longer ones are cut to the level.
            for rank, cut in enumerate(sorted(shortest_first[position:])):
                allotted[cut] = level + (rank < spare)
            break
        allotted[index] = lengths[index]
        left -= lengths[index]
    return allotted


def cut_middle(text: str, offsets: Sequence[tuple[int, int]], keep: int) -> str:
    """The text with its middle cut out, so that `keep` of its tokens stay, half at either end.

    Beginning and end of a text say more than its middle, so neither end is lost. The mark ` … ` comes on top.

    Args:
        text: the text.
        offsets: start and end of each token in `text`, in characters, special tokens left out.
        keep: tokens to keep; the odd one stays at the beginning. 0 or less gives an empty text.

    Returns:
        `text` itself when nothing is to be cut. Tokenised anew the result may differ from
        `keep` + the tokens of the mark by a token or two, where a tokenizer merges across the cut.
    """
    if keep >= len(offsets):
        return text
    if keep <= 0:
        return ""
    from_end = keep // 2
    head_end = offsets[keep - from_end - 1][1]
    # Byte-level tokens of one character share its offsets: the tail must not repeat what the head has.
    tail_start = max(head_end, offsets[len(offsets) - from_end][0]) if from_end else len(text)
    return (text[:head_end].rstrip() + MARK + text[tail_start:].lstrip()).rstrip()


def shorten_fields(
    fields: Mapping[str, str],
    offsets: Mapping[str, Sequence[tuple[int, int]]],
    budget: int,
    *,
    mark_tokens: int = 3,
) -> ShortenedFields:
    """The fields of one item cut to a budget of tokens.

    Args:
        fields: column name -> text; not changed.
        offsets: column name -> character offsets of the text's tokens; a field that is not in it is left as it is.
        budget: tokens that the fields in `offsets` may have together, marks included.
        mark_tokens: tokens of the mark ` … ` in this tokenizer (3 is the most a byte-level one needs).

    Returns:
        all fields, in their order, and whether anything was cut.
    """
    names = list(offsets)
    lengths = [len(offsets[name]) for name in names]
    result = dict(fields)
    for name, length, allotted in zip(names, lengths, allot_tokens(lengths, budget), strict=True):
        if allotted < length:
            result[name] = cut_middle(fields[name], offsets[name], allotted - mark_tokens)
    return ShortenedFields(result, sum(lengths) > max(budget, 0))
