"""The messages that docs/troubleshooting.md explains are the program's."""

from __future__ import annotations

import ast
import re

import pytest
from documentation import PAGES, ROOT

MESSAGES = re.findall(r"^\| `([^`]+)` \|", PAGES["docs/troubleshooting.md"], flags=re.MULTILINE)


def literal(node: ast.AST) -> str:
    """A text of the code, with `…` for what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return "".join(literal(part) for part in node.values) if isinstance(node, ast.JoinedStr) else "…"


@pytest.fixture(scope="module")
def texts() -> str:
    """Every text in the code, a line each."""
    nodes = [
        node
        for path in (ROOT / "judgekit").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant | ast.JoinedStr)
    ]
    return "\n".join(literal(node).replace("\n", " ") for node in nodes)


@pytest.mark.parametrize("message", MESSAGES)
def test_message_of_the_page_is_in_the_code(message: str, texts: str) -> None:
    assert message in texts


def test_the_page_explains_many_messages() -> None:
    assert len(MESSAGES) >= 50
