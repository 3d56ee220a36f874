"""The examples in the docstrings of the Python API: every name of `judgekit.__all__` has one, and they run."""

from __future__ import annotations

import doctest
import shutil
from pathlib import Path
from typing import Any

import pytest
from made_up_votes import votes_rows, write_csv

import judgekit

NAMES = sorted({*judgekit.__all__} - {"__version__"})


@pytest.fixture
def names(finished: Path, bert: Path, tmp_path: Path, small_starter: None) -> dict[str, Any]:
    """What an example finds: the API, files and a backbone in the current folder, a workspace, and its one judge."""
    shutil.copytree(finished, tmp_path / ".judgekit")
    (tmp_path / ".judgekit" / "judges" / "votes").rename(tmp_path / ".judgekit" / "judges" / "comments")
    shutil.copytree(bert, tmp_path / "my-encoder")
    write_csv(tmp_path / "votes.csv", votes_rows(60))
    write_csv(tmp_path / "held_out.csv", votes_rows(20, first=5000))
    write_csv(tmp_path / "new.csv", [["item_id", "text"], ["a", "dirty tea"], ["b", "clean bed"]])
    api = {name: getattr(judgekit, name) for name in NAMES}
    return {**api, "judge": judgekit.Judge.load("comments", device="cpu", dtype="float32")}


def examples_of(name: str) -> list[doctest.DocTest]:
    thing = getattr(judgekit, name)
    # What a class inherits is a way to ask it too, and doctest does not look there.
    bases = thing.__mro__ if isinstance(thing, type) else [thing]
    own = [one for one in bases if one.__module__.startswith("judgekit.")]
    found = [test for one in own for test in doctest.DocTestFinder().find(one, name, globs={})]
    return [one for one in found if one.examples]


@pytest.mark.parametrize("name", NAMES)
def test_every_name_has_an_example_that_runs(name: str, names: dict[str, Any]) -> None:
    examples = examples_of(name)
    assert examples, f"{name} has no example in its docstring"
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE, verbose=False)
    said: list[str] = []
    for example in examples:
        example.globs.update(names)
        runner.run(example, out=said.append)
    assert not runner.failures, "".join(said)


@pytest.mark.parametrize("method", ["load", "predict", "predict_file", "evaluate", "save"])
def test_every_way_to_ask_a_judge_has_an_example(method: str) -> None:
    assert any(example.name == f"Judge.{method}" for example in examples_of("Judge"))
