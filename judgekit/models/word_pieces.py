"""BERT's tokenizer by the library that does the work, without transformers around it, whose import takes a second.

A folder that says anything else than BERT's usual word pieces is left to transformers. What the two make of texts is
compared by a test, and of a made-up item whenever a judge is loaded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing

_CLASSES = ("BertTokenizer", "BertTokenizerFast")
_NAMES = {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]",
          "mask_token": "[MASK]"}  # fmt: skip


class WordPieces:
    """The part of a Hugging Face tokenizer that reading an encoder's items needs.

    Args:
        tokenizer: with BERT's normaliser and special tokens.
        names: the special tokens by their part, as `sep_token`.
        has_segments: whether segment numbers are wanted.
    """

    chat_template = None

    def __init__(self, tokenizer: Tokenizer, names: Mapping[str, str], *, has_segments: bool) -> None:
        self.sep_token: str = names["sep_token"]
        self.pad_token_id: int | None = tokenizer.token_to_id(names["pad_token"])
        self._tokenizer = tokenizer
        self._has_segments = has_segments

    @property
    def added_tokens_decoder(self) -> Mapping[int, Any]:
        """Token id -> what was added to the vocabulary by hand."""
        return self._tokenizer.get_added_tokens_decoder()

    def apply_chat_template(self, conversation: list[dict[str, str]], /, **_: Any) -> Any:
        """An encoder has none."""
        raise ValueError("an encoder's tokenizer has no chat template")

    def convert_ids_to_tokens(self, ids: Sequence[int]) -> list[str]:
        """Tokens by their ids."""
        return [self._tokenizer.id_to_token(int(one)) or "" for one in ids]

    def __len__(self) -> int:
        return self._tokenizer.get_vocab_size()

    def __call__(
        self,
        texts: list[str],
        pairs: list[str] | None = None,
        *,
        add_special_tokens: bool = True,
        return_offsets_mapping: bool = False,
        verbose: bool = False,
    ) -> dict[str, list[Any]]:
        """`input_ids` of texts or of pairs of them, and what else is wanted; nothing is cut."""
        inputs: list[Any] = texts if pairs is None else list(zip(texts, pairs, strict=True))
        encode = self._tokenizer.encode_batch if return_offsets_mapping else self._tokenizer.encode_batch_fast
        encoded = encode(inputs, add_special_tokens=add_special_tokens)
        found: dict[str, list[Any]] = {"input_ids": [one.ids for one in encoded]}
        if self._has_segments:
            found["token_type_ids"] = [one.type_ids for one in encoded]
        if return_offsets_mapping:
            found["offset_mapping"] = [one.offsets for one in encoded]
        return found


def read_word_pieces(folder: Path, *, has_segments: bool) -> WordPieces | None:
    """The tokenizer in a folder; None where it is not BERT's usual one."""
    try:
        settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        stored = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        names = {part: settings.get(part, usual) for part, usual in _NAMES.items()}
        normalizer = {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": settings.get("tokenize_chinese_chars", True),
            "strip_accents": settings.get("strip_accents"),
            "lowercase": settings.get("do_lower_case", True),
        }
        model = {**stored["model"], "vocab": None}
        usual_model = {"type": "WordPiece", "unk_token": names["unk_token"], "continuing_subword_prefix": "##",
                       "max_input_chars_per_word": 100, "vocab": None}  # fmt: skip
        is_usual = (
            settings.get("tokenizer_class") in _CLASSES
            and {*names.values()} <= {token["content"] for token in stored["added_tokens"]}
            and (model, stored["normalizer"]) == (usual_model, normalizer)
            and stored["pre_tokenizer"] == {"type": "BertPreTokenizer"}
            and all(token["special"] and not token["normalized"] for token in stored["added_tokens"])
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # transformers says what is wrong with it
    if not is_usual:
        return None
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    start, end = names["cls_token"], names["sep_token"]
    places = [(token, tokenizer.token_to_id(token)) for token in (start, end)]
    if any(number is None for _, number in places):
        return None
    tokenizer.post_processor = TemplateProcessing(
        single=f"{start}:0 $A:0 {end}:0", pair=f"{start}:0 $A:0 {end}:0 $B:1 {end}:1", special_tokens=places
    )
    return WordPieces(tokenizer, names, has_segments=has_segments)
