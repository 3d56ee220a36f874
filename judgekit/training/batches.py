"""Items to tokens to batches: the one way in for training, evaluation and scoring.

Texts that are too long lose their middle, field by field; the template and the chat frame around them are never cut.
Special tokens of the tokenizer in a text are split by a space, so that they are read as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from judgekit.errors import TemplateError
from judgekit.models.reader import Batch
from judgekit.prompts.chat import ChatFrame, SpecialTokens
from judgekit.prompts.shorten import shorten_fields
from judgekit.prompts.template import PromptTemplate
from judgekit.prompts.verbalizer import shown_labels

CHUNK_BATCHES = 32
MOST_SHORTENINGS = 12


class EncodedItems(NamedTuple):
    """N tokenised items, unpadded."""

    input_ids: list[NDArray[np.int64]]
    """Token ids of each item, special tokens included."""
    token_type_ids: list[NDArray[np.int64]] | None
    """Segment numbers of each item; None for backbones without segments."""
    is_truncated: NDArray[np.bool_]
    """Whether the item's texts were shortened, `[N]`."""
    pad_id: int
    """Token id that fills a batch; masked, so any id does."""

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each item, `[N]`."""
        return np.array([len(ids) for ids in self.input_ids], dtype=np.int64)

    def take(self, rows: NDArray[np.int64]) -> EncodedItems:
        """The items at some positions, in that order."""
        types = self.token_type_ids
        return EncodedItems(
            [self.input_ids[row] for row in rows],
            None if types is None else [types[row] for row in rows],
            self.is_truncated[rows],
            self.pad_id,
        )

    def joined(self, others: EncodedItems) -> EncodedItems:
        """These items and others of the same tokenizer behind them."""
        types = None
        if self.token_type_ids is not None and others.token_type_ids is not None:
            types = self.token_type_ids + others.token_type_ids
        is_truncated = np.concatenate([self.is_truncated, others.is_truncated])
        return EncodedItems(self.input_ids + others.input_ids, types, is_truncated, self.pad_id)


class _CutItem(NamedTuple):
    """One item that was too long, after its texts were cut."""

    row: int
    fields: dict[str, str]
    ids: NDArray[np.int64]
    types: NDArray[np.int64] | None


class TokenizedPrompts:
    """Renders and tokenises items for one template, label set, tokenizer and model kind.

    Args:
        template: the template of the judge.
        labels: the ordered label set.
        tokenizer: a fast Hugging Face tokenizer.
        for_encoder: whether an encoder reads the segments, else a causal LM the prompt.
        max_length: most tokens of one item, special tokens included.
        frame: the chat frame around a causal LM's prompt; None for plain text. It holds all special tokens there are.
        codes: of each label, where a causal LM is read at codes.
        embeddings: how many token ids the backbone has embeddings for; None where that is not known.
        closing: what stands behind the template, inside the frame; it is never cut.
    """

    def __init__(
        self,
        template: PromptTemplate,
        labels: Sequence[str],
        tokenizer: Any,
        *,
        for_encoder: bool,
        max_length: int,
        frame: ChatFrame | None = None,
        codes: Sequence[str] = (),
        embeddings: int | None = None,
        closing: str = "",
    ) -> None:
        if for_encoder and (frame is not None or codes or closing):
            raise ValueError("an encoder has neither a chat frame nor codes nor an instruction")
        self.template = template
        self.labels = tuple(labels)
        self.tokenizer = tokenizer
        self.for_encoder = for_encoder
        self.max_length = max_length
        self.frame = frame
        self.codes = tuple(codes)
        self.embeddings = embeddings
        self.closing = closing
        self._shown = shown_labels(self.labels, self.codes)
        self._special = SpecialTokens(tokenizer, frame)

    def texts(self, items: Sequence[Mapping[str, str]]) -> list[str]:
        """The whole prompts of items as a causal LM reads them, in the chat frame if there is one; nothing is cut."""
        before, after = self.frame or ("", "")
        plain = map(self._plain, items)
        after = self.closing + after
        return [f"{before}{one}{after}" for one in self.template.render_many(plain, self._shown, self.codes)]

    def closing_with(self, closing: str) -> TokenizedPrompts:
        """The same prompts with another text behind the template."""
        found = copy(self)
        found.closing = closing
        return found

    def segments(self, items: Sequence[Mapping[str, str]]) -> list[tuple[str, str | None]]:
        """The segments of items as an encoder reads them, without its special tokens around them; nothing is cut."""
        separator = f" {self.tokenizer.sep_token} " if self.tokenizer.sep_token else " "
        return self.template.segments_many(map(self._plain, items), self._shown, separator=separator)

    def fields_as_read(self, item: Mapping[str, str]) -> dict[str, str]:
        """The texts of one item as they are read: special tokens in them parted, and cut if it is too long.

        Raises:
            TemplateError: as `encode`.
        """
        fields = self._plain(item)
        length = len(self._tokenise([fields])["input_ids"][0])
        return fields if length <= self.max_length else self._shortened([fields], [0], [length])[0].fields

    def special_in_text(self, items: Sequence[Mapping[str, str]]) -> int:
        """How many items have a special token of the tokenizer in their texts; it is read with a space in it."""
        return sum(any(self._special.occur_in(item[field]) for field in self.template.fields) for item in items)

    def beyond_embeddings(self, encoded: EncodedItems) -> dict[int, list[str]]:
        """The items that need tokens which the backbone has no embedding for: row -> these tokens."""
        most = self.embeddings
        found = {row: sorted({*ids[ids >= most].tolist()}) for row, ids in enumerate(encoded.input_ids)} if most else {}
        return {row: [*map(str, self.tokenizer.convert_ids_to_tokens(ids))] for row, ids in found.items() if ids}

    def encode(self, items: Sequence[Mapping[str, str]]) -> EncodedItems:
        """Tokenise items, shortening those that are longer than `max_length`.

        Args:
            items: column name -> text of each item.

        Raises:
            TemplateError: the template alone, without any text, is longer than `max_length`.
        """
        items = [self._plain(item) for item in items]
        encoding = self._tokenise(items)
        input_ids = [np.asarray(ids, dtype=np.int64) for ids in encoding["input_ids"]]
        segments = encoding.get("token_type_ids")
        token_type_ids = None if segments is None else [np.asarray(ids, dtype=np.int64) for ids in segments]
        too_long = [row for row, ids in enumerate(input_ids) if len(ids) > self.max_length]
        for cut in self._shortened(items, too_long, [len(ids) for ids in input_ids]):
            input_ids[cut.row] = cut.ids
            if token_type_ids is not None and cut.types is not None:
                token_type_ids[cut.row] = cut.types
        is_truncated = np.zeros(len(items), dtype=np.bool_)
        is_truncated[too_long] = True
        return EncodedItems(input_ids, token_type_ids, is_truncated, int(self.tokenizer.pad_token_id or 0))

    def encode_texts(self, texts: Sequence[str]) -> EncodedItems:
        """Tokenise texts by themselves, without the template; those longer than `max_length` lose their middle."""
        encoding = self.tokenizer([self._special.parted(text) for text in texts], verbose=False)
        head = self.max_length // 2
        tail = self.max_length - head

        def whole(found: Sequence[Sequence[int]]) -> list[NDArray[np.int64]]:
            parts = [np.asarray(ids, dtype=np.int64) for ids in found]
            return [ids if len(ids) <= self.max_length else np.concatenate([ids[:head], ids[-tail:]]) for ids in parts]

        types = encoding.get("token_type_ids")
        is_truncated = np.array([len(ids) > self.max_length for ids in encoding["input_ids"]], dtype=np.bool_)
        pad = int(self.tokenizer.pad_token_id or 0)
        return EncodedItems(whole(encoding["input_ids"]), None if types is None else whole(types), is_truncated, pad)

    def _tokenise(self, items: Sequence[Mapping[str, str]]) -> Any:
        # verbose=False: what is too long is shortened and counted here, the tokenizer's own warning would mislead.
        if not self.for_encoder:
            encoding = self.tokenizer(
                self.texts(items),
                add_special_tokens=self.frame is None,  # the frame has its own: never BOS twice
                verbose=False,
                return_token_type_ids=False,
                return_special_tokens_mask=True,
            )
            if self.frame is not None:
                return encoding
            # Some tokenizers end every text with EOS or [SEP]; a label is judged where the prompt ends, not behind it.
            pairs = zip(encoding["input_ids"], encoding["special_tokens_mask"], strict=True)
            return {"input_ids": [ids[: _end_of_text(added)] for ids, added in pairs]}
        segments = self.segments(items)
        first = [pair[0] for pair in segments]
        if all(second is None for _, second in segments):
            return self.tokenizer(first, verbose=False)
        return self.tokenizer(first, [second or "" for _, second in segments], verbose=False)

    def _shortened(self, items: Sequence[Mapping[str, str]], rows: list[int], lengths: list[int]) -> list[_CutItem]:
        """The too long items with their texts cut until they fit."""
        offsets = {row: self._offsets(items[row]) for row in rows}
        # What the template itself costs is not known exactly where tokens merge: start from the whole, then correct.
        budgets = {
            row: self.max_length - lengths[row] + sum(len(found) for found in offsets[row].values()) for row in rows
        }
        done: list[_CutItem] = []
        for _ in range(MOST_SHORTENINGS):
            if not rows:
                break
            cut = [shorten_fields(items[row], offsets[row], budgets[row]).fields for row in rows]
            encoding = self._tokenise(cut)
            segments = encoding.get("token_type_ids")
            waiting: list[int] = []
            for place, row in enumerate(rows):
                excess = len(encoding["input_ids"][place]) - self.max_length
                if excess > 0:
                    budgets[row] -= excess
                    waiting.append(row)
                    continue
                types = None if segments is None else np.asarray(segments[place], dtype=np.int64)
                ids = np.asarray(encoding["input_ids"][place], dtype=np.int64)
                done.append(_CutItem(row, cut[place], ids, types))
            rows = waiting
        if rows:
            raise TemplateError(
                f"{self.template.name}: the template alone fills {self.max_length} tokens, so no text fits.",
                hint="Shorten the template, or raise --max-length.",
            )
        return done

    def _plain(self, item: Mapping[str, str]) -> dict[str, str]:
        """The fields of an item with the special tokens in them parted."""
        return {field: self._special.parted(item[field]) for field in self.template.fields}

    def _offsets(self, item: Mapping[str, str]) -> dict[str, list[tuple[int, int]]]:
        texts = {field: item[field] for field in self.template.fields}
        encoding = self.tokenizer(
            list(texts.values()), add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )
        return dict(zip(texts, encoding["offset_mapping"], strict=True))


def _end_of_text(added: Sequence[int]) -> int:
    """The place behind the last token that the tokenizer did not add by itself (1), or 0 if there is none."""
    return next((place for place in range(len(added), 0, -1) if not added[place - 1]), 0)


def collate(encoded: EncodedItems, rows: NDArray[np.int64], *, pad_left: bool) -> Batch:
    """Pad some items to one batch.

    Args:
        encoded: all items.
        rows: which of them, in the order wanted, `[B]`.
        pad_left: where the padding goes.
    """
    lengths = np.array([len(encoded.input_ids[row]) for row in rows])
    columns = np.arange(lengths.max())
    distance = columns[::-1] if pad_left else columns  # from the end where the tokens are
    mask = distance < lengths[:, None]  # [B, T]

    def padded(parts: list[NDArray[np.int64]], fill: int) -> torch.Tensor:
        grid = np.full(mask.shape, fill, dtype=np.int64)
        grid[mask] = np.concatenate([parts[row] for row in rows])
        return torch.from_numpy(grid)

    types = None if encoded.token_type_ids is None else padded(encoded.token_type_ids, 0)
    return Batch(padded(encoded.input_ids, encoded.pad_id), torch.from_numpy(mask.astype(np.int64)), types)


def epoch_batches(lengths: NDArray[np.int64], batch_size: int, *, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """The batches of one epoch: every item once, items of similar length together, in random order.

    Items are shuffled, then sorted by length within chunks of 32 batches: padding is small and the order still random.
    The last batch may be smaller; nothing is dropped.

    Args:
        lengths: tokens of each item, `[N]`.
        batch_size: most items of one batch.
        seed: of the run.
        epoch: number of the epoch; each has its own order.
    """
    random = np.random.default_rng([seed, epoch])
    order = random.permutation(len(lengths))
    batches: list[NDArray[np.int64]] = []
    for start in range(0, len(order), batch_size * CHUNK_BATCHES):
        chunk = order[start : start + batch_size * CHUNK_BATCHES]
        chunk = chunk[np.argsort(lengths[chunk], kind="stable")]
        batches.extend(chunk[first : first + batch_size] for first in range(0, len(chunk), batch_size))
    return [batches[place] for place in random.permutation(len(batches))]
