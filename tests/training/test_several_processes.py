"""Two processes train the judge that one trains, up to rounding, and do everything at the same step."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from toy_judge import ToyJudge, toy_items, toy_settings

from judgekit.errors import SettingsError
from judgekit.training.loop import train_model
from judgekit.training.processes import Processes, join_processes

RUNS = ("plain", "memory", "stop", "dropout", "idle", "sharded")
LAUNCHED = {"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}


def run(processes: Processes, name: str) -> dict[str, Any]:
    """One training of what the tests below look at; the same in every process but for its rank."""
    told: dict[str, list[Any]] = {"notes": [], "saved": [], "steps": []}
    processes.is_sharded = name == "sharded"
    model = ToyJudge(dropout=0.3 if name == "dropout" else 0.0)
    if name == "memory" and processes.rank == 1:
        model.most_tokens = 25  # of the 4 items of a share only 2 fit, in one of the processes
    stops = name == "stop" and processes.rank == 1
    # The last batch of an epoch has 1 item and there is 1 to validate on: one of the processes gets none.
    items = toy_items(17, 1) if name in {"idle", "sharded"} else toy_items()
    ended = train_model(
        model,
        *items,
        settings=toy_settings(micro_batch_size=3 if name == "sharded" else 8),
        processes=processes,
        on_note=told["notes"].append,
        on_progress=lambda progress: told["steps"].append(progress.step),
        save=lambda state: told["saved"].append(state.step),
        should_stop=lambda: stops and model.sizes[2:] != [],
    )
    return {
        **told,
        "progress": ended.state.progress(),
        "tensors": ended.state.tensors,
        "sizes": model.sizes,
        "readings": model.readings,
    }


def failing(work: Callable[[], Any]) -> tuple[str, bool]:
    try:
        work()
    except SettingsError as error:
        return str(error), getattr(error, "is_shown_elsewhere", False)
    return "", False


def take_part(rank: int, folder: str, port: int) -> None:
    """What each of two processes does."""
    torch.set_num_threads(1)
    os.environ |= LAUNCHED | {"RANK": str(rank), "LOCAL_RANK": str(rank), "MASTER_PORT": str(port)}
    processes = join_processes()

    def refuse() -> None:
        raise SettingsError("No.", hint="Say please.")

    result: dict[str, Any] = {name: run(processes, name) for name in RUNS}
    result["from_main"] = processes.from_main(lambda: ("main", processes.rank))
    result["refused"] = failing(lambda: processes.from_main(refuse))
    result["device"] = str(processes.device(torch.device("cpu")))
    result["cuda"] = failing(lambda: processes.device(torch.device("cuda")))[0]
    torch.save(result, Path(folder) / f"{rank}.pt")
    processes.end()


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What two processes came to."""
    folder = tmp_path_factory.mktemp("members")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torch.multiprocessing.spawn(take_part, (str(folder), port), nprocs=2)
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


@pytest.mark.parametrize("name", ["plain", "memory", "idle", "sharded"])
def test_two_processes_come_to_what_one_comes_to(members: list[dict[str, Any]], name: str) -> None:
    alone = run(Processes(), name)
    for member in members:
        found = member[name]
        assert found["tensors"].keys() == alone["tensors"].keys()
        for key, tensor in alone["tensors"].items():
            # Sums of floats in another order, enlarged where AdamW divides by small second moments.
            torch.testing.assert_close(found["tensors"][key], tensor, rtol=1e-3, atol=1e-5, msg=key)
        for row, expected in zip(found["progress"]["log"], alone["progress"]["log"], strict=True):
            assert row == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", RUNS)
def test_both_processes_hold_the_same_bytes(members: list[dict[str, Any]], name: str) -> None:
    one, other = (dict(member[name]) for member in members)
    for key, tensor in one["tensors"].items():
        assert torch.equal(tensor, other["tensors"][key])
    del one["progress"]["seconds"], other["progress"]["seconds"]
    assert one["progress"] == other["progress"]


def test_each_does_half_of_every_batch(members: list[dict[str, Any]]) -> None:
    for member in members:
        assert member["plain"]["sizes"][0] == 4  # the probe: as much as a step asks of it
        assert max(member["plain"]["sizes"]) == 4
    first, second = (sum(member["plain"]["sizes"][1:]) for member in members)
    assert first + second == 3 * 22


