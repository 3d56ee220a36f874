"""How long an input a model reads is asked of the model: by its tables, not by what its config says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_backbones import build_causal
from transformers import AutoModel, AutoModelForCausalLM

from judgekit.errors import BackboneError
from judgekit.models.longest import check_longest


@pytest.mark.parametrize(("name", "most"), [("bert", 64), ("roberta", 64), ("gpt2", 1024)])
def test_a_model_with_learned_positions_reads_as_many_as_its_table_has(name: str, most: int, request: Any) -> None:
    auto = AutoModelForCausalLM if name == "gpt2" else AutoModel
    model = auto.from_pretrained(request.getfixturevalue(name))
    check_longest(model, most)
    model(input_ids=torch.full((1, most), 5))  # the model itself agrees
    if name != "bert":  # which cuts a list of positions, and transformers' own error names the sizes
        with pytest.raises(BackboneError, match=f"reads {most:,} tokens at most") as caught:
            check_longest(model, most + 3)
        assert f"--max-length {most}" in caught.value.hint


def test_a_table_of_computed_positions_has_an_end_too(tmp_path: Path) -> None:
    folder = build_causal(tmp_path, "gptj", rotary_dim=4, max_position_embeddings=50)
    model = AutoModelForCausalLM.from_pretrained(folder)
    with pytest.raises(BackboneError, match="reads 50 tokens at most"):  # a table of sines, taken by gather
        check_longest(model, 51)


def test_rotary_positions_and_the_random_numbers_are_left_alone(llama: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(llama)
    before = torch.random.get_rng_state()
    check_longest(model, 1_100)
    assert torch.equal(torch.random.get_rng_state(), before)
