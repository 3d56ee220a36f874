"""One item as a judge reads it: its text, its tokens, and where and at which words the label is read."""

from __future__ import annotations

from typing import Any, NamedTuple

from judgekit.core.json_values import json_values
from judgekit.dataset.opening import Dataset
from judgekit.prompts.verbalizer import Verbalizer
from judgekit.training.batches import TokenizedPrompts


class Token(NamedTuple):
    """One token of a prompt or of a label's word."""

    id: int
    token: str
    """As the tokenizer writes it."""


class Word(NamedTuple):
    """A word that a causal LM may say for a label."""

    text: str
    tokens: list[Token]


class PromptAsRead(NamedTuple):
    """One item as a judge reads it."""

    reader: str
    """Who reads it: a judge, or a backbone that would be trained."""
    dataset: str
    item: str
    kind: str
    """causal or encoder."""
    text: str | None
    """What a causal LM reads, whole; None for an encoder."""
    segments: tuple[str, str | None] | None
    """What an encoder reads, without its special tokens; None for a causal LM."""
    tokens: list[Token]
    judgment_position: int | None
    """Place of the token after which a causal LM is read, from 0; None for an encoder."""
    max_length: int
    is_truncated: bool
    has_special_tokens: bool
    """Whether a special token stood in the item's texts, where it is read as plain text with a space in it."""
    reading: str
    """How the labels are read, as a sentence."""
    words: dict[str, list[Word]]
    """For each label the words it is read at; empty for an encoder."""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return json_values(self)


def prompt_as_read(
    reader: str, data: Dataset, row: int, prompts: TokenizedPrompts, verbalizer: Verbalizer | None
) -> PromptAsRead:
    """One item of a dataset as a judge reads it, or as one would.

    Args:
        reader: who reads it, in words.
        data: the dataset.
        row: of the item.
        prompts: how items become tokens.
        verbalizer: how a causal LM is read; None for an encoder.
    """
    fields = data.items.texts.row(row, named=True)
    encoded = prompts.encode([fields])
    read = [prompts.fields_as_read(fields)]

    def tokens(ids: list[int]) -> list[Token]:
        return [Token(*pair) for pair in zip(ids, map(str, prompts.tokenizer.convert_ids_to_tokens(ids)), strict=True)]

    words: dict[str, list[Word]] = {}
    if verbalizer is not None:
        for label, texts, found in zip(prompts.labels, verbalizer.texts, verbalizer.words, strict=True):
            words[label] = [Word(text, tokens(list(ids))) for text, ids in zip(texts, found, strict=True)]
    ids = encoded.input_ids[0].tolist()
    return PromptAsRead(
        reader=reader,
        dataset=data.name,
        item=data.items.item_ids[row],
        kind="encoder" if prompts.for_encoder else "causal",
        text=None if prompts.for_encoder else prompts.texts(read)[0],
        segments=prompts.segments(read)[0] if prompts.for_encoder else None,
        tokens=tokens(ids),
        judgment_position=None if prompts.for_encoder else len(ids) - 1,
        max_length=prompts.max_length,
        is_truncated=bool(encoded.is_truncated[0]),
        has_special_tokens=bool(prompts.special_in_text([fields])),
        reading="A label head reads the mean of the tokens."
        if verbalizer is None
        else verbalizer.describe(prompts.labels),
        words=words,
    )
