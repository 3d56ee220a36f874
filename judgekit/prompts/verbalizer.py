"""Labels as token ids of one tokenizer, as they follow a rendered prompt; refuses what could be misread.

A causal LM is read at the label: `prompt + " " + label`. A label of several tokens keeps all of them, and none is ever
silently read at its first token. This module must not know transformers: any object with these three members will do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from judgekit.errors import LabelError

# Ends after which tokenizers start a new token; used only when the prompt's own end merges with the label.
_ANCHORS = ("\n", ".", ":", ")", "a")


class LabelTokenizer(Protocol):
    """The part of a Hugging Face tokenizer that is needed here."""

    @property
    def eos_token_id(self) -> int | None:
        """The id of the token that ends a sequence, if there is one."""
        ...

    def __call__(self, text: list[str], /, *, add_special_tokens: bool) -> Mapping[str, Any]:
        """A mapping whose "input_ids" holds one list of ids per text."""
        ...

    def convert_ids_to_tokens(self, ids: list[int], /) -> Any:
        """The tokens of the ids, for messages."""
        ...


def label_token_ids(tokenizer: LabelTokenizer, prompts: Sequence[str], labels: Sequence[str]) -> list[list[int]]:
    """The token ids of each label as it follows a rendered prompt.

    The ids are what `prompt + " " + label` has beyond `prompt`, so `ids of the prompt + ids of the label` is exactly
    what the tokenizer makes of the whole text. Where a tokenizer merges across that boundary, no such ids exist; then
    the boundary is kept by force and a label gets the ids that it has after a neutral end (a line break, a full stop, a
    colon …), provided that all ends which do not merge agree. The sequence is then valid, though not the
    tokenizer's own choice.

    When the ids of one label begin with all the ids of another (`not` and `not sure`), every label gets the
    end-of-sequence id appended: then no label is the beginning of another, and the probabilities of whole
    sequences can be compared.

    Args:
        tokenizer: the tokenizer of the causal LM.
        prompts: rendered prompts of a few items, at least one; the ids must be the same after each of them.
        labels: the ordered label set.

    Returns:
        one non-empty list of ids per label, no special tokens except the end of sequence named above.

    Raises:
        LabelError: the ids differ from prompt to prompt, a label has no tokens, two labels have the same tokens, or one
            begins another and the tokenizer has no end-of-sequence token. Names the labels with their tokens.
        ValueError: `prompts` is empty.
    """
    if not prompts:
        raise ValueError("at least one prompt is needed to see the labels in their context")
    ids = _ids_after_prompts(tokenizer, prompts, labels) or _ids_after_anchors(tokenizer, labels)
    _check_distinct(tokenizer, ids, labels)
    if not _has_prefix_pair(ids):
        return ids
    end = tokenizer.eos_token_id
    if end is None:
        raise LabelError(
            "One label begins another, and this tokenizer has no end-of-sequence token to tell them apart.",
            problems=_show(tokenizer, labels, ids),
            hint="Rename one of the labels.",
        )
    return [[*label_ids, end] for label_ids in ids]


def _continuations(
    tokenizer: LabelTokenizer, contexts: Sequence[str], labels: Sequence[str]
) -> list[list[list[int]] | None]:
    """Per context the ids of every label after it; None where the tokenizer merges any of them with the context."""
    texts = [text for context in contexts for text in (context, *(f"{context} {label}" for label in labels))]
    encoded = [list(ids) for ids in tokenizer(texts, add_special_tokens=False)["input_ids"]]
    result: list[list[list[int]] | None] = []
    for start in range(0, len(encoded), len(labels) + 1):
        context, *whole = encoded[start : start + len(labels) + 1]
        is_kept = all(ids[: len(context)] == context for ids in whole)
        result.append([ids[len(context) :] for ids in whole] if is_kept else None)
    return result


def _ids_after_prompts(
    tokenizer: LabelTokenizer, prompts: Sequence[str], labels: Sequence[str]
) -> list[list[int]] | None:
    found = _continuations(tokenizer, prompts, labels)
    if any(ids is None for ids in found):
        return None
    return _agreed(tokenizer, [ids for ids in found if ids is not None], labels, "after every prompt")


def _ids_after_anchors(tokenizer: LabelTokenizer, labels: Sequence[str]) -> list[list[int]]:
    found = [ids for ids in _continuations(tokenizer, _ANCHORS, labels) if ids is not None]
    if not found:
        raise LabelError(
            "This tokenizer merges every label with the text before it, so its tokens cannot be told apart.",
            problems=_show(tokenizer, labels, tokenizer(list(labels), add_special_tokens=False)["input_ids"]),
            hint="Use another backbone, or an encoder.",
        )
    return _agreed(tokenizer, found, labels, "whatever comes before")


def _agreed(
    tokenizer: LabelTokenizer, found: Sequence[list[list[int]]], labels: Sequence[str], where: str
) -> list[list[int]]:
    other = next((ids for ids in found if ids != found[0]), None)
    if other is not None:
        differing = [index for index in range(len(labels)) if other[index] != found[0][index]]
        names = [labels[index] for index in differing for _ in range(2)]
        pairs = [ids[index] for index in differing for ids in (found[0], other)]
        raise LabelError(
            f"The tokens of a label must be the same {where}; here they change.",
            problems=_show(tokenizer, names, pairs),
            hint="End the prompt block of the template with fixed words, such as 'Label:'.",
        )
    return found[0]


def _check_distinct(tokenizer: LabelTokenizer, ids: Sequence[list[int]], labels: Sequence[str]) -> None:
    empty = [label for label, label_ids in zip(labels, ids, strict=True) if not label_ids]
    if empty:
        raise LabelError(
            f"The tokenizer leaves nothing of the label{'s' if len(empty) > 1 else ''} "
            f"{', '.join(repr(label) for label in empty)}.",
            hint="Rename it, or use another backbone.",
        )
    clashing = [index for index, label_ids in enumerate(ids) if list(ids).count(label_ids) > 1]
    if clashing:
        raise LabelError(
            "Some labels have the same tokens, so the model cannot tell them apart.",
            problems=_show(tokenizer, [labels[index] for index in clashing], [ids[index] for index in clashing]),
            hint="Rename the labels, or use another backbone.",
        )


def _has_prefix_pair(ids: Sequence[list[int]]) -> bool:
    return any(one is not other and other[: len(one)] == one for one in ids for other in ids)


def _show(tokenizer: LabelTokenizer, labels: Sequence[str], ids: Sequence[list[int]]) -> list[str]:
    return [
        f"{label!r} -> {list(tokenizer.convert_ids_to_tokens(list(label_ids)))} {list(label_ids)}"
        for label, label_ids in zip(labels, ids, strict=True)
    ]
