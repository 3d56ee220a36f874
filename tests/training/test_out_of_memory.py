"""A batch in pieces is the same batch; where memory runs out the pieces are halved, and the run goes on."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
import torch
from toy_judge import ToyJudge, assert_same, copied, toy_items, toy_settings

from judgekit.errors import SettingsError
from judgekit.models.reader import Batch
from judgekit.training import loop
from judgekit.training.first_pass import FirstPass
from judgekit.training.loop import LoopResult, train_model
from judgekit.training.out_of_memory import is_out_of_memory
from judgekit.training.state import LoopState


def fit(
    model: ToyJudge, *, state: LoopState | None = None, notes: list[str] | None = None, **changes: Any
) -> LoopResult:
    told = [] if notes is None else notes
    return train_model(model, *toy_items(), settings=toy_settings(**changes), state=state, on_note=told.append)


def assert_close(one: LoopState, other: LoopState) -> None:
    """Up to the rounding of sums in another order, which AdamW's division by small second moments enlarges."""
    assert one.tensors.keys() == other.tensors.keys()
    for name, tensor in one.tensors.items():
        torch.testing.assert_close(tensor, other.tensors[name], rtol=1e-3, atol=1e-5, msg=name)
    for row, expected in zip(one.log, other.log, strict=True):
        assert row == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_a_batch_in_pieces_gives_the_same_adapter(size: int) -> None:
    model = ToyJudge()
    pieces = fit(model, micro_batch_size=size)
    assert max(model.sizes) <= size
    assert_close(pieces.state, fit(ToyJudge()).state)


def test_memory_that_runs_out_halves_the_pieces_and_says_so() -> None:
    model, notes = ToyJudge(most_tokens=40), []  # the longest items have 9 tokens: 8 do not fit, 4 do
    short = fit(model, notes=notes)
    assert short.state.micro_batch_size == 4
    assert notes == ["Memory ran out with 8 items in one pass; from here on 4, with the same batch size."]
    assert_close(short.state, fit(ToyJudge()).state)


def test_memory_that_runs_out_in_a_step_leaves_nothing_of_the_failed_attempt() -> None:
    class Tired(ToyJudge):
        """Has memory for the probe and the first two steps, and for half as much from there on."""

        def label_logits(self, batch: Batch) -> torch.Tensor:
            if self.training and len(self.sizes) == 3:
                self.most_tokens = 1
                logits = super().label_logits(Batch(*(None if one is None else one[:1, :1] for one in batch)))
                logits.sum().backward()  # a first piece had its gradients already
                self.most_tokens = 40
                raise RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory")
            return super().label_logits(batch)

    notes: list[str] = []
    tired = fit(Tired(), notes=notes)
    assert len(notes) == 1
    assert tired.state.micro_batch_size == 4
    assert_close(tired.state, fit(ToyJudge()).state)


def test_a_resumed_run_goes_on_with_the_halved_pieces() -> None:
    saved: list[LoopState] = []
    settings = toy_settings()
    whole = train_model(
        ToyJudge(dropout=0.3, most_tokens=40), *toy_items(), settings=settings, save=lambda s: saved.append(copied(s))
    )
    assert [state.micro_batch_size for state in saved] == [4] * 4
    model, notes = ToyJudge(dropout=0.3, most_tokens=40), []
    assert_same(fit(model, state=saved[1], notes=notes).state, whole.state)
    assert notes == []


def test_one_item_that_does_not_fit_is_refused_with_what_to_change() -> None:
    with pytest.raises(SettingsError, match=r"(?s)One item of 9 tokens does not fit") as found:
        fit(ToyJudge(most_tokens=8))
    for option in ("--max-length", "--lora-r", "--gradient-checkpointing", "--load-in-4bit", "--backbone"):
        assert option in found.value.hint


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"), True),
        (RuntimeError("CUDA error: device-side assert triggered"), False),
    ],
)
def test_a_lack_of_memory_is_told_from_other_errors(error: RuntimeError, expected: bool) -> None:
    assert is_out_of_memory(error) == expected


def test_the_allocator_of_this_machine_is_understood() -> None:
    with pytest.raises(RuntimeError) as found:
        torch.empty(2**62, dtype=torch.uint8)
    assert is_out_of_memory(found.value)


# -- the probe ---------------------------------------------------------------------------------------------------------


def test_the_probe_takes_the_longest_items_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    model = ToyJudge(dropout=0.3)
    probed = fit(model)
    assert (probed.first_pass.items, probed.first_pass.tokens) == (8, 9)
    assert probed.first_pass.seconds > 0
    assert model.sizes[0] == 8
    with monkeypatch.context() as patch:
        patch.setattr(loop, "probe_longest", lambda *_, **__: FirstPass(0, 0, 0.0, None))
        model = ToyJudge(dropout=0.3)
        assert_same(fit(model).state, probed.state)


def test_the_probe_measures_memory_where_the_system_tells() -> None:
    class Wasteful(ToyJudge):
        def label_logits(self, batch: Batch) -> torch.Tensor:
            waste = np.ones(30_000_000)  # 240 MB
            return super().label_logits(batch) + 0 * float(waste[0])

    if sys.platform != "linux":
        assert fit(ToyJudge()).first_pass.peak_memory is None
        return
    little, much = fit(ToyJudge()).first_pass.peak_memory, fit(Wasteful()).first_pass.peak_memory
    assert little is not None
    assert much is not None
    # Tests that ran before may have left the allocator some room.
    assert much - little > 100_000_000


def test_a_model_of_nan_is_refused_before_the_first_step() -> None:
    model = ToyJudge()
    with torch.no_grad():
        model.head.weight.fill_(float("nan"))
    told: list[int] = []
    with pytest.raises(SettingsError, match=r"(?s)nan before training has changed anything.*--dtype float32"):
        train_model(
            model, *toy_items(), settings=toy_settings(), on_progress=lambda progress: told.append(progress.step)
        )
    assert told == []
