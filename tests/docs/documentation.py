"""The README and the pages of docs/ as the tests read them: blocks of code, and the commands they name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
}
LANGUAGES = {"sh", "python", "csv", "json", "toml", "yaml", "text"}
JUDGE_COMMENT = "<!-- starts with: a judge -->"

_FENCE = re.compile(r"^( *)```([^\n]*)\n(.*?)^\1```$", flags=re.DOTALL | re.MULTILINE)
_NOT_RUN = re.compile(r"<!-- not run: (\S[^>]*) -->\s*\Z")
_COMMAND = re.compile(r"(?:accelerate launch .* -m )?(judgekit [a-z].*)")


class Block(NamedTuple):
    """A fenced block of a page."""

    line: int
    language: str
    text: str
    not_run: str
    """Why it is not run; empty where it is."""


def blocks_of(page: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text, found = PAGES[page], []
    for fence in _FENCE.finditer(text):
        reason = _NOT_RUN.search(text[: fence.start()])
        content = "".join(line.removeprefix(fence[1]) for line in fence[3].splitlines(keepends=True))
        line = text.count("\n", 0, fence.start()) + 1
        found.append(Block(line, fence[2].strip(), content, reason[1].strip() if reason else ""))
    return found


def runnable_blocks(page: str) -> list[Block]:
    """The shell and Python blocks of a page that run."""
    return [block for block in blocks_of(page) if block.language in ("sh", "python") and not block.not_run]


def prose_of(page: str) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", PAGES[page])


def commands_of(page: str) -> list[str]:
    """Every `judgekit …` line of the shell blocks, and every `judgekit …` between backticks."""
    indented = re.findall(r"^    (\S.*)$", prose_of(page), flags=re.MULTILINE)
    lines = [line for block in blocks_of(page) if block.language == "sh" for line in block.text.splitlines()]
    lines = [part.strip() for line in [*lines, *indented] for part in line.split("&&")]
    # A code span may be wrapped over two lines.
    lines += [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose_of(page))]
    return sorted({match[1] for line in lines if (match := _COMMAND.fullmatch(line))})
