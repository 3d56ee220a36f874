"""Tokenizers give what the backbone takes: padding and segments that it has embeddings for, or a refusal by name."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from judgekit.errors import BackboneError
from judgekit.models.backbones import find_backbone
from judgekit.models.tokenizer import embeddings, load_tokenizer


@pytest.fixture
def copy(bert: Path, tmp_path: Path) -> Path:
    """A copy of the encoder that a test may change."""
    return shutil.copytree(bert, tmp_path / "copy")


def test_padding_without_an_embedding_becomes_a_token_that_has_one(copy: Path) -> None:
    added = AutoTokenizer.from_pretrained(copy)
    added.add_special_tokens({"pad_token": "<new>"})
    added.save_pretrained(copy)
    backbone = find_backbone(str(copy))
    assert added.pad_token_id == embeddings(backbone)
    assert load_tokenizer(backbone).pad_token_id == 0


def test_a_model_of_one_token_type_gets_no_segments(copy: Path, bert: Path) -> None:
    assert "token_type_ids" in load_tokenizer(find_backbone(str(bert)))("a", "b")
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"type_vocab_size": 1}))
    assert "token_type_ids" not in load_tokenizer(find_backbone(str(copy)))("a", "b")


def test_a_model_whose_forward_knows_no_segments_gets_none(copy: Path) -> None:
    config = {"model_type": "distilbert", "architectures": ["DistilBertModel"], "vocab_size": 200}
    (copy / "config.json").write_text(json.dumps(config))
    assert "token_type_ids" not in load_tokenizer(find_backbone(str(copy)))("a", "b")


def test_a_sentencepiece_file_alone_is_refused_with_the_packages_that_read_it(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (copy / "tokenizer.json").rename(copy / "spm.model")
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    with pytest.raises(BackboneError, match=r"SentencePiece file alone .spm.model., and the packages") as caught:
        load_tokenizer(find_backbone(str(copy)))
    assert "pip install sentencepiece protobuf" in caught.value.hint


def test_a_folder_without_a_tokenizer_is_refused(copy: Path) -> None:
    (copy / "tokenizer.json").unlink()
    with pytest.raises(BackboneError, match="holds no tokenizer"):
        load_tokenizer(find_backbone(str(copy)))


def test_a_damaged_tokenizer_is_refused_with_its_folder(copy: Path) -> None:
    (copy / "tokenizer.json").write_text('{"version": "1.0"')
    with pytest.raises(BackboneError, match=r"The tokenizer in .*copy cannot be read"):
        load_tokenizer(find_backbone(str(copy)))
