"""`accelerate launch -m judgekit train` with two processes makes the judge that one process makes, up to rounding."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from judgekit import ingest, train
from judgekit.errors import SettingsError
from judgekit.training.processes import Processes

Run = Callable[..., Any]


PLAIN = ("--multi_gpu",)
FSDP = ("--use_fsdp", "--fsdp_version", 2)
STOPPED = """
import json, os, sys
from itertools import count
import judgekit
steps = count()
try:
    judgekit.train(**json.loads(sys.argv[1]), should_stop=lambda: next(steps) == 5)
except judgekit.JudgekitError:
    pass
os._exit(0)  # as `python -m judgekit` ends under a launcher
"""


def launch(*words: object, how: Sequence[object] = PLAIN) -> subprocess.CompletedProcess[str]:
    """Run `python …` in two processes of accelerate's launcher."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "accelerate.commands.launch", *how, "--num_processes", 2, "--num_machines", 1,
        "--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", port, *words,
    ]  # fmt: skip
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300)


def assert_same_adapter(one: Path, two: Path) -> None:
    """Up to the rounding of gradients that are summed in another order."""
    expected, found = (load_file(judge / "adapter" / "adapter_model.safetensors") for judge in (one, two))
    assert expected.keys() == found.keys()
    for name, tensor in expected.items():
        # 14 steps of at most 2e-4, enlarged where AdamW divides by small second moments.
        torch.testing.assert_close(found[name], tensor, rtol=1e-3, atol=2e-6, msg=name)
    assert any(bool(tensor.any()) for name, tensor in expected.items() if "lora_B" in name)  # it was trained at all


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="torch has no gloo launcher for Windows")
def test_two_processes_stop_and_under_fsdp_go_on_to_the_judge_of_one(
    run: Run, llama: Path, votes_csv: Path, tmp_path: Path
) -> None:
    assert run("init").code == 0
    ingest(votes_csv)
    options: dict[str, Any] = {"backbone": str(llama), "epochs": 2, "batch_size": 7, "device": "cpu", "keep": "last"}
    options |= {"dtype": "float32", "label_scoring": "sequences"}
    train(judge="one", **options)
    script = tmp_path / "stopped.py"
    script.write_text(STOPPED)
    stopped = launch(script, json.dumps(options | {"judge": "two"}), how=PLAIN)
    assert stopped.returncode == 0, stopped.stderr
    judges, staging = tmp_path / ".judgekit" / "judges", tmp_path / ".judgekit" / ".staging"
    assert not (judges / "two").exists()
    assert (staging / "train-two" / "state.safetensors").exists()
    resumed = launch("-m", "judgekit", "train", "--judge", "two", "--resume", how=FSDP)
    assert resumed.returncode == 0, resumed.stderr
    assert "FSDP: each of the 2 processes keeps its part" in resumed.stderr
    assert resumed.stdout.count("validation KL") == 1
    assert resumed.stderr.count("Written: ") == resumed.stderr.count("Backbone ") == 1
    assert_same_adapter(judges / "one", judges / "two")
    assert list(staging.iterdir()) == []


def test_weights_in_4_bits_and_fsdp_are_refused_together(
    run: Run, llama: Path, votes_csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Sharded(Processes):
        is_sharded = True

    monkeypatch.setattr("judgekit.judge.making.join_processes", Sharded)
    ingest(votes_csv)
    refused = run("train", "--backbone", llama, "--load-in-4bit")
    assert refused.code == 3
    assert "FSDP" in refused.err
    assert "--load-in-4bit" in refused.err


@pytest.mark.parametrize("is_elsewhere", [False, True])
def test_an_error_that_the_main_process_shows_is_not_shown_again(
    run: Run, monkeypatch: pytest.MonkeyPatch, is_elsewhere: bool
) -> None:
    def refuse(*_: object, **__: object) -> None:
        error = SettingsError("Nothing but trouble.")
        error.is_shown_elsewhere = is_elsewhere
        raise error

    monkeypatch.setattr("judgekit.verbs.train.make_judge", refuse)
    failed = run("train")
    assert failed.code == 3
    assert ("Nothing but trouble." in failed.err) == (not is_elsewhere)
