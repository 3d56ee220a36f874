"""A training that is interrupted or killed goes on to the same bytes, and says how."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_up_votes import votes_rows, write_csv

from judgekit import ingest, train
from judgekit.cli.progress import ProgressReporter
from judgekit.training.run_folder import RunManifest

Run = Callable[..., Any]


# 24 steps, evaluated every 3
SETTINGS: dict[str, Any] = {"epochs": 4, "batch_size": 8, "patience": 99, "device": "cpu", "lora_dropout": 0.1}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory, bert: Path, llama: Path) -> Path:
    """A workspace with the dataset `votes` and its judges `bert` and `llama`, trained without an interruption."""
    place = tmp_path_factory.mktemp("uninterrupted")
    ingest(write_csv(place / "votes.csv", votes_rows(60)), workspace=place / "ws")
    for backbone in (bert, llama):
        train(workspace=place / "ws", judge=backbone.name.removeprefix("tiny-"), backbone=backbone, **SETTINGS)
    return place / "ws"


@pytest.fixture
def options(uninterrupted: Path, bert: Path, tmp_path: Path, votes_csv: Path) -> list[object]:
    """The options of those trainings on BERT, in a workspace with the dataset alone."""
    shutil.copytree(uninterrupted, tmp_path / ".judgekit")
    shutil.rmtree(tmp_path / ".judgekit" / "judges")
    words = [word for name, value in SETTINGS.items() for word in (f"--{name.replace('_', '-')}", value)]
    return ["--backbone", bert, *words]


@pytest.fixture
def stop_at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let a signal arrive when a step is done; several times where several steps are given."""
    show = ProgressReporter.training

    def arrange(*steps: int, number: signal.Signals = signal.SIGINT) -> None:
        waiting = list(steps)

        def training(self: ProgressReporter, progress: Any) -> None:
            show(self, progress)
            if waiting and progress.step >= waiting[0]:
                waiting.pop(0)
                signal.raise_signal(number)

        monkeypatch.setattr(ProgressReporter, "training", training)

    return arrange


class Killed(BaseException):
    """Stands for SIGKILL."""


def judge(workspace: Path, name: str) -> dict[str, bytes]:
    """All files of a judge but its manifest, which tells the time."""
    folder = workspace / "judges" / name
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


@pytest.mark.parametrize("family", ["bert", "llama"])
def test_ctrl_c_keeps_a_checkpoint_that_resumes_to_the_same_bytes(
    run: Run, options: list[object], stop_at: Callable[..., None], uninterrupted: Path, family: str, request: Any
) -> None:
    options[1] = request.getfixturevalue(family)
    stop_at(7)
    stopped = run("train", *options, "--judge", "broken")
    assert stopped.code == 130
    assert "Interrupted after step 7 of 24; the checkpoint is kept." in stopped.err
    assert "judgekit train --judge broken --resume" in stopped.err
    assert not Path(".judgekit/judges/broken").exists()
    assert run("show", "--json").json["unfinished"] == ["broken"]
    assert "Unfinished training: broken (judgekit train --judge broken --resume)" in run("show").out

    stop_at(15)
    assert run("train", "--resume").code == 130
    stop_at()
    resumed = run("train", "--resume", "--json")
    assert resumed.code == 0
    assert resumed.json["judge"] == "broken"
    assert judge(Path(".judgekit"), "broken") == judge(uninterrupted, family)
    manifests = [
        json.loads((folder / "manifest.json").read_text())
        for folder in (Path(".judgekit/judges/broken"), uninterrupted / "judges" / family)
    ]
    for manifest in manifests:
        del manifest["created"], manifest["run"], manifest["checksum"]
    assert manifests[0] == manifests[1]
    assert run("show", "--json").json["unfinished"] == []
    assert list(Path(".judgekit/.staging").iterdir()) == []


def test_an_interrupt_says_so_in_json_too(run: Run, options: list[object], stop_at: Callable[..., None]) -> None:
    stop_at(5)
    stopped = run("train", *options, "--json")
    assert stopped.code == 130
    assert stopped.json["folder"] is None
    assert (stopped.json["steps"], stopped.json["total_steps"]) == (5, 24)


def test_termination_is_as_gentle_as_ctrl_c(run: Run, options: list[object], stop_at: Callable[..., None]) -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    stop_at(5, number=signal.SIGTERM)
    assert run("train", *options).code == 130
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers


