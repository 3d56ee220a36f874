"""Items that the backbone cannot read: too long ones are cut, dropped or refused, as the user chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.config import OnTooLong
from judgekit.errors import BackboneError, DataError
from judgekit.training.batches import EncodedItems, TokenizedPrompts
from judgekit.wording import counted


class NothingLeftError(DataError):
    """All items are too long, and those are dropped."""


class FittingItems(NamedTuple):
    """The items that stay, tokenised."""

    encoded: EncodedItems
    rows: NDArray[np.int64]
    """Which of the items they are, ascending, `[N']`."""
    dropped: int


def encode_fitting(
    prompts: TokenizedPrompts, items: Sequence[Mapping[str, str]], ids: Sequence[str], on_too_long: OnTooLong
) -> FittingItems:
    """Tokenise items, and do with those that are too long what was asked for.

    Args:
        prompts: what renders and tokenises.
        items: column name -> text of each item.
        ids: of the items, for messages.
        on_too_long: cut their texts, drop the items, or stop.

    Raises:
        DataError: some are too long and `on_too_long` is error, or all are and it is drop.
        BackboneError: some need tokens that the backbone has no embedding for.
    """
    encoded = prompts.encode(items)
    if beyond := prompts.beyond_embeddings(encoded):
        raise BackboneError(
            f"{counted(len(beyond), 'item needs', 'items need')} tokens that the tokenizer knows and the backbone "
            f"does not: it has {prompts.embeddings:,} embeddings.",
            problems=[f"item {ids[row]}: {', '.join(map(repr, tokens))}" for row, tokens in beyond.items()],
            hint="Save a backbone with embeddings for all of them (model.resize_token_embeddings(len(tokenizer))), or "
            "take these tokens out of its tokenizer.",
        )
    is_long = encoded.is_truncated
    if on_too_long == "error" and is_long.any():
        raise DataError(
            f"{int(is_long.sum()):,} of {len(ids):,} items are longer than {prompts.max_length:,} tokens.",
            problems=[f"item {name}" for name, long in zip(ids, is_long, strict=True) if long],
            hint="Raise --max-length, or choose --on-too-long cut or drop.",
        )
    if on_too_long == "drop" and is_long.any():
        rows = np.flatnonzero(~is_long)
        if not len(rows):
            raise NothingLeftError(
                f"All {len(ids):,} items are longer than {prompts.max_length:,} tokens, so dropping leaves none.",
                hint="Raise --max-length, or choose --on-too-long cut.",
            )
        return FittingItems(encoded.take(rows), rows, int(is_long.sum()))
    return FittingItems(encoded, np.arange(len(ids)), 0)
