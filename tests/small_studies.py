"""One study of all plans on a small encoder, made once; who changes it gets a copy."""

from __future__ import annotations

import csv
import gc
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from made_up_votes import votes_rows, write_csv

from judgekit import Reporter
from judgekit.workspace.layout import LOCAL_NAME

SETTINGS: dict[str, Any] = {"seeds": 1, "epochs": 1, "batch_size": 16, "device": "cpu", "train_share": 0.6}


@contextmanager
def quick_collection() -> Generator[None]:
    """A study collects garbage before each run, which takes half a second over all that the tests have imported."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class Listener(Reporter):
    """Keeps the notes of a study and the names of the runs that it makes."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.names: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def runs(self, done: int, total: int, words: str, seconds_left: float | None) -> None:
        if done < total:
            self.names.append(words)


class Studied(NamedTuple):
    """A workspace with the dataset `votes`, 60 items with 5 annotations each, and the finished study of that name."""

    workspace: Path
    facts: dict[str, Any]
    """The result as JSON values."""
    listener: Listener

    @property
    def folder(self) -> Path:
        """Of the study."""
        return self.workspace / "studies" / "votes"

    def rows(self) -> list[dict[str, str]]:
        """The lines of `runs.csv`."""
        with (self.folder / "runs.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def finished_runs(self) -> list[Path]:
        """The records of the runs that are there."""
        return list((self.folder / "runs").glob("[!.]*.json"))

    def forget(self, *variants: str) -> None:
        """Delete the runs of some variants."""
        for row in self.rows():
            if row["variant"] in variants:
                (self.folder / "runs" / f"{row['key']}.json").unlink(missing_ok=True)


@pytest.fixture(scope="session")
def study_of_all(tmp_path_factory: pytest.TempPathFactory, bert: Path) -> Studied:
    """The study itself: for reading only."""
    from judgekit import ingest, study

    place, listener = tmp_path_factory.mktemp("study"), Listener()
    ingest(write_csv(place / "votes.csv", votes_rows(60, annotators=5)), workspace=place / "ws")
    with quick_collection():
        found = study(workspace=place / "ws", backbone=bert, plan="all", reporter=listener, **SETTINGS)
    return Studied(place / "ws", found.to_json(), listener)


@pytest.fixture
def studied(study_of_all: Studied, tmp_path: Path) -> Generator[Studied]:
    """A copy of it as `.judgekit` in the current folder."""
    with quick_collection():
        yield study_of_all._replace(workspace=Path(shutil.copytree(study_of_all.workspace, tmp_path / LOCAL_NAME)))


@pytest.fixture
def again(studied: Studied, bert: Path) -> Callable[..., Any]:
    """Call the study once more in the copied workspace, with the same settings but for those given."""
    from judgekit import study

    def call(*plans: str, **more: Any) -> Any:
        return study(workspace=studied.workspace, backbone=bert, plan=plans, **SETTINGS | more)

    return call
