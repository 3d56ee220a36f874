"""What docs/architecture.md and the other pages say about the code is so."""

from __future__ import annotations

import re
import tomllib

import pytest
from documentation import PAGES, ROOT, blocks_of, prose_of

ARCHITECTURE = "docs/architecture.md"


def test_the_floors_are_those_that_import_linter_holds() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    floors = next(one["layers"] for one in tools["importlinter"]["contracts"] if one["type"] == "layers")
    page = next(block.text.split("\n") for block in blocks_of(ARCHITECTURE) if block.text.startswith("cli"))
    assert [line for line in page if line] == [floor.replace("judgekit.", "") for floor in floors]


def test_every_package_is_described() -> None:
    packages = {path.parent.name for path in (ROOT / "judgekit").glob("*/__init__.py")}
    described = set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (`.*?) \|", PAGES[ARCHITECTURE], re.MULTILINE))))
    assert packages <= described


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_names_are_there(page: str) -> None:
    named = re.findall(r"`((?:judgekit|docs|tests|benchmarks|templates|\.github|\.ci)/[^`\s]*)`", prose_of(page))
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_functions_that_the_page_names_are_in_their_files() -> None:
    found = re.findall(r"`(judgekit/[\w/]+\.py)` \(`(\w+)`", PAGES[ARCHITECTURE])
    assert len(found) >= 3
    for path, function in found:
        assert f"def {function}(" in (ROOT / path).read_text(encoding="utf-8"), (path, function)


def test_sections_of_the_docs_that_the_code_cites_are_there() -> None:
    cited = {
        (page, section)
        for path in (ROOT / "judgekit").rglob("*.py")
        for page, section in re.findall(r'([\w/.-]+\.md)(?:, "([^"]+)")?', path.read_text(encoding="utf-8"))
        if page not in ("README.md", "table.md")  # files that judgekit writes
    }
    assert len(cited) >= 5
    for page, section in cited:
        assert page in PAGES, page
        assert not section or re.search(rf"^#+ {re.escape(section)}$", PAGES[page], re.MULTILINE), (page, section)
