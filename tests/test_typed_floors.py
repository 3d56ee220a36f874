"""Between floors travel typed objects: nothing that one floor takes from another is a dictionary of anything."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import judgekit

PACKAGE = Path(judgekit.__file__).parent
UNTYPED = re.compile(r"(dict|Mapping|MutableMapping)\[str, (Any|object)\]")
# Here objects become JSON and JSON becomes objects.
SERIALISING = ("to_json", "from_json", "read_json", "write_json")
# A mapping of keywords, whose names and types `config/keywords.py` says.
EXEMPT = {"config/settings.py"}


def trees() -> dict[str, ast.Module]:
    """All modules by their path in the package."""
    found = sorted(PACKAGE.rglob("*.py"))
    return {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in found}


def taken_elsewhere(modules: dict[str, ast.Module]) -> set[tuple[str, str]]:
    """Module and name of all that one floor imports from another, `verbs` and the Python API included."""
    found: set[tuple[str, str]] = set()
    for place, tree in modules.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("judgekit."):
                module = node.module.removeprefix("judgekit.").replace(".", "/") + ".py"
                if module.partition("/")[0] != place.partition("/")[0]:
                    found.update((module, alias.name) for alias in node.names)
    return found


def annotations(tree: ast.Module, names: set[str]) -> Iterator[tuple[str, ast.expr]]:
    """The annotations of some functions and classes by what they are of: parameters, returns, fields."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in names:
            yield from of_function(node, node.name)
        if isinstance(node, ast.ClassDef) and node.name in names:
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and (inner.name == "__init__" or inner.name[0] != "_"):
                    yield from of_function(inner, f"{node.name}.{inner.name}")
                if isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name):
                    yield f"{node.name}.{inner.target.id}", inner.annotation


def of_function(node: ast.FunctionDef, name: str) -> Iterator[tuple[str, ast.expr]]:
    if node.name in SERIALISING:
        return
    arguments = node.args
    for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        if one.annotation is not None:
            yield f"{name}({one.arg})", one.annotation
    if node.returns is not None:
        yield f"{name} ->", node.returns


def untyped(modules: dict[str, ast.Module]) -> list[str]:
    taken = taken_elsewhere(modules)
    return [
        f"{place}: {name}"
        for place, tree in modules.items()
        for name, found in annotations(tree, {name for module, name in taken if module == place})
        if place not in EXEMPT and UNTYPED.search(ast.unparse(found))
    ]


def test_no_dictionary_of_anything_crosses_a_floor() -> None:
    assert untyped(trees()) == []


def test_the_rule_sees_parameters_returns_and_fields_of_what_is_taken() -> None:
    code = (
        "class Found:\n    facts: dict[str, Any]\n    def to_json(self) -> dict[str, Any]: ...\n"
        "    def page(self, of: Mapping[str, Any] | None): ...\n"
        "def read() -> list[dict[str, object]]: ...\ndef own(of: dict[str, Any]): ...\n"
    )
    modules = {
        "core/a.py": ast.parse(code),
        "core/b.py": ast.parse("from judgekit.core.a import own"),
        "verbs/c.py": ast.parse("from judgekit.core.a import Found, read"),
    }
    assert untyped(modules) == ["core/a.py: Found.facts", "core/a.py: Found.page(of)", "core/a.py: read ->"]
