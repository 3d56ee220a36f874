"""The checkpoint's folder is there whole or not at all, and says when it is damaged."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from judgekit.config import TrainSettings
from judgekit.config.training import BEFORE_FOLDS
from judgekit.errors import WorkspaceError
from judgekit.models.identity import BackboneIdentity
from judgekit.training.checkpoints import Checkpoint
from judgekit.training.run_folder import RunManifest
from judgekit.training.state import LoopState
from judgekit.workspace.manifest import read_json, write_json

STATE = LoopState(
    step=7, evaluated_step=6, best_step=6, best_kl=0.25, without_gain=0, seconds=1.5,
    log=[{"step": 0, "validation_kl": 0.5}, {"step": 6, "validation_kl": 0.25}],
    tensors={"parameter/a": torch.arange(6.0).reshape(2, 3), "best/a": torch.ones(2, 3, dtype=torch.bfloat16)},
)  # fmt: skip


def manifest(dataset: str = "votes") -> RunManifest:
    return RunManifest(
        created="2026-11-28T00:00:00.000000+00:00", dataset=dataset, content_hash="c", template="t",
        backbone=BackboneIdentity("starter", "r", "s", "encoder"), settings=TrainSettings(epochs=2),
        force=False, run_id="1",
    )  # fmt: skip


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    return Checkpoint(tmp_path / ".staging" / "train-votes")


def test_a_state_comes_back_as_it_was_saved(checkpoint: Checkpoint) -> None:
    checkpoint.start(manifest())
    assert (checkpoint.is_started, checkpoint.has_state, checkpoint.load(0)) == (True, False, None)
    checkpoint.save(STATE)
    assert checkpoint.has_state
    loaded = checkpoint.load(0)
    assert loaded is not None
    assert loaded.progress() == STATE.progress()
    assert loaded.tensors.keys() == STATE.tensors.keys()
    for name, tensor in STATE.tensors.items():
        assert torch.equal(loaded.tensors[name], tensor)
    assert checkpoint.manifest() == manifest()


def test_a_new_start_forgets_the_old_state(checkpoint: Checkpoint) -> None:
    checkpoint.start(manifest())
    checkpoint.save(STATE)
    checkpoint.start(manifest("two"))
    assert checkpoint.manifest().dataset == "two"
    assert not checkpoint.has_state
    assert [path.name for path in checkpoint.folder.parent.iterdir()] == ["train-votes"]


def test_discarding_leaves_nothing_and_may_be_done_twice(checkpoint: Checkpoint) -> None:
    checkpoint.start(manifest())
    checkpoint.save(STATE)
    for _ in range(2):
        checkpoint.discard()
        assert list(checkpoint.folder.parent.iterdir()) == []
    assert not checkpoint.is_started


def test_a_failing_save_keeps_the_state_before(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint.start(manifest())
    checkpoint.save(STATE)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        with pytest.raises(OSError, match="disk full"):
            checkpoint.save(LoopState(step=9, tensors=STATE.tensors))
    loaded = checkpoint.load(0)
    assert loaded is not None
    assert loaded.step == 7
    assert len(list(checkpoint.folder.iterdir())) == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_kill_while_a_state_is_written_keeps_the_state_before(checkpoint: Checkpoint) -> None:
    code = """
import os, signal, sys
from pathlib import Path
import torch
from judgekit.training.checkpoints import Checkpoint
from judgekit.training.state import LoopState
from judgekit.workspace import atomic
checkpoint = Checkpoint(Path(sys.argv[1]))
checkpoint.folder.mkdir(parents=True)
(checkpoint.folder / "run.json").touch()
checkpoint.save(LoopState(step=7, tensors={"a": torch.ones(9)}))
atomic.sync_file = lambda path: (path.write_bytes(path.read_bytes()[:50]), os.kill(os.getpid(), signal.SIGKILL))
checkpoint.save(LoopState(step=9, tensors={"a": torch.zeros(9)}))
"""
    ended = subprocess.run([sys.executable, "-c", code, str(checkpoint.folder)], capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    loaded = checkpoint.load(0)
    assert loaded is not None
    assert (loaded.step, loaded.tensors["a"].sum()) == (7, 9)
    checkpoint.discard()
    assert list(checkpoint.folder.parent.iterdir()) == []


@pytest.mark.parametrize("length", [0, 4, 100])
def test_a_damaged_state_is_named(checkpoint: Checkpoint, length: int) -> None:
    checkpoint.start(manifest())
    checkpoint.save(STATE)
    path = checkpoint.folder / "state.safetensors"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(WorkspaceError, match=r"(?s)state\.safetensors cannot be read.*--force"):
        checkpoint.load(0)


def test_a_run_may_be_allowed_to_replace_a_judge(checkpoint: Checkpoint) -> None:
    checkpoint.start(manifest())
    assert checkpoint.allow_replacing() == checkpoint.manifest() == manifest().model_copy(update={"force": True})


def test_the_run_of_an_earlier_judgekit_is_read_and_a_damaged_one_is_named(checkpoint: Checkpoint) -> None:
    path = checkpoint.folder / "run.json"
    checkpoint.start(manifest())
    then = {
        "format_version": 1, "created": "2026-11-28T00:00:00.000000+00:00", "dataset": "votes", "content_hash": "c",
        "template": "t", "backbone": {"name": "starter", "revision": "r", "sha256": "s", "kind": "encoder"},
        "settings": {"epochs": 2, "target_modules": ["auto"], "adversary": "search"}, "force": False, "run_id": "1",
    }  # fmt: skip
    write_json(path, then)
    settings = replace(manifest().settings, **BEFORE_FOLDS)  # which nobody knew then
    assert checkpoint.manifest() == manifest().model_copy(update={"settings": settings})
    write_json(path, {**read_json(path), "backbone": "starter"})
    with pytest.raises(WorkspaceError, match=r"(?s)run\.json is damaged.*backbone"):
        checkpoint.manifest()
