"""A judge that only reads: the families that judgekit reads itself give the numbers of transformers and PEFT."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from tiny_backbones import build_bert, build_causal
from transformers import AutoModel

from judgekit.errors import BackboneError
from judgekit.models.bert import FUSED_FROM, Bert
from judgekit.models.loading import LoraSettings, find_backbone, load_judge, new_judge, read_adapter
from judgekit.models.lora import AdaptedLinear
from judgekit.models.reader import Batch
from judgekit.models.readers import load_reader, own_bert
from judgekit.models.tokenizer import load_reading_tokenizer, load_tokenizer
from judgekit.models.word_pieces import WordPieces

CPU = torch.device("cpu")
WORDS = [[[5, 6]], [[7], [11]], [[8, 9, 10]]]


def padded(*lengths: int) -> Batch:
    """Items of so many tokens each, padded on the right; in two segments."""
    columns = torch.arange(max(lengths))
    mask = (columns < torch.tensor(lengths).unsqueeze(1)).long()
    ids = (torch.arange(mask.numel()).view(mask.shape) % 40 + 5) * mask + (1 - mask)
    return Batch(ids, mask, (columns > 2).long() * mask)


def own_and_theirs(folder: Path, dtype: torch.dtype) -> tuple[Bert, Any]:
    """A backbone as judgekit reads it, and as transformers does."""
    theirs = AutoModel.from_pretrained(folder, dtype=dtype, attn_implementation="eager").eval()
    own = own_bert(find_backbone(str(folder)), CPU, dtype, None)
    assert isinstance(own, Bert)
    return own, theirs


@torch.no_grad()
def states(model: Any, name: str, batch: Batch) -> torch.Tensor:
    """The hidden states of all that is not padding, float32 `[tokens, H]`."""
    types = batch.token_type_ids if name == "bert" else None
    found = model(input_ids=batch.input_ids, attention_mask=batch.attention_mask, token_type_ids=types)
    return found.last_hidden_state[batch.attention_mask.bool()].float()


def saved_adapter(folder: Path, backbone: Path, dtype: torch.dtype) -> Any:
    """The model in training of a judge whose adapter does something; the adapter is saved in the folder."""
    found = find_backbone(str(backbone))
    judge = new_judge(
        found, lora=LoraSettings(4, 8, 0.0), label_bias=torch.tensor([0.5, -0.5, 0.0]),
        label_words=WORDS if found.kind == "causal" else None, device=CPU, dtype=dtype, seed=0,
    )  # fmt: skip
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in judge.trainable().values():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.05)
    judge.save_adapter(folder)
    return judge


@pytest.mark.parametrize("name", ["bert", "roberta"])
def test_the_own_forward_pass_gives_the_bits_of_transformers(name: str, request: Any) -> None:
    own, theirs = own_and_theirs(request.getfixturevalue(name), torch.float32)
    for batch in (padded(9), padded(12, 5, 3), padded(7, 7)):
        assert torch.equal(states(own, name, batch), states(theirs, name, batch))


@pytest.mark.parametrize("name", ["bert", "roberta"])
def test_in_bfloat16_it_is_no_further_from_float32_than_transformers(name: str, request: Any) -> None:
    folder = request.getfixturevalue(name)
    own, theirs = own_and_theirs(folder, torch.bfloat16)
    exact = own_and_theirs(folder, torch.bfloat16)[1].float()
    batch = padded(12, 5, 3)
    wanted = states(exact, name, batch)
    own_error, their_error = ((states(one, name, batch) - wanted).abs().mean() for one in (own, theirs))
    assert 0 < own_error <= 1.1 * their_error


@pytest.mark.parametrize("name", ["bert", "roberta"])
def test_long_texts_are_read_by_fused_attention_to_the_same_states(name: str, request: Any) -> None:
    own, theirs = own_and_theirs(request.getfixturevalue(name), torch.float32)
    batch = padded(FUSED_FROM, 5, FUSED_FROM - 1)
    torch.testing.assert_close(states(own, name, batch), states(theirs, name, batch), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_an_adapter_is_merged_as_on_transformers_model(bert: Path, dtype: torch.dtype, tmp_path: Path) -> None:
    saved_adapter(tmp_path, bert, dtype)
    given: Any = (find_backbone(str(bert)), read_adapter(tmp_path, labels=3))
    options: Any = {"label_words": None, "device": CPU, "dtype": dtype}
    own, theirs = load_reader(*given, **options), load_judge(*given, **options)
    assert isinstance(own.backbone, Bert) and not isinstance(theirs.backbone, Bert)
    theirs.backbone.set_attn_implementation("eager")  # as the own one reads short texts
    with torch.no_grad():
        found, wanted = own.read(padded(9, 4)).logits, theirs.read(padded(9, 4)).logits
    torch.testing.assert_close(found, wanted, rtol=0, atol=0 if dtype == torch.float32 else 5e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma2"])
def test_lora_beside_a_causal_lm_gives_the_bits_of_peft(family: str, dtype: torch.dtype, tmp_path: Path) -> None:
    backbone = build_causal(tmp_path / "model", family)
    peft = saved_adapter(tmp_path / "adapter", backbone, dtype)
    again: Any = load_reader(
        find_backbone(str(backbone)), read_adapter(tmp_path / "adapter"), label_words=WORDS, device=CPU, dtype=dtype
    )
    assert any(isinstance(module, AdaptedLinear) for module in again.backbone.modules())
    batch = Batch(torch.tensor([[5, 6, 7], [9, 8, 7]]), torch.ones(2, 3, dtype=torch.int64), None)
    peft.backbone.set_attn_implementation(again.backbone.config._attn_implementation)  # slow to train with on a CPU
    with torch.no_grad():
        found, wanted = again.read(batch), peft.read(batch)
    assert torch.equal(found.logits, wanted.logits)
    assert torch.equal(found.label_mass, wanted.label_mass)


@pytest.mark.parametrize(
    "changes",
    [{"hidden_act": "gelu_new"}, {"is_decoder": True}, {"position_embedding_type": "relative_key"}, {"vocab_size": 9}],
)
def test_what_is_not_known_of_a_family_is_left_to_transformers(bert: Path, changes: Any, tmp_path: Path) -> None:
    folder = shutil.copytree(bert, tmp_path / "odd")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))
    assert own_bert(find_backbone(str(folder)), CPU, torch.float32, None) is None


def test_weights_with_a_surplus_or_under_other_names_are_left_to_transformers(bert: Path, tmp_path: Path) -> None:
    weights = load_file(bert / "model.safetensors")
    norm = "encoder.layer.1.output.LayerNorm"
    odd = {
        "surplus": weights | {"encoder.layer.2.output.dense.bias": torch.zeros(32)},
        "old": {name.replace(f"{norm}.weight", f"{norm}.gamma"): one for name, one in weights.items()},
    }
    for name, changed in odd.items():
        folder = shutil.copytree(bert, tmp_path / name)
        save_file(changed, folder / "model.safetensors")
        assert own_bert(find_backbone(str(folder)), CPU, torch.float32, None) is None


def test_an_adapter_of_another_shape_is_refused(bert: Path, tmp_path: Path) -> None:
    saved_adapter(tmp_path / "adapter", bert, torch.float32)
    wide = find_backbone(str(build_bert(tmp_path / "wide", intermediate_size=48)))
    with pytest.raises(BackboneError, match=r"\[32, 64\] in the adapter, \[32, 48\] in the backbone"):
        load_reader(
            wide, read_adapter(tmp_path / "adapter", labels=3), label_words=None, device=CPU, dtype=torch.float32
        )


@given(st.lists(st.text() | st.sampled_from(["[SEP]", "[ SEP]", "the ROOM is fine…"]), min_size=1, max_size=4))
def test_word_pieces_are_those_of_transformers(usual_bert: Path, texts: list[str]) -> None:
    backbone = find_backbone(str(usual_bert))
    own, theirs = load_reading_tokenizer(backbone), load_tokenizer(backbone)
    assert isinstance(own, WordPieces)
    assert len(own) == len(theirs)
    for segments in ([texts], [texts, texts[::-1]]):
        found, wanted = own(*segments), theirs(*segments, verbose=False)
        assert found["input_ids"] == wanted["input_ids"]
        assert found["token_type_ids"] == wanted["token_type_ids"]
    plain: Any = {"add_special_tokens": False, "return_offsets_mapping": True, "verbose": False}
    assert own(texts, **plain)["offset_mapping"] == theirs(texts, **plain)["offset_mapping"]


def test_another_tokenizer_than_berts_is_left_to_transformers(usual_bert: Path, bert: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(usual_bert, tmp_path / "cased")
    says = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(says | {"do_lower_case": False}))
    for one in (folder, bert):
        assert not isinstance(load_reading_tokenizer(find_backbone(str(one))), WordPieces)
