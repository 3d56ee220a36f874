"""How long texts are for a backbone, without loading it: `check` and `ingest` start without torch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from judgekit.models import starter, starter_lm

_AT_ONCE = 10_000
# The first is every family's name in transformers; the others stand in the files of GPT-2 and its kin, and of MPT.
_LIMITS = ("max_position_embeddings", "n_positions", "max_seq_len", "n_ctx")
# Their first token has the position after the padding's id, in a table of so many rows in all.
_COUNTING_FROM_PADDING = {
    "camembert", "data2vec-text", "esm", "ibert", "longformer", "luke", "mluke", "mpnet", "roberta",
    "roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl", "xmod",
}  # fmt: skip


def count_tokens(texts: Sequence[str], backbone: str) -> NDArray[np.int64] | None:
    """Tokens of each text, `[N]`, without those that the backbone puts around a prompt.

    Args:
        texts: the texts; they are not shortened.
        backbone: `starter`, a local folder in the Hugging Face layout, or a hub id, which is looked up in the cache
            alone.

    Returns:
        The counts; None where the backbone, or the file of its fast tokenizer, is not on this machine.
    """
    path = _find(backbone, "tokenizer.json")
    if path is None:
        return None
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    counts = np.empty(len(texts), dtype=np.int64)
    for start in range(0, len(texts), _AT_ONCE):
        encoded = tokenizer.encode_batch_fast(list(texts[start : start + _AT_ONCE]), add_special_tokens=False)
        counts[start : start + _AT_ONCE] = [len(one) for one in encoded]
    return counts


def longest_input(backbone: str) -> int | None:
    """The most tokens a backbone takes; None where its config is not on this machine, or names no limit."""
    path = _find(backbone, "config.json")
    return None if path is None else most_tokens(json.loads(path.read_text(encoding="utf-8")))


def most_tokens(config: Mapping[str, Any]) -> int | None:
    """The most tokens a backbone of this config takes; None without a limit, as with relative positions only."""
    config = {**config, **(config.get("text_config") or {})}
    named = [config[name] for name in _LIMITS if isinstance(config.get(name), int) and config[name] > 0]
    if not named or (config.get("relative_attention") and not config.get("position_biased_input", True)):
        return None
    return named[0] - (_first_position(config) if config.get("model_type") in _COUNTING_FROM_PADDING else 0)


def _first_position(config: Mapping[str, Any]) -> int:
    padding = config.get("pad_token_id")
    return (1 if padding is None else int(padding)) + 1


def _find(backbone: str, file: str) -> Path | None:
    """A file of a backbone, where `loading.find_backbone` would look for it; never downloaded."""
    revision = None
    folder: Path | None = Path(backbone).expanduser()
    if backbone == starter.NAME:
        folder = starter.find_in_wheel()
        backbone, revision = starter.HUB_ID, starter.REVISION
    if backbone == starter_lm.NAME:
        folder = starter_lm.folder_in_cache()
    if folder is not None and folder.is_dir():
        return folder / file if (folder / file).is_file() else None
    # A fifth of a second to import, and the embedded backbone does without.
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(backbone, file, revision=revision)
    except HFValidationError:  # neither a folder nor a hub id
        return None
    return Path(found) if isinstance(found, str) else None
