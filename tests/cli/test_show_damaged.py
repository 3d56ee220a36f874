"""One damaged manifest is named with its file, and hides nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_what_is_damaged_is_named_and_the_rest_is_listed(run: Callable[..., Any], judged: Path) -> None:
    for part in ("datasets", "judges"):
        shutil.copytree(judged / part / "votes", judged / part / "broken")
        (judged / part / "broken" / "manifest.json").write_text("{}")
    shown = run("show")
    assert shown.code == 0
    assert "Damaged: broken" in shown.out and "votes" in shown.out
    facts = run("show", "--json").json
    assert [entry["name"] for entry in facts["judges"]] == [entry["name"] for entry in facts["datasets"]] == ["votes"]
    places = [Path(one["path"]) for one in facts["damaged"]]
    assert places == [judged / part / "broken" / "manifest.json" for part in ("datasets", "judges")]
    assert all(str(path) in one["problem"] for path, one in zip(places, facts["damaged"], strict=True))
    assert run("score", "votes.csv", "--judge", "broken").code == 3


def test_a_damaged_judge_keeps_no_other_from_being_trained(run: Callable[..., Any], judged: Path) -> None:
    shutil.copytree(judged / "judges" / "votes", judged / "judges" / "broken")
    (judged / "judges" / "broken" / "manifest.json").write_text("{}")
    trained = run("train", "--dataset", "votes", "--judge", "other", "--epochs", 1, "--batch-size", 32,
                  "--backbone", backbone_of(judged))  # fmt: skip
    assert trained.code == 0, trained.err


def backbone_of(workspace: Path) -> str:
    from judgekit.judge.manifest import JudgeManifest

    return JudgeManifest.read(workspace / "judges" / "votes" / "manifest.json").backbone.name
