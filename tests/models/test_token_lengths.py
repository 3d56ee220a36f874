"""Tokens are counted by the backbone's own tokenizer, without the backbone, torch or a network."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest

from judgekit.models import starter
from judgekit.models.loading import find_backbone
from judgekit.models.loading import longest_input as longest_input_of_loaded
from judgekit.models.token_lengths import count_tokens, longest_input, most_tokens

TEXTS = ["the tea was cold", "", "Unheard-of: fjord. " * 300]


@pytest.mark.parametrize("name", ["bert", "roberta", "llama"])
def test_counts_are_those_of_the_backbone(name: str, request: Any) -> None:
    from transformers import AutoTokenizer

    folder: Path = request.getfixturevalue(name)
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    expected = [len(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in TEXTS]
    found = count_tokens(TEXTS, str(folder))
    assert found is not None and found.tolist() == expected
    assert longest_input(str(folder)) == longest_input_of_loaded(find_backbone(str(folder)))


def test_a_hub_model_is_read_from_the_cache(bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(starter, "find_in_wheel", lambda: None)
    for name, commit in (("some/model", "a" * 40), (starter.HUB_ID, starter.REVISION)):
        folder = tmp_path / f"models--{name.replace('/', '--')}"
        shutil.copytree(bert, folder / "snapshots" / commit)
        (folder / "refs").mkdir()
        (folder / "refs" / "main").write_text(commit)
    expected = count_tokens(TEXTS, str(bert))
    assert expected is not None
    for name in ("some/model", "starter"):
        found = count_tokens(TEXTS, name)
        assert found is not None and found.tolist() == expected.tolist()
        assert longest_input(name) == 64


def test_the_starter_is_read_from_its_wheel(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starter, "find_in_wheel", lambda: bert)
    assert longest_input("starter") == 64
    found = count_tokens(["the tea"], "starter")
    assert found is not None and found.tolist() == [2]


def test_a_backbone_that_is_not_here_has_no_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    for name in (str(tmp_path), "some/model", "not a/hub/id"):
        assert count_tokens(TEXTS, name) is None
        assert longest_input(name) is None


def test_counting_loads_neither_torch_nor_transformers(bert: Path) -> None:
    words = (
        "import sys; from judgekit.models.token_lengths import count_tokens, longest_input; "
        "assert count_tokens(['the tea'], sys.argv[1]).tolist() == [2]; assert longest_input(sys.argv[1]) == 64; "
        "print(*{'torch', 'transformers', 'peft'} & set(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", words, str(bert)], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout.strip(), ended.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("config", "most"),
    [
        ({"model_type": "gpt2", "n_positions": 256}, 256),
        ({"model_type": "mpt", "max_seq_len": 300}, 300),
        ({"model_type": "gemma3", "text_config": {"max_position_embeddings": 900}}, 900),
        ({"model_type": "mpnet", "max_position_embeddings": 514, "pad_token_id": 1}, 512),
        ({"model_type": "roberta", "max_position_embeddings": 514, "pad_token_id": 0}, 513),
        ({"model_type": "xlnet", "max_position_embeddings": -1}, None),
        (
            {"model_type": "deberta-v2", "max_position_embeddings": 512, "relative_attention": True,
             "position_biased_input": False},
            None,
        ),
        ({"model_type": "bloom"}, None),
    ],
)  # fmt: skip
def test_limits_are_read_under_every_name_and_only_where_they_are_limits(config: Any, most: int | None) -> None:
    assert most_tokens(config) == most
