"""Labels and other words as token ids of one tokenizer, as they follow a rendered prompt.

What follows is `prompt + glue + word`: the glue is a space, or nothing where the prompt ends in white space or in a
token of its own, as chat templates do. This module must not know transformers: any object with these members will do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from judgekit.errors import LabelError

# Ends after which tokenizers start a new token; used only when the prompt's own end merges with the label.
_ANCHORS = ("\n", ".", ":", ")", "a")
_END_CHARACTERS = 200
_END_TOKENS = 8


class LabelTokenizer(Protocol):
    """The part of a Hugging Face tokenizer that is needed here."""

    @property
    def eos_token_id(self) -> int | None:
        """The id of the token that ends a sequence, if there is one."""
        ...

    @property
    def unk_token_id(self) -> int | None:
        """The id of the token for what the tokenizer does not know, if there is one."""
        ...

    @property
    def added_tokens_decoder(self) -> Mapping[int, Any]:
        """Token id -> what was added to the vocabulary by hand, with its text as `content`."""
        ...

    def __call__(self, text: list[str], /, *, add_special_tokens: bool, verbose: bool) -> Mapping[str, Any]:
        """A mapping whose "input_ids" holds one list of ids per text; `verbose` warns of long ones."""
        ...

    def convert_ids_to_tokens(self, ids: list[int], /) -> Any:
        """The tokens of the ids, for messages."""
        ...


def glue_after(tokenizer: LabelTokenizer, prompts: Sequence[str]) -> str:
    """What stands between a prompt and its label: a space, or nothing after white space or an added token.

    Raises:
        ValueError: there are no prompts.
    """
    if not prompts:
        raise ValueError("at least one prompt is needed to see the labels in their context")
    ends = tuple(token.content for token in tokenizer.added_tokens_decoder.values() if token.content)
    return "" if all(prompt[-1:].isspace() or prompt.endswith(ends) for prompt in prompts) else " "


def prompt_ends(tokenizer: LabelTokenizer, prompts: Sequence[str]) -> list[str]:
    """The last 200 characters of each prompt; the whole prompt where its last tokens depend on what comes before.

    Every word is tried behind every prompt: with whole prompts of 50,000 tokens that took minutes.
    """
    ends = [prompt[-_END_CHARACTERS:] for prompt in prompts]
    ids = tokenizer([*prompts, *ends], add_special_tokens=False, verbose=False)["input_ids"]
    pairs = zip(ids[: len(prompts)], ids[len(prompts) :], strict=True)
    is_same = [list(whole[-_END_TOKENS:]) == list(end[-_END_TOKENS:]) for whole, end in pairs]
    return [end if same else prompt for prompt, end, same in zip(prompts, ends, is_same, strict=True)]


def label_ids(
    tokenizer: LabelTokenizer, prompts: Sequence[str], labels: Sequence[str], *, space: str | None = None
) -> list[list[int]]:
    """The token ids of each label as it follows a rendered prompt, whatever other labels have.

    The ids are what `prompt + glue + label` has beyond `prompt`, so `ids of the prompt + ids of the label` is exactly
    what the tokenizer makes of the whole text. Where a tokenizer merges across that boundary, no such ids exist; then
    the boundary is kept by force and a label gets the ids that it has after a neutral end (a line break, a full stop, a
    colon …), provided that all ends which do not merge agree. The sequence is then valid, though not the
    tokenizer's own choice.

    Args:
        tokenizer: the tokenizer of the causal LM.
        prompts: rendered prompts of a few items, at least one; the ids must be the same after each of them.
        labels: the ordered label set.
        space: what stands before each label; None for the glue.

    Raises:
        LabelError: the ids differ from prompt to prompt, or the tokenizer always merges.
        ValueError: `prompts` is empty.
    """
    glue = glue_after(tokenizer, prompts) if space is None else space
    words = [glue + label for label in labels]
    found = [_whole(ids) for ids in _continuations(tokenizer, prompts, words)]
    if None not in found:
        return _agreed(tokenizer, [ids for ids in found if ids], labels, "after every prompt")
    found = [ids for one in _continuations(tokenizer, _ANCHORS, words) if (ids := _whole(one))]
    if not found:
        raise LabelError(
            "This tokenizer merges every label with the text before it, so its tokens cannot be distinguished.",
            problems=show_tokens(
                tokenizer, labels, tokenizer(list(labels), add_special_tokens=False, verbose=False)["input_ids"]
            ),
            hint="Use another backbone, or an encoder.",
        )
    return _agreed(tokenizer, found, labels, "whatever comes before")


def label_token_ids(
    tokenizer: LabelTokenizer, prompts: Sequence[str], labels: Sequence[str], *, space: str | None = None
) -> list[list[int]]:
    """The token ids of whole labels, made so that the probabilities of the sequences can be compared.

    When the ids of one label begin with all the ids of another (`not` and `not sure`), every label gets the
    end-of-sequence id appended: then no label is the beginning of another.

    Args:
        tokenizer: the tokenizer of the causal LM.
        prompts: rendered prompts of a few items, at least one; the ids must be the same after each of them.
        labels: the ordered label set.
        space: as at `label_ids`.

    Returns:
        one non-empty list of ids per label, no special tokens except the end of sequence named above.

    Raises:
        LabelError: as `label_ids`; or a label has no tokens or unknown ones, two labels have the same tokens, or one
            begins another and the tokenizer has no end-of-sequence token. Names the labels with their tokens.
        ValueError: `prompts` is empty.
    """
    ids = label_ids(tokenizer, prompts, labels, space=space)
    check_distinct(tokenizer, ids, labels)
    unknown = [index for index, one in enumerate(ids) if tokenizer.unk_token_id in one]
    if unknown:
        raise LabelError(
            "The tokenizer does not know some labels.",
            problems=show_tokens(tokenizer, [labels[index] for index in unknown], [ids[index] for index in unknown]),
            hint="Rename them, give the labels codes (--label-scoring codes), or use another backbone.",
        )
    if not _has_prefix_pair(ids):
        return ids
    end = tokenizer.eos_token_id
    if end is None:
        raise LabelError(
            "One label begins another, and this tokenizer has no end-of-sequence token to tell them apart.",
            problems=show_tokens(tokenizer, labels, ids),
            hint="Rename one of the labels.",
        )
    return [[*one, end] for one in ids]


def single_tokens(tokenizer: LabelTokenizer, prompts: Sequence[str], texts: Sequence[str]) -> dict[str, int]:
    """The texts that are one and the same known token right after every prompt, with the id of it.

    Args:
        tokenizer: the tokenizer of the causal LM.
        prompts: rendered prompts of a few items, at least one.
        texts: what may follow, the space before it included where there is one.
    """
    found: dict[str, int] = {}
    for text, after in zip(texts, zip(*_continuations(tokenizer, prompts, texts), strict=True), strict=True):
        ids = after[0]
        if ids and len(ids) == 1 and ids[0] != tokenizer.unk_token_id and all(other == ids for other in after):
            found[text] = ids[0]
    return found


def show_tokens(tokenizer: LabelTokenizer, words: Sequence[str], ids: Sequence[Sequence[int]]) -> list[str]:
    """One line per word with its tokens and their ids, for messages."""
    return [
        f"{word!r} -> {list(tokenizer.convert_ids_to_tokens(list(one)))} {list(one)}"
        for word, one in zip(words, ids, strict=True)
    ]


def _continuations(
    tokenizer: LabelTokenizer, contexts: Sequence[str], texts: Sequence[str]
) -> list[list[list[int] | None]]:
    """Per context the ids of every text after it; None where the tokenizer merges the text with the context."""
    whole = [text for context in contexts for text in (context, *(context + text for text in texts))]
    encoded = [list(ids) for ids in tokenizer(whole, add_special_tokens=False, verbose=False)["input_ids"]]
    result: list[list[list[int] | None]] = []
    for start in range(0, len(encoded), len(texts) + 1):
        context, *rest = encoded[start : start + len(texts) + 1]
        result.append([ids[len(context) :] if ids[: len(context)] == context else None for ids in rest])
    return result


def _whole(ids: Sequence[list[int] | None]) -> list[list[int]] | None:
    """The ids of all texts after one context; None where any of them was merged with it."""
    kept = [one for one in ids if one is not None]
    return kept if len(kept) == len(ids) else None


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
            problems=show_tokens(tokenizer, names, pairs),
            hint="End the prompt block of the template with fixed words, such as 'Label:'.",
        )
    return found[0]


def check_distinct(tokenizer: LabelTokenizer, ids: Sequence[list[int]], labels: Sequence[str]) -> None:
    """Check that the tokenizer leaves something of every label, and not the same of two.

    Raises:
        LabelError: names the labels with their tokens.
    """
    empty = [label for label, one in zip(labels, ids, strict=True) if not one]
    if empty:
        raise LabelError(
            f"The tokenizer leaves nothing of the label{'s' if len(empty) > 1 else ''} "
            f"{', '.join(repr(label) for label in empty)}.",
            hint="Rename it, give the labels codes (--label-scoring codes), or use another backbone.",
        )
    clashing = [index for index, one in enumerate(ids) if list(ids).count(one) > 1]
    if clashing:
        raise LabelError(
            "Some labels have the same tokens, so the model cannot tell them apart.",
            problems=show_tokens(tokenizer, [labels[index] for index in clashing], [ids[index] for index in clashing]),
            hint="Rename the labels, give them codes (--label-scoring codes), or use another backbone.",
        )


def _has_prefix_pair(ids: Sequence[list[int]]) -> bool:
    return any(one is not other and other[: len(one)] == one for one in ids for other in ids)
