"""What judgekit runs on, and what is wrong with it: packages, device, workspace, settings, and a namesake."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from judgekit.dataset.manifest import DATASETS
from judgekit.errors import JudgekitError
from judgekit.judge.manifest import JUDGES
from judgekit.models import starter, starter_lm
from judgekit.version import __version__
from judgekit.wording import counted
from judgekit.workspace import layout
from judgekit.workspace.store import Kind, Workspace

DISTRIBUTION, NAMESAKE = "annotation-judgekit", "judgekit"
PACKAGES = ("torch", "transformers", "peft", "bitsandbytes", "polars", "cvxpy")
GIB = 2**30


class Installation(NamedTuple):
    """What a person is asked for who reports that something does not work."""

    facts: dict[str, str]
    """By what they are about."""
    problems: tuple[str, ...]
    """What is wrong, with the remedy, one each."""

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON values."""
        return {"facts": self.facts, "problems": list(self.problems)}


def installation(workspace: Path | None, *, device: str) -> Installation:
    """What judgekit runs on here.

    Args:
        workspace: the folder that is named; None finds one.
        device: where a model would compute, in words.
    """
    versions = {name: version for name in PACKAGES if (version := _version(name))}
    place, problems = _workspace(workspace)
    memory = psutil.virtual_memory()
    facts = {
        "judgekit": f"{__version__} in {Path(__file__).parents[1]}",
        "python": f"{platform.python_version()} on {platform.platform()}",
        "packages": ", ".join(f"{name} {version}" for name, version in versions.items()),
        "computes on": device,
        "machine": f"{psutil.cpu_count()} cores, {memory.available / GIB:.1f} of {memory.total / GIB:.1f} GiB free",
        "starter": _starter(),
        "starter-lm": _starter_lm(),
        **place,
        "environment": ", ".join(sorted(name for name in os.environ if name.startswith("JUDGEKIT_"))) or "nothing set",
    }
    return Installation(facts, (*_packaging(versions), *problems))


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _packaging(versions: dict[str, str]) -> Iterator[str]:
    """What is wrong with the installed packages."""
    missing = [name for name in PACKAGES if name not in versions and name != "bitsandbytes"]
    if missing:
        remedy = f"pip install --force-reinstall {DISTRIBUTION}"
        yield f"Not installed: {', '.join(missing)}. Install judgekit again: {remedy}"
    if _version(NAMESAKE):
        yield (
            f"Another tool, the distribution {NAMESAKE!r} {_version(NAMESAKE)}, is installed beside this one "
            f"({DISTRIBUTION}); both have a package and a command of that name, so the one installed later has "
            f"overwritten files of the other. Keep one of them: pip uninstall {NAMESAKE} {DISTRIBUTION}, then "
            f"pip install {DISTRIBUTION}; or give each a virtual environment of its own."
        )


def _starter() -> str:
    folder = starter.find_in_wheel()
    return f"in {folder}" if folder else f"not installed: pip install '{DISTRIBUTION}[starter]', or it is downloaded"


def _starter_lm() -> str:
    found = starter_lm.find_in_wheel()
    return f"in {found.parent}" if found else f"not installed. {starter_lm.INSTALL}"


def _workspace(named: Path | None) -> tuple[dict[str, str], list[str]]:
    """Which workspace is used, why, and what in it cannot be opened."""
    try:
        root = layout.find_root(named)
        chosen = "named" if layout.named_root(named) else "found" if layout.nearest_root() else "your personal one"
        if not layout.is_workspace(root):
            return {"workspace": f"none yet; {root} would be made ({chosen})"}, []
        place = Workspace(root)
    except JudgekitError as error:
        return {"workspace": "it cannot be used"}, [str(error)]
    problems = [*_closed(place, DATASETS), *_closed(place, JUDGES)]
    kinds = (DATASETS, JUDGES)
    counts = ", ".join(counted(len(place.names(kind)), kind.word) for kind in kinds)
    files = [path for path in (root / layout.SETTINGS_FILE, layout.user_settings_file()) if path.is_file()]
    facts = {"workspace": f"{root} ({chosen}): {counts}", "settings from": ", ".join(map(str, files)) or "no file"}
    if not os.access(root, os.W_OK):
        problems.append(f"The workspace {root} cannot be written to: name another with --workspace, or make one here.")
    return facts, problems


def _closed(place: Workspace, kind: Kind[Any]) -> Iterator[str]:
    """Why what cannot be opened cannot."""
    for name in place.names(kind):
        try:
            place.open(kind, name)
        except JudgekitError as error:
            yield str(error)
