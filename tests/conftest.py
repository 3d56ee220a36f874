"""What every test stands on: a workspace of its own, no network, and backbones so small that they are built here."""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
import string
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

# Before any library reads them: no test may use the network, and the small backbones gain nothing from threads.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

LABELS = ("bad", "fair", "good")
WORDS = [
    "the", "tea", "was", "cold", "warm", "late", "early", "soup", "bread", "kind", "rude", "slow", "quick", "room",
    "bed", "noise", "view", "clean", "dirty", "staff", "host", "price", "cheap", "dear", "town", "lake", "walk",
    "rain", "sun", "food", "meal", "plate", "glass", "door", "key", "lamp", "stair", "quiet", "loud", "fresh",
    "stale", "sweet", "sour",
]  # fmt: skip


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test works in a folder of its own; nothing of the person's settings or data reaches it."""
    for name in [name for name in os.environ if name.startswith("JUDGEKIT_")]:
        monkeypatch.delenv(name)
    for name in ("HOME", "USERPROFILE", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    # Hugging Face found its cache at import; a model there must not answer for one that a test names.
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """One thread for torch, where it is loaded at all; same seed, same bytes needs the same number of threads."""
    os.environ["OMP_NUM_THREADS"] = "1"
    import torch

    torch.set_num_threads(1)


# -- data ------------------------------------------------------------------------------------------------------------


def write_csv(path: Path, rows: Sequence[Sequence[object]], *, line_end: str = "\n") -> Path:
    """Write rows, header first, as a CSV of UTF-8 text."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator=line_end).writerows(rows)
    return path


def text_of(number: int, level: int) -> str:
    """A sentence, different for each number, whose first word tells its level."""
    choose = random.Random(number)
    return " ".join([("dirty", "slow", "clean")[level], *choose.choices(WORDS, k=5), WORDS[number % len(WORDS)]])


def votes_rows(items: int, *, labels: Sequence[str] = LABELS, annotators: int = 3, first: int = 0) -> list[list[str]]:
    """A long table in which the text's first word says which label most annotators choose."""
    rows = [["item_id", "annotator_id", "text", "label"]]
    choose = random.Random(first)
    for number in range(first, first + items):
        level = number % 3
        for annotator in range(annotators):
            label = labels[level % len(labels)] if choose.random() < 0.75 else choose.choice(labels)
            rows.append([f"i{number:04d}", f"p{annotator}", text_of(number, level), label])
    return rows


@pytest.fixture
def votes_csv(tmp_path: Path) -> Path:
    """A long CSV with 60 items and 3 annotators."""
    return write_csv(tmp_path / "votes.csv", votes_rows(60))


# -- backbones -------------------------------------------------------------------------------------------------------


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


def build_bert(folder: Path, *, max_positions: int = 64) -> Path:
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
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=max_positions, hidden_dropout_prob=0.1,
    )  # fmt: skip
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


def build_causal(folder: Path, family: str = "llama", *, words: Sequence[str] = ()) -> Path:
    """A causal LM of 2 layers x 32 over bytes.

    `llama`; `gemma2` with its two soft caps and sliding windows; `gpt2`, whose positions are counted from the start.
    """
    from transformers import (
        Gemma2Config,
        Gemma2ForCausalLM,
        GPT2Config,
        GPT2LMHeadModel,
        LlamaConfig,
        LlamaForCausalLM,
    )

    tokenizer = byte_level_tokenizer(words)
    save_tokenizer(folder, tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>")
    shape: dict[str, Any] = {
        "vocab_size": tokenizer.get_vocab_size(), "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 1024,
        "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": None,
    }  # fmt: skip
    if family == "llama":
        save_model(folder, lambda: LlamaForCausalLM(LlamaConfig(**shape)))
    elif family == "gpt2":
        gpt2 = GPT2Config(
            vocab_size=shape["vocab_size"], n_embd=32, n_layer=2, n_head=2, n_positions=1024, bos_token_id=1,
            eos_token_id=2,
        )  # fmt: skip
        save_model(folder, lambda: GPT2LMHeadModel(gpt2))
    else:
        gemma = Gemma2Config(
            **shape, head_dim=8, query_pre_attn_scalar=8, sliding_window=24, attn_logit_softcapping=5.0,
            final_logit_softcapping=3.0,
        )  # fmt: skip
        save_model(folder, lambda: Gemma2ForCausalLM(gemma))
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


@pytest.fixture(scope="session")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder with token types."""
    return build_bert(tmp_path_factory.mktemp("backbones") / "tiny-bert")


@pytest.fixture(scope="session")
def roberta(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder without token types."""
    return build_roberta(tmp_path_factory.mktemp("backbones") / "tiny-roberta")


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A causal LM for which every label is several tokens."""
    return build_causal(tmp_path_factory.mktemp("backbones") / "tiny-llama")


@pytest.fixture(scope="session")
def llama_of_words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A causal LM for which each of `LABELS` is one token."""
    return build_causal(tmp_path_factory.mktemp("backbones") / "tiny-llama-words", words=LABELS)


@pytest.fixture(scope="session")
def gemma2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A causal LM with soft caps on attention and logits, and sliding windows; labels are several tokens."""
    return build_causal(tmp_path_factory.mktemp("backbones") / "tiny-gemma2", "gemma2")


@pytest.fixture(scope="session")
def gemma2_of_words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, where each of `LABELS` is one token."""
    return build_causal(tmp_path_factory.mktemp("backbones") / "tiny-gemma2-words", "gemma2", words=LABELS)


@pytest.fixture(scope="session")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A causal LM with learned positions; labels are several tokens."""
    return build_causal(tmp_path_factory.mktemp("backbones") / "tiny-gpt2", "gpt2")


# -- a finished judge -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, bert: Path) -> Path:
    """A workspace with the dataset `votes` of 60 items and a judge of that name on the small encoder."""
    from judgekit import ingest, train

    folder = tmp_path_factory.mktemp("finished")
    ingest(write_csv(folder / "votes.csv", votes_rows(60)), workspace=folder / "ws")
    train(workspace=folder / "ws", backbone=bert, epochs=4, batch_size=8, device="cpu")
    return folder / "ws"


@pytest.fixture
def judged(finished: Path, tmp_path: Path) -> Path:
    """A copy of that workspace as `.judgekit` in the current folder."""
    return shutil.copytree(finished, tmp_path / ".judgekit")


# -- the command line ------------------------------------------------------------------------------------------------


class Ran:
    """One run of the command line: its exit code and what it printed."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on stdout; NaN and Infinity, which are no JSON, are refused."""

        def refuse(word: str) -> float:
            raise AssertionError(f"{word} is no JSON")

        return json.loads(self.out, parse_constant=refuse)


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run `judgekit …` in this process; stdout and stderr are caught at their file descriptors."""
    from judgekit.cli import main

    def call(*arguments: object) -> Ran:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return Ran(code, out, err)

    return call