def test_under_fsdp_each_does_as_many_passes_as_the_other(members: list[dict[str, Any]]) -> None:
    one, other = (member["sharded"] for member in members)
    assert len(one["sizes"]) == len(other["sizes"])
    assert one["readings"] == other["readings"] > 0
    one, other = (member["idle"]["sizes"] for member in members)
    assert len(one) != len(other)  # the same items without FSDP


def test_under_fsdp_a_lack_of_memory_is_an_error_that_names_the_setting() -> None:
    class Sharded(Processes):
        is_sharded = True

        def any(self, flag: bool) -> bool:
            assert not flag, "the others wait for a layer and do not answer"
            return flag

    def train(most_tokens: int, **changes: Any) -> None:
        train_model(
            ToyJudge(most_tokens=most_tokens), *toy_items(), settings=toy_settings(**changes), processes=Sharded()
        )

    with pytest.raises(SettingsError, match=r"(?s)8 items of up to 9 tokens.*--micro-batch-size 4"):
        train(40)
    with pytest.raises(SettingsError, match="One item of 9 tokens does not fit"):
        train(8, micro_batch_size=1)
    train(40, micro_batch_size=4)  # evaluations keep to it


def test_only_the_main_process_speaks_and_writes(members: list[dict[str, Any]]) -> None:
    main, other = (member["plain"] for member in members)
    assert main["saved"] == [0, 3, 6, 9]
    assert main["steps"][-1] == 9
    assert (other["saved"], other["steps"], other["notes"]) == ([], [], [])


def test_memory_that_runs_out_in_one_process_halves_the_pieces_in_both(members: list[dict[str, Any]]) -> None:
    for member in members:
        assert member["memory"]["progress"]["micro_batch_size"] == 2
    assert len(members[0]["memory"]["notes"]) == 1


def test_a_wish_to_stop_in_one_process_stops_both_at_the_same_step(members: list[dict[str, Any]]) -> None:
    assert [member["stop"]["progress"]["step"] for member in members] == [2, 2]
    assert members[0]["stop"]["saved"] == [0, 2]


def test_dropout_differs_from_process_to_process(members: list[dict[str, Any]]) -> None:
    alone = run(Processes(), "dropout")
    assert not torch.allclose(members[0]["dropout"]["tensors"]["best/words"], alone["tensors"]["best/words"])


def test_what_the_main_process_finds_or_refuses_reaches_all(members: list[dict[str, Any]]) -> None:
    for rank, member in enumerate(members):
        assert member["from_main"] == ("main", 0)
        assert member["refused"] == ("No.\nSay please.", rank > 0)
        assert member["device"] == "cpu"
    if not torch.cuda.is_available():
        assert "2 processes on this machine cannot have a device cuda each" in members[0]["cuda"]


def test_one_process_joins_nobody() -> None:
    processes = join_processes()
    assert (processes.count, processes.is_main, processes.any(True)) == (1, True, True)
    assert processes.device(torch.device("cuda:1")) == torch.device("cuda:1")


@pytest.mark.parametrize(
    ("variable", "value", "word"),
    [
        ("ACCELERATE_USE_DEEPSPEED", "true", "DeepSpeed"),
        ("ACCELERATE_MIXED_PRECISION", "fp16", "mixed precision"),
    ],
)
def test_what_the_launcher_cannot_have_is_refused(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, word: str
) -> None:
    for name, setting in LAUNCHED.items():
        monkeypatch.setenv(name, setting)
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=rf"(?s)asked for {word}.*--mixed_precision no"):
        join_processes()


def test_what_judgekit_does_not_do_of_fsdp_is_refused_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {
        "ACCELERATE_USE_FSDP": "true",
        "FSDP_VERSION": "1",
        "FSDP_OFFLOAD_PARAMS": "true",
        "FSDP_IGNORED_MODULES": "head",
        "FSDP_SYNC_MODULE_STATES": "true",
    }
    for name, setting in {**LAUNCHED, **asked}.items():
        monkeypatch.setenv(name, setting)
    with pytest.raises(SettingsError) as found:
        join_processes()
    for words in ("fsdp_version 1", "fsdp_offload_params true", "fsdp_ignored_modules head"):
        assert words in str(found.value)
    for words in ("--fsdp_version 2", "--fsdp_offload_params false", "no --fsdp_ignored_modules"):
        assert words in found.value.hint
    assert "sync" not in str(found.value)
