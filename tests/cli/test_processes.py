"""`accelerate launch -m judgekit train` with two processes makes the judge that one process makes, up to rounding."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from judgekit.errors import SettingsError

Run = Callable[..., Any]


def launch(*words: object) -> subprocess.CompletedProcess[str]:
    """Run `judgekit …` in two processes of accelerate's launcher."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", 2, "--num_machines", 1,
        "--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", port, "-m", "judgekit", *words,
    ]  # fmt: skip
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="torch has no gloo launcher for Windows")
def test_two_launched_processes_make_the_judge_of_one(run: Run, llama: Path, votes_csv: Path, tmp_path: Path) -> None:
    assert run("init").code == 0
    assert run("ingest", votes_csv).code == 0
    options = ["--backbone", llama, "--epochs", 2, "--batch-size", 7, "--device", "cpu", "--dtype", "float32"]
    assert run("train", "--judge", "one", *options).code == 0
    launched = launch("train", "--judge", "two", *options)
    assert launched.returncode == 0, launched.stderr
    assert launched.stdout.count("validation KL") == 1
    assert launched.stderr.count("Written: ") == launched.stderr.count("Backbone ") == 1
    judges = tmp_path / ".judgekit" / "judges"
    one, two = (load_file(judges / name / "adapter" / "adapter_model.safetensors") for name in ("one", "two"))
    assert one.keys() == two.keys()
    for name, tensor in one.items():
        # 14 steps of at most 2e-4; the sums of gradients are rounded in another order.
        torch.testing.assert_close(two[name], tensor, rtol=1e-3, atol=2e-6, msg=name)
    assert [path.name for path in (tmp_path / ".judgekit" / ".staging").iterdir()] == []


@pytest.mark.parametrize("is_told", [False, True])
def test_an_error_that_the_main_process_shows_is_not_shown_again(
    run: Run, monkeypatch: pytest.MonkeyPatch, is_told: bool
) -> None:
    def refuse(*_: object, **__: object) -> None:
        error = SettingsError("Nothing but trouble.")
        error.is_told = is_told
        raise error

    monkeypatch.setattr("judgekit.pipelines.train.train", refuse)
    failed = run("train")
    assert failed.code == 3
    assert ("Nothing but trouble." in failed.err) == (not is_told)
