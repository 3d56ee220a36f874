"""The tokenizer of a backbone, made to give what the backbone takes: padding and segments it has embeddings for."""

from __future__ import annotations

import inspect
from importlib.util import find_spec
from typing import Any

from judgekit.errors import BackboneError
from judgekit.models.backbones import Backbone, model_config
from judgekit.models.quiet import quiet_libraries
from judgekit.models.word_pieces import read_word_pieces
from judgekit.wording import first_line

_TOKENIZER_FILES = ("tokenizer.json", "vocab.txt", "vocab.json")
_SENTENCEPIECE = "*.model"


def load_reading_tokenizer(backbone: Backbone) -> Any:
    """A tokenizer that makes the same tokens as `load_tokenizer`'s and does no more, where that is sooner there."""
    found = None
    if backbone.shape is not None:
        found = read_word_pieces(backbone.folder, has_segments=has_segments(backbone))
    is_usual = found is not None and found.pad_token_id is not None and found.pad_token_id < (embeddings(backbone) or 0)
    return found if is_usual else load_tokenizer(backbone)


def load_tokenizer(backbone: Backbone) -> Any:
    """The backbone's fast tokenizer.

    Its padding is a token that the backbone has an embedding for, any one where its own is none: padding is masked. It
    gives segment numbers only where the backbone tells segments apart.

    Raises:
        BackboneError: it has none, or one that cannot be read.
    """
    _check_files(backbone)
    from transformers import AutoTokenizer  # half a second to import, and a judge on the starter does without

    try:
        with quiet_libraries():
            tokenizer: Any = AutoTokenizer.from_pretrained(
                str(backbone.folder), local_files_only=True, trust_remote_code=backbone.trust_remote_code
            )
    except (ValueError, OSError, ImportError) as error:
        raise BackboneError(
            f"The tokenizer in {backbone.folder} cannot be read: {first_line(error)}",
            hint="Save it anew with tokenizer.save_pretrained(folder) of a recent transformers.",
        ) from error
    if not getattr(tokenizer, "is_fast", False):
        raise BackboneError(f"{backbone.name} has no fast tokenizer, which judgekit needs to cut texts exactly.")
    size = embeddings(backbone)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token  # padding is masked: any id will do
    if size is not None and (tokenizer.pad_token_id or 0) >= size:
        tokenizer.pad_token = tokenizer.convert_ids_to_tokens(0)
    if not has_segments(backbone):
        tokenizer.model_input_names = [name for name in tokenizer.model_input_names if name != "token_type_ids"]
    return tokenizer


def embeddings(backbone: Backbone) -> int | None:
    """How many token ids the backbone has embeddings for; None where its config does not say."""
    if backbone.shape is not None:
        return backbone.shape.vocab_size
    return getattr(model_config(backbone).get_text_config(), "vocab_size", None)


def _check_files(backbone: Backbone) -> None:
    # Without them transformers makes a tokenizer of five tokens, for which every word is unknown, and says nothing.
    if any((backbone.folder / name).is_file() for name in _TOKENIZER_FILES):
        return
    models = sorted(path.name for path in backbone.folder.glob(_SENTENCEPIECE))
    if not models:
        raise BackboneError(
            f"{backbone.folder} holds no tokenizer (tokenizer.json, or a vocabulary).",
            hint="Save it beside the model with tokenizer.save_pretrained(folder).",
        )
    # transformers would name tiktoken, which cannot read these files.
    if not (find_spec("sentencepiece") and find_spec("google") and find_spec("google.protobuf")):
        raise BackboneError(
            f"{backbone.folder} has its tokenizer as a SentencePiece file alone ({', '.join(models)}), and the "
            "packages that read it, sentencepiece and protobuf, are not installed.",
            hint="Install them: pip install sentencepiece protobuf   (or add a tokenizer.json to the folder)",
        )


def has_segments(backbone: Backbone) -> bool:
    """Whether the model tells two segments apart; where that is not known it is given what its tokenizer gives."""
    if backbone.shape is not None:
        return backbone.shape.types > 1
    from transformers import MODEL_MAPPING  # as above

    config = model_config(backbone)
    if getattr(config, "type_vocab_size", 2) < 2:
        return False
    model = MODEL_MAPPING.get(type(config), None)
    model = model[0] if isinstance(model, tuple) else model
    return model is None or "token_type_ids" in inspect.signature(model.forward).parameters