@pytest.mark.parametrize("is_wish_of_its_own", [True, False])
def test_a_second_ctrl_c_stops_at_once_unless_it_is_the_same_one(
    run: Run, options: list[object], monkeypatch: pytest.MonkeyPatch, is_wish_of_its_own: bool
) -> None:
    def training(self: ProgressReporter, progress: Any) -> None:
        if progress.step == 14:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(ProgressReporter, "training", training)
    if is_wish_of_its_own:
        monkeypatch.setattr("judgekit.cli.interrupt.SECONDS_OF_ONE_SIGNAL", -1.0)
    stopped = run("train", *options)
    assert stopped.code == 130
    # At once means that only the checkpoint of the last evaluation is there.
    assert ("Interrupted after step 14" in stopped.err) == (not is_wish_of_its_own)
    assert run("show", "--json").json["unfinished"] == ["votes"]


def test_an_unfinished_training_is_not_thrown_away_unasked(
    run: Run, options: list[object], stop_at: Callable[..., None]
) -> None:
    stop_at(5)
    assert run("train", *options).code == 130
    stop_at()
    again = run("train", *options)
    assert again.code == 3
    for word in ("unfinished training of the judge 'votes'", "judgekit train --judge votes --resume", "--force"):
        assert word in again.err
    assert run("train", *options, "--epochs", 1, "--force").code == 0
    assert run("train", "--resume").code == 3


def test_a_resumed_training_keeps_its_settings(run: Run, options: list[object], stop_at: Callable[..., None]) -> None:
    stop_at(5)
    assert run("train", *options).code == 130
    stop_at()
    other = run("train", "--resume", "--epochs", 2)
    assert other.code == 3
    assert "keeps the settings it was started with" in other.err
    assert run("train", "--resume", "--epochs", 4).code == 0


