"""The shell and Python blocks of the README and of docs/ run, page by page, as a reader would type them.

A page starts in an empty folder with a part of the bundled sample: `votes.csv`, `new.csv`, and `held_out.csv`, other
items with labels. A small backbone stands in for the starter, and trainings take one epoch unless the page says more.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from documentation import JUDGE_COMMENT, PAGES, ROOT, Block, blocks_of, runnable_blocks

from judgekit import ingest, train

SAMPLE = ROOT / "judgekit" / "sample"
ROWS = 480
"""Of the sample's annotations: about 115 items, so that a training takes a second."""
RUN = [page for page in PAGES if runnable_blocks(page)]


def write_sample(folder: Path) -> Path:
    """A folder with the files that the pages speak of."""
    header, *rows = (SAMPLE / "votes.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    folder.mkdir()
    (folder / "votes.csv").write_text("".join([header, *rows[:ROWS]]), encoding="utf-8")
    (folder / "held_out.csv").write_text("".join([header, *rows[-ROWS // 4 :]]), encoding="utf-8")
    shutil.copy(SAMPLE / "new.csv", folder)
    return folder


@pytest.fixture(scope="module")
def sample_judge(tmp_path_factory: pytest.TempPathFactory, small_starter: None) -> Path:
    """A workspace with the sample as dataset `votes` and a judge of that name."""
    desk = write_sample(tmp_path_factory.mktemp("sample") / "desk")
    place = desk / ".judgekit"
    ingest(desk / "votes.csv", workspace=place)
    train(workspace=place, epochs=1, device="cpu")
    return place


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_starter: None) -> Path:
    """The folder in which a page is tried."""
    desk = write_sample(tmp_path / "desk")
    monkeypatch.chdir(desk)
    monkeypatch.setenv("JUDGEKIT_TRAIN_EPOCHS", "1")
    return desk


def run_shell(block: Block, run: Callable[..., Any]) -> None:
    """Run each line of a block; a block that runs has judgekit's commands alone."""
    for line in block.text.splitlines():
        if words := shlex.split(line, comments=True):
            assert words[0] == "judgekit", f"line {block.line}: {line}"
            ended = run(*words[1:])
            assert ended.code == 0, f"line {block.line}: {line}\n{ended.err}"


@pytest.mark.parametrize("page", RUN)
def test_blocks_of_a_page_run_in_order(
    page: str, desk: Path, request: pytest.FixtureRequest, run: Callable[..., Any]
) -> None:
    if JUDGE_COMMENT in PAGES[page]:
        shutil.copytree(request.getfixturevalue("sample_judge"), desk / ".judgekit")
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in runnable_blocks(page):
        if block.language == "sh":
            run_shell(block, run)
        else:
            exec(compile(block.text, f"{page} line {block.line}", "exec"), namespace)


def test_blocks_that_do_not_run_are_few_and_say_why() -> None:
    reasons = {(page, block.line): block.not_run for page in PAGES for block in blocks_of(page) if block.not_run}
    assert all(len(reason.split()) >= 3 for reason in reasons.values())
    assert len(reasons) <= sum(len(runnable_blocks(page)) for page in PAGES)
    comments = sum(len(re.findall("<!-- not run: [^W]", text)) for text in PAGES.values())
    assert comments == len(reasons)  # each stands right above its block


def test_the_tutorial_shows_what_ingest_and_check_print(
    tmp_path: Path, small_starter: None, run: Callable[..., Any]
) -> None:
    blocks = [block.text for block in blocks_of("docs/tutorial.md") if block.language == "text"]
    run("init")
    printed = run("ingest", SAMPLE / "votes.csv").out + run("check").out
    for block in blocks[:3]:
        # Lines may break elsewhere, and "…" stands for what is left out.
        for part in block.split("…\n"):
            assert " ".join(part.split()) in " ".join(printed.split())
