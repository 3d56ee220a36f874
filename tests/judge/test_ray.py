"""Scoring on Ray: the bytes that one process writes, though a worker is killed on the way."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest
from made_up_votes import write_csv

from judgekit import Judge, Reporter, score
from judgekit.errors import SettingsError
from judgekit.judge import score_file

NAMES = [["id", "text"], *([f"n{n}", f"{'cold tea and ' * (n % 7)}kind host {n}"] for n in range(300))]


class Killer(Reporter):
    """Kills a worker as soon as one window is done."""

    killed = 0

    def items(self, done: int, total: int) -> None:
        if not self.killed:
            processes = psutil.Process().children(recursive=True)
            workers = [one for one in processes if "ray::Worker" in " ".join(one.cmdline())]
            assert len(workers) == 2
            os.kill(workers[0].pid, signal.SIGKILL)
            self.killed = workers[0].pid


@pytest.mark.slow
@pytest.mark.nightly
def test_two_workers_of_which_one_is_killed_write_the_same_bytes(
    judged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = pytest.importorskip("ray")
    monkeypatch.setattr(score_file, "WINDOW_ITEMS", {"encoder": 16, "causal": 16})
    table = write_csv(tmp_path / "new.csv", NAMES)
    here = score(table, output=tmp_path / "here.csv", device="cpu")
    killer = Killer()
    there = score(table, output=tmp_path / "there.csv", device="cpu", engine="ray", workers=2, reporter=killer)
    assert killer.killed and (tmp_path / "there.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()
    assert (here.engine, there.engine) == ("torch", "torch on ray")
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0" and not ray.is_initialized()
    with pytest.raises(SettingsError, match="the cluster has"):
        score(table, output=tmp_path / "more.csv", device="cpu", engine="ray", workers=10_000)


def test_workers_are_for_ray_and_ray_for_files(judged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="--workers needs --engine ray"):
        score([{"text": "cold tea"}], workers=2)
    with pytest.raises(SettingsError, match="with a file"):
        Judge.load("votes", device="cpu", engine="ray").predict([{"text": "cold tea"}])


def test_a_missing_ray_is_named_with_its_extra(judged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SettingsError, match=r"annotation-judgekit\[ray\]"):
        score(write_csv(tmp_path / "new.csv", NAMES), engine="ray")
    assert not list(tmp_path.glob("*.scores.csv"))
