"""Every optimiser is restored to the bytes, and one that cannot run here says why."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from toy_judge import ToyJudge, assert_same, copied, toy_items, toy_settings

from judgekit.errors import BackboneError
from judgekit.training import optimizer as module
from judgekit.training.loop import train_model
from judgekit.training.optimizer import check_optimizer


def test_a_paged_optimizer_is_refused_off_cuda() -> None:
    check_optimizer("adamw", torch.device("cpu"))
    with pytest.raises(BackboneError, match=r"(?s)managed memory, and the device is cpu.*--device cuda"):
        check_optimizer("paged", torch.device("cpu"))


def test_a_paged_optimizer_without_bitsandbytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Any:
        raise ModuleNotFoundError("No module named 'bitsandbytes'")

    monkeypatch.setattr(module, "_paged", missing)
    with pytest.raises(BackboneError, match=r"(?s)No module named 'bitsandbytes'.*pip install"):
        check_optimizer("paged", torch.device("cuda"))


@pytest.mark.filterwarnings("ignore:Paged optimizers are not supported on CPU")
@pytest.mark.parametrize("name", ["adamw", "paged"])
def test_an_optimizer_is_restored_to_the_bytes(name: str) -> None:
    if name == "paged":
        pytest.importorskip("bitsandbytes", reason="bitsandbytes is an extra")
    settings, items = toy_settings(optimizer=name), toy_items()
    saved = []
    whole = train_model(
        ToyJudge(dropout=0.3), *items, settings=settings, save=lambda state: saved.append(copied(state))
    )
    tensors = saved[1].tensors
    assert {"mean/words", "square/words", "parameter/words", "average/words", "best/words"} <= tensors.keys()
    assert "mean/idle" not in tensors  # a weight without gradients has no moments
    for state in saved:
        assert_same(train_model(ToyJudge(dropout=0.3), *items, settings=settings, state=state).state, whole.state)
    assert torch.equal(whole.state.tensors["parameter/idle"], ToyJudge().idle)


def test_both_optimizers_are_adamw() -> None:
    pytest.importorskip("bitsandbytes", reason="bitsandbytes is an extra")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ends = [
            train_model(ToyJudge(), *toy_items(), settings=toy_settings(optimizer=name)).state.tensors[
                "parameter/words"
            ]
            for name in ("adamw", "paged")
        ]
    # The same formula in another order of operations; nine steps of 0.01.
    torch.testing.assert_close(*ends, rtol=1e-3, atol=1e-4)
