"""Device and number format are chosen by what is there, and refused by name where they are not."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest
import torch

from judgekit.errors import BackboneError
from judgekit.models.backbones import find_backbone
from judgekit.models.devices import check_4bit, choose_device, choose_dtype

CPU = torch.device("cpu")


@pytest.mark.parametrize("name", ["banana", "cuda:99", "", "cpu:x"])
def test_a_device_that_is_not_there_is_an_error_with_a_remedy(name: str) -> None:
    with pytest.raises(BackboneError, match=r"(?s)device .* cannot be used here.*--device auto or cpu"):
        choose_device(name)


def test_auto_takes_what_is_there() -> None:
    assert choose_device("cpu").type == "cpu"
    assert choose_device("auto").type in {"cpu", "cuda", "mps"}


def test_auto_takes_bfloat16_only_where_the_cpu_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True, "avx512_bf16": False}, raising=False)
    assert choose_dtype("auto", CPU) is torch.float32
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False)
    assert choose_dtype("auto", CPU) is torch.bfloat16
    assert choose_dtype("float32", CPU) is torch.float32


# -- 4 bits ------------------------------------------------------------------------------------------------------------


def test_four_bits_are_refused_with_the_reason(
    bert: Path, llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    causal = find_backbone(str(llama))
    check_4bit(causal, CPU)
    with pytest.raises(BackboneError, match=r"(?s)it is an encoder.*Omit --load-in-4bit"):
        check_4bit(find_backbone(str(bert)), CPU)
    with pytest.raises(BackboneError, match="on CUDA and on the CPU, not on mps"):
        check_4bit(causal, torch.device("mps"))
    (tmp_path / "config.json").write_text('{"model_type": "llama", "quantization_config": {"bits": 4}}')
    with pytest.raises(BackboneError, match="already quantised"):
        check_4bit(dataclasses.replace(causal, folder=tmp_path), CPU)
    monkeypatch.setitem(sys.modules, "bitsandbytes.functional", None)
    with pytest.raises(BackboneError, match="bitsandbytes does not work here"):
        check_4bit(causal, CPU)