def test_a_training_is_resumed_from_any_folder(
    run: Run, votes_csv: Path, bert: Path, stop_at: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(bert, tmp_path / "mine")
    assert run("init").code == 0
    assert run("ingest", votes_csv).code == 0
    stop_at(2)
    assert run("train", "--backbone", "mine", "--epochs", 2, "--device", "cpu").code == 130
    stop_at()
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    assert run("train", "--resume").code == 0


def test_a_training_on_other_data_is_not_resumed(
    run: Run, options: list[object], stop_at: Callable[..., None], tmp_path: Path, votes_csv: Path
) -> None:
    stop_at(5)
    assert run("train", *options).code == 130
    stop_at()
    template = tmp_path / ".judgekit" / "datasets" / "votes" / "template.j2"
    before = template.read_text()
    template.write_text(before.replace("{% block prompt %}", "{% block prompt %}Changed. "))
    changed = run("train", "--resume")
    assert changed.code == 3
    assert "its template changed" in changed.err
    template.write_text(before)
    votes_csv.write_text(votes_csv.read_text().replace("tea", "cup"))
    assert run("ingest", votes_csv, "--force").code == 0
    changed = run("train", "--resume")
    assert changed.code == 3
    assert "the items of the dataset" in changed.err
    assert "judgekit train --judge votes --force" in changed.err


def test_a_damaged_checkpoint_is_named(
    run: Run, options: list[object], stop_at: Callable[..., None], tmp_path: Path
) -> None:
    stop_at(5)
    assert run("train", *options).code == 130
    stop_at()
    path = tmp_path / ".judgekit" / ".staging" / "train-votes" / "state.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    damaged = run("train", "--resume")
    assert damaged.code == 3
    assert str(path) in damaged.err
    assert path.exists()


def test_a_training_that_fails_before_its_first_step_leaves_nothing_unfinished(
    run: Run, options: list[object], tmp_path: Path
) -> None:
    template = tmp_path / ".judgekit" / "datasets" / "votes" / "template.j2"
    before = template.read_text()
    template.write_text(before.replace("{% block encoder %}", "{% block encoder %}" + "tea " * 80))
    failed = run("train", *options)
    assert failed.code == 3
    assert "the template alone fills 64 tokens" in failed.err
    template.write_text(before)
    assert run("show", "--json").json["unfinished"] == []
    assert run("train", *options, "--epochs", 1).code == 0


def test_a_judge_that_is_replaced_stays_until_the_new_one_is_finished(
    run: Run, options: list[object], stop_at: Callable[..., None], tmp_path: Path, uninterrupted: Path
) -> None:
    shutil.copytree(uninterrupted / "judges" / "bert", tmp_path / ".judgekit" / "judges" / "votes")
    before = judge(tmp_path / ".judgekit", "votes")
    stop_at(5)
    assert run("train", *options, "--judge", "votes", "--seed", 1, "--force").code == 130
    stop_at()
    assert judge(tmp_path / ".judgekit", "votes") == before
    assert run("score", "votes.csv").code == 0
    assert run("train", "--resume").code == 0
    assert judge(tmp_path / ".judgekit", "votes") != before


def test_a_training_that_runs_elsewhere_is_not_started_twice(run: Run, options: list[object], tmp_path: Path) -> None:
    from judgekit.workspace.store import Workspace

    with Workspace(tmp_path / ".judgekit").only_one("train-votes"):
        result = run("train", *options)
    assert result.code == 3
    assert "Another process is working on 'train-votes'" in result.err


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_training_resumes_to_the_same_bytes(
    run: Run, options: list[object], tmp_path: Path, uninterrupted: Path
) -> None:
    words = [sys.executable, "-m", "judgekit", "train", "--judge", "killed", *map(str, options)]
    state = tmp_path / ".judgekit" / ".staging" / "train-killed" / "state.safetensors"
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        seen: set[int] = set()
        while len(seen) < 3 and process.poll() is None:  # the states after 0, 3 and 6 of 24 steps
            if state.exists():
                seen.add(state.stat().st_mtime_ns)
            time.sleep(0.002)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert run("show", "--json").json["unfinished"] == ["killed"]
    assert run("train", "--resume").code == 0
    assert judge(tmp_path / ".judgekit", "killed") == judge(uninterrupted, "bert")


def test_a_training_killed_before_its_first_checkpoint_resumes_from_the_beginning(
    run: Run, options: list[object], tmp_path: Path, uninterrupted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from judgekit.training import setup
    from judgekit.training.checkpoints import Checkpoint

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(setup, "load_tokenizer", killed)
        patch.setattr(Checkpoint, "discard", lambda self: None)  # a killed process cleans nothing up
        with pytest.raises(Killed):
            run("train", *options)
    assert run("show", "--json").json["unfinished"] == ["votes"]
    assert run("train", "--resume").code == 0
    assert judge(tmp_path / ".judgekit", "votes") == judge(uninterrupted, "bert")


def test_a_training_killed_behind_its_commit_is_finished(
    run: Run, options: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from judgekit.training.checkpoints import Checkpoint

    def killed(self: Checkpoint) -> None:
        if self.has_state:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "discard", killed)
        with pytest.raises(Killed):
            run("train", *options, "--epochs", 1)
    assert (tmp_path / ".judgekit" / ".staging" / "train-votes" / "state.safetensors").exists()
    assert run("show", "--json").json["unfinished"] == []
    assert [path.name for path in (tmp_path / ".judgekit" / ".staging").iterdir()] == []
    assert run("train", "--resume").code == 3
    assert run("score", "votes.csv").code == 0


def test_the_run_that_would_replace_a_judge_is_not_taken_for_the_one_that_made_it(
    run: Run, options: list[object], stop_at: Callable[..., None], uninterrupted: Path
) -> None:
    shutil.copytree(uninterrupted / "judges" / "bert", Path(".judgekit/judges/votes"))
    stop_at(5)
    assert run("train", *options, "--judge", "votes", "--force").code == 130
    assert run("show", "--json").json["unfinished"] == ["votes"]


def test_a_resumed_training_may_replace_a_judge_that_came_meanwhile(
    run: Run, options: list[object], stop_at: Callable[..., None], uninterrupted: Path, llama: Path
) -> None:
    stop_at(5)
    assert run("train", *options, "--judge", "mine").code == 130
    stop_at()
    shutil.copytree(uninterrupted / "judges" / "llama", Path(".judgekit/judges/mine"))
    refused = run("train", "--judge", "mine", "--resume")
    assert refused.code == 3
    assert "There is a judge named 'mine' already" in refused.err
    assert run("train", "--judge", "mine", "--resume", "--force").code == 0
    assert judge(Path(".judgekit"), "mine") == judge(uninterrupted, "bert")


def test_a_run_found_in_a_workspace_does_not_let_code_run(
    run: Run, options: list[object], stop_at: Callable[..., None], tmp_path: Path
) -> None:
    stop_at(3)
    assert run("train", *options).code == 130
    kept = tmp_path / ".judgekit" / ".staging" / "train-votes" / "run.json"
    manifest = RunManifest.read(kept)
    settings = replace(manifest.settings, trust_remote_code=True)
    manifest.model_copy(update={"settings": settings}).write(kept)
    refused = run("train", "--resume")
    assert refused.code == 3 and "--resume --trust-remote-code" in refused.err
    assert run("train", "--resume", "--trust-remote-code").code == 0
