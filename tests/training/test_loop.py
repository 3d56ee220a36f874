"""The loop keeps the best, stops early, and continues from any checkpoint to the same bytes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from toy_judge import ToyJudge, assert_same, copied, toy_items, toy_settings

from judgekit.core.distributions import empirical_distribution, hard_target
from judgekit.core.metrics import kl_per_item
from judgekit.errors import SettingsError
from judgekit.models.loading import LoraSettings, find_backbone, load_tokenizer, new_judge
from judgekit.training import loop
from judgekit.training.batches import EncodedItems
from judgekit.training.loop import (
    LoopResult,
    LoopSettings,
    Progress,
    ValidationItems,
    train_model,
)
from judgekit.training.objectives.alignment import Alignment, TrainingItems
from judgekit.training.optimizer import learning_rate_factor
from judgekit.training.predict import predict
from judgekit.training.state import LoopState

SETTINGS = LoopSettings(
    epochs=4, batch_size=8, micro_batch_size=8, learning_rate=3e-3, weight_decay=0.01, warmup=0.1, averaging=0.9,
    optimizer="adamw", evaluations=4, patience=9, keep="best", seed=5,
)  # fmt: skip
STEPS = 12  # 24 items in batches of 8, four times; evaluated after 0, 3, 6, 9 and 12


@pytest.fixture(scope="module")
def items(bert: Path) -> tuple[Alignment, ValidationItems]:
    tokenizer = load_tokenizer(find_backbone(str(bert)))
    choose = np.random.default_rng(0)
    first = choose.integers(0, 3, 36)
    texts = [("dirty", "slow", "clean")[level] + " tea" * (n % 5) for n, level in enumerate(first)]
    counts = np.eye(3, dtype=np.int64)[first] * 3 + choose.integers(0, 2, (36, 3))
    encoding = tokenizer(texts)

    def part(rows: slice) -> EncodedItems:
        ids, types = (
            [np.array(one, dtype=np.int64) for one in encoding[name][rows]] for name in ("input_ids", "token_type_ids")
        )
        return EncodedItems(ids, types, np.zeros(len(ids), dtype=np.bool_), 0)

    p, hard = empirical_distribution(counts), hard_target(counts)
    radius = np.full(24, 0.25, dtype=np.float32)
    training = TrainingItems(part(slice(24)), p[:24].astype(np.float32), hard[:24].astype(np.float32), radius)
    return (
        Alignment(training, alpha=0.8, adversary="search"),
        ValidationItems(part(slice(24, 36)), p[24:]),
    )


@pytest.fixture
def model(bert: Path) -> Callable[[], Any]:
    """A fresh judge model with dropout, always the same."""

    def make() -> Any:
        return new_judge(
            find_backbone(str(bert)), lora=LoraSettings(4, 8, 0.2), label_bias=torch.zeros(3), label_words=None,
            device=torch.device("cpu"), dtype=torch.float32, seed=1,
        )  # fmt: skip

    return make


@pytest.fixture
def fit(items: tuple[Alignment, ValidationItems], model: Callable[[], Any]) -> Callable[..., LoopResult]:
    def call(made: Any = None, *, settings: LoopSettings = SETTINGS, **more: Any) -> LoopResult:
        return train_model(made or model(), *items, settings=settings, **more)

    return call


# -- resuming ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [0, 1, 3, 4, 5, 6, 11, 12])
def test_a_run_that_was_stopped_and_resumed_ends_like_one_that_was_not(fit: Any, steps: int) -> None:
    whole = fit()
    asked = 0

    def should_stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > steps

    stopped = fit(should_stop=should_stop)
    assert stopped.state.step == steps
    assert stopped.is_finished == (steps == STEPS)
    resumed = fit(state=copied(stopped.state))
    assert resumed.is_finished
    assert_same(resumed.state, whole.state)


def test_a_run_that_is_stopped_after_every_step_ends_like_one_that_is_not(fit: Any) -> None:
    whole = fit()
    state = None
    for _ in range(STEPS + 2):
        answers = iter([False, True])
        ended = fit(state=None if state is None else copied(state), should_stop=lambda: next(answers))  # noqa: B023
        state = ended.state
        if ended.is_finished:
            break
    assert ended.is_finished
    assert_same(ended.state, whole.state)


def test_a_run_that_was_killed_continues_from_any_of_its_saved_states(fit: Any) -> None:
    saved: list[LoopState] = []
    whole = fit(save=lambda state: saved.append(copied(state)))
    assert [state.step for state in saved] == [0, 3, 6, 9, 12]
    for state in saved:
        assert_same(fit(state=state).state, whole.state)


def test_a_long_way_between_evaluations_is_saved_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10**6, 301))  # each look at it takes five minutes and a second
    monkeypatch.setattr(loop.time, "monotonic", lambda: next(clock))
    settings, saved = toy_settings(evaluations=1), []
    model = ToyJudge(dropout=0.3)
    whole = train_model(model, *toy_items(), settings=settings, save=lambda state: saved.append(copied(state)))
    assert [state.step for state in saved] == [0, 1, 3, 5, 7, 9]
    for state in saved:
        again = train_model(ToyJudge(dropout=0.3), *toy_items(), settings=settings, state=state)
        assert_same(again.state, whole.state)


def test_the_resumed_model_holds_the_best_adapter(fit: Any, model: Any) -> None:
    one, two = model(), model()
    whole = fit(one)
    answers = iter([False] * 7 + [True])
    stopped = fit(should_stop=lambda: next(answers))
    fit(two, state=copied(stopped.state))
    for name, parameter in one.trainable().items():
        assert torch.equal(parameter, two.trainable()[name])
        assert torch.equal(parameter.cpu(), whole.state.tensors[f"best/{name}"])


# -- what it learns ----------------------------------------------------------------------------------------------------


def test_same_seed_same_bytes_and_another_seed_others(fit: Any) -> None:
    assert_same(fit().state, fit().state)
    other = fit(settings=dataclasses.replace(SETTINGS, seed=6))
    assert fit().state.log != other.state.log


def test_it_learns_and_says_so(fit: Any) -> None:
    seen: list[Progress] = []
    ended = fit(settings=dataclasses.replace(SETTINGS, epochs=20, patience=99), on_progress=seen.append)
    log = ended.state.log
    assert [row["step"] for row in log] == [0, 15, 30, 45, 60]
    assert ended.state.best_kl < 0.7 * log[0]["validation_kl"]
    assert {"total", "kl", "kl_adversarial", "cross_entropy"} <= log[1].keys()
    assert log[1]["kl_adversarial"] >= log[1]["kl"]
    assert seen[-1].step == seen[-1].total_steps == 60
    assert seen[-1].seconds_left == 0
    assert seen[-1].items_per_second > 0
    assert (seen[0].step, seen[0].items_per_second, seen[0].seconds_left) == (0, None, None)
    assert math.isclose(seen[-1].best_kl, ended.state.best_kl)


def test_the_best_adapter_is_kept_and_never_worse_than_none(fit: Any, model: Any, items: Any) -> None:
    for rate in (3e-3, 3.0):  # the second ruins the model
        made = model()
        ended = fit(made, settings=dataclasses.replace(SETTINGS, learning_rate=rate))
        kls = [row["validation_kl"] for row in ended.state.log]
        assert ended.state.best_kl == min(kls) <= kls[0]
        q = torch.from_numpy(predict(made, items[1].encoded).logits).double().softmax(-1).numpy()
        assert math.isclose(float(kl_per_item(q, items[1].p).mean()), ended.state.best_kl, rel_tol=1e-6)
        if rate == 3.0:
            assert ended.state.best_step == 0


def test_it_stops_when_the_validation_kl_no_longer_falls(fit: Any) -> None:
    settings = dataclasses.replace(SETTINGS, learning_rate=3.0, evaluations=12, patience=2)
    ended = fit(settings=settings)
    assert ended.is_finished
    assert ended.state.step == 6  # of 12: not before half of them, though the best was at the start
    assert ended.state.best_step == 0
    resumed = fit(settings=settings, state=copied(ended.state))
    assert_same(resumed.state, ended.state)


def test_the_last_adapter_is_kept_where_it_is_asked_for() -> None:
    settings = toy_settings(learning_rate=1.0, evaluations=9, patience=1)
    best, items = train_model(ToyJudge(), *toy_items(), settings=settings), toy_items()
    assert best.state.step < 9
    model, saved = ToyJudge(), []
    settings = dataclasses.replace(settings, keep="last")
    last = train_model(model, *items, settings=settings, save=lambda state: saved.append(copied(state)))
    assert last.state.step == last.state.best_step == 9
    assert (
        last.state.best_kl == last.state.log[-1]["validation_kl"] > min(row["validation_kl"] for row in last.state.log)
    )
    for name, parameter in model.trainable().items():
        assert torch.equal(parameter, last.state.tensors[f"average/{name}"])
    assert_same(train_model(ToyJudge(), *items, settings=settings, state=saved[4]).state, last.state)


def test_the_log_tells_the_mass_on_the_label_set() -> None:
    log = train_model(ToyJudge(), *toy_items(), settings=toy_settings()).state.log
    assert all(1 / 3 < row["label_mass"] < 1 for row in log)


def test_a_loss_that_is_not_finite_is_refused(fit: Any, items: Any) -> None:
    with pytest.raises(SettingsError, match=r"(?s)not finite at step \d+ of 12.*--learning-rate"):
        fit(settings=dataclasses.replace(SETTINGS, learning_rate=1e38, evaluations=1))


def test_the_callers_random_numbers_stay_as_they_are(fit: Any, model: Any) -> None:
    made = model()
    torch.manual_seed(11)
    before, legacy = torch.random.get_rng_state(), np.random.get_state()[1].tolist()
    fit(made)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert np.random.get_state()[1].tolist() == legacy


def test_the_result_does_not_depend_on_the_callers_random_numbers(fit: Any, model: Any) -> None:
    one, two = model(), model()
    torch.manual_seed(1)
    first = fit(one)
    torch.manual_seed(2)
    assert_same(first.state, fit(two).state)


def test_the_learning_rate_rises_then_falls_to_nothing() -> None:
    factors = [learning_rate_factor(step, 100, 0.1) for step in range(101)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[9] == pytest.approx(1.0)
    assert factors[:10] == sorted(factors[:10])
    assert factors[10:] == sorted(factors[10:], reverse=True)
    assert factors[100] == 0
    assert learning_rate_factor(0, 1, 0.0) == 1.0
