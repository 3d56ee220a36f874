"""Backbones of 2 layers x 32 with random weights and tokenizers of their own, written in the Hugging Face layout."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from made_up_votes import WORDS


def save_tokenizer(folder: Path, tokenizer: Any, **special: Any) -> None:
    """Write a fast tokenizer as a model folder holds it."""
    from transformers import PreTrainedTokenizerFast

    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(str(folder))


def save_model(folder: Path, make: Callable[[], Any], *, seed: int = 7) -> None:
    """Write a model with random weights as safetensors; the caller's random numbers stay as they are."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = make()
        with torch.no_grad():  # the usual initialisation is so small that all logits would be alike
            for parameter in model.parameters():
                if parameter.ndim > 1:
                    parameter.mul_(6.0)
        model.eval().save_pretrained(str(folder))


def build_bert(folder: Path, *, max_positions: int = 64, **changes: Any) -> Path:
    """A BERT encoder of 2 layers x 32 with [CLS], [SEP] and token types, pieces down to single characters."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    characters = string.ascii_lowercase + string.digits + string.punctuation + "…"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS, *characters, *(f"##{one}" for one in characters)]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    save_tokenizer(
        folder, tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )  # fmt: skip
    shape: dict[str, Any] = {
        "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
        "max_position_embeddings": max_positions, "hidden_dropout_prob": 0.1,
    }  # fmt: skip
    config = BertConfig(vocab_size=len(vocabulary), **shape | changes)
    save_model(folder, lambda: BertModel(config))
    return folder


def byte_level_tokenizer(words: Sequence[str] = (), *, specials: Sequence[str] = ("<unk>", "<s>", "</s>")) -> Any:
    """A byte-level BPE in which each of `words`, with the space before it, is one token and all else single bytes."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

    vocabulary = {token: number for number, token in enumerate(specials)}
    for byte in sorted(pre_tokenizers.ByteLevel.alphabet()):
        vocabulary[byte] = len(vocabulary)
    merges: list[tuple[str, str]] = []
    for word in words:
        token = "Ġ"
        for character in word:
            if token + character not in vocabulary:
                merges.append((token, character))
                vocabulary[token + character] = len(vocabulary)
            token += character
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    start = specials[1]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A", pair=f"{start} $A $B", special_tokens=[(start, 1)]
    )
    return tokenizer


def build_causal(folder: Path, family: str = "llama", *, words: Sequence[str] = (), **changes: Any) -> Path:
    """A causal LM of 2 layers x 32 over bytes.

    `llama`; `qwen2`, with biases and its head tied to the embeddings; `mistral` with sliding windows; `gemma2` with
    those, two soft caps and a tied head; `cohere` and `granite`, which scale their logits; `gpt2`, whose positions are
    counted from the start; any other that transformers knows by the names of these settings.

    Args:
        folder: where to.
        family: model type.
        words: words that are one token each.
        changes: other settings of its config.
    """
    from transformers import AutoConfig, AutoModelForCausalLM

    tokenizer = byte_level_tokenizer(words)
    save_tokenizer(folder, tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>")
    shape: dict[str, Any] = {
        "vocab_size": tokenizer.get_vocab_size(), "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 1024,
        "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": None,
    }  # fmt: skip
    if family == "gpt2":
        shape = {
            "vocab_size": shape["vocab_size"], "n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 1024,
            "bos_token_id": 1, "eos_token_id": 2,
        }  # fmt: skip
    own: dict[str, dict[str, Any]] = {
        "qwen2": {"tie_word_embeddings": True},
        "mistral": {"sliding_window": 24},
        "gemma2": {
            "head_dim": 8, "query_pre_attn_scalar": 8, "sliding_window": 24, "attn_logit_softcapping": 5.0,
            "final_logit_softcapping": 3.0,
        },
        "cohere": {"logit_scale": 0.25},
        "granite": {"logits_scaling": 4.0},
    }  # fmt: skip
    config = AutoConfig.for_model(family, **shape | own.get(family, {}) | changes)
    save_model(folder, lambda: AutoModelForCausalLM.from_config(config))
    return folder


def build_roberta(folder: Path) -> Path:
    """A RoBERTa encoder of 2 layers x 32: no token types, two separators, positions from the padding id + 1 on."""
    from tokenizers import processors
    from transformers import RobertaConfig, RobertaModel

    tokenizer = byte_level_tokenizer(WORDS, specials=("<s>", "<pad>", "</s>", "<unk>"))
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    save_tokenizer(
        folder, tokenizer, pad_token="<pad>", unk_token="<unk>", cls_token="<s>", sep_token="</s>", bos_token="<s>",
        eos_token="</s>", model_input_names=["input_ids", "attention_mask"],
    )  # fmt: skip
    config = RobertaConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=66, type_vocab_size=1, pad_token_id=1, bos_token_id=0,
        eos_token_id=2,
    )  # fmt: skip
    save_model(folder, lambda: RobertaModel(config))
    return folder
