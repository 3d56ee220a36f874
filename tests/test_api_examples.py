"""Every name of the Python API has an example in its docstring, and the examples do what they say."""

from __future__ import annotations

import doctest
import shutil
from pathlib import Path
from types import FunctionType

import pytest
from made_up_votes import votes_rows, write_csv

import judgekit
from judgekit import ingest, train

NAMES = [name for name in judgekit.__all__ if name != "__version__"]
OPTIONS = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL


@pytest.fixture(scope="module")
def exemplary(tmp_path_factory: pytest.TempPathFactory, small_starter: None) -> Path:
    """A folder with the files and the workspace that the examples speak of."""
    folder = tmp_path_factory.mktemp("examples") / "desk"
    folder.mkdir()
    write_csv(folder / "votes.csv", votes_rows(60))
    write_csv(folder / "new.csv", [["item_id", "text"], ["a", "dirty tea"], ["b", "clean bed"]])
    dataset = ingest(folder / "votes.csv", workspace=folder / ".judgekit")
    train(dataset, judge="comments", epochs=1, device="cpu")
    return folder


def examples_of(name: str) -> list[doctest.DocTest]:
    """The examples of a function, or of a class and its methods."""
    found = doctest.DocTestFinder(recurse=True).find(
        getattr(judgekit, name), name, module=False, globs={one: getattr(judgekit, one) for one in judgekit.__all__}
    )  # pyright: ignore[reportArgumentType]
    return [test for test in found if test.examples]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_the_api_has_an_example_that_runs(
    name: str, exemplary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tests = examples_of(name)
    assert tests
    desk = shutil.copytree(exemplary, tmp_path / "desk")
    monkeypatch.chdir(desk)
    for test in tests:
        if isinstance(getattr(judgekit, name), type):
            test.globs["judge"] = judgekit.Judge.load("comments")
        told: list[str] = []
        doctest.DocTestRunner(optionflags=OPTIONS, verbose=False).run(test, out=told.append)
        assert not told, "".join(told)


def test_public_methods_of_a_judge_have_examples() -> None:
    methods = {f"Judge.{name}" for name, found in vars(judgekit.Judge).items()
               if not name.startswith("_") and isinstance(found, FunctionType | classmethod)}  # fmt: skip
    assert methods <= {test.name for test in examples_of("Judge")}
