"""The folder of an export: which files in it are judgekit's, so that no other is ever deleted or replaced."""

from __future__ import annotations

import hashlib
import os
from fnmatch import fnmatch
from pathlib import Path

from judgekit.errors import DataError, WorkspaceError
from judgekit.judge.export_facts import CARD_FILE
from judgekit.judge.manifest import TEMPLATE_FILE, ExportManifest

FACTS_FILE = "judgekit.json"
_HASHED_BYTES = 1 << 20
_ELSEWHERE = "Choose another folder."
# What an export could hold before it listed its files.
_NAMES = (
    FACTS_FILE, CARD_FILE, TEMPLATE_FILE, "head.safetensors", "config.json", "generation_config.json",
    "model*.safetensors", "model.safetensors.index.json", "tokenizer*.json", "special_tokens_map.json",
    "added_tokens.json", "vocab.*", "merges.txt", "*.model", "chat_template.jinja", "LICENSE*", "NOTICE*",
)  # fmt: skip


def check_folder(folder: Path, *, force: bool) -> None:
    """Refuse a place that an export cannot or must not be written to.

    Raises:
        DataError: it is refused.
    """
    parent = Path(os.path.realpath(folder)).parent
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise DataError(f"The folder {parent} does not exist or cannot be written to.", hint=_ELSEWHERE)
    try:
        folder.stat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise DataError(f"{folder} cannot be written: {error.strerror}.", hint=_ELSEWHERE) from error
    check_replaced(folder, force=force, shown=folder)


def check_replaced(folder: Path, *, force: bool, shown: Path) -> None:
    """Refuse to replace a folder that is no export, or one that holds something of the user.

    Args:
        folder: the folder, which may stand under another name for a moment.
        force: whether an export is replaced.
        shown: what messages call it.

    Raises:
        DataError: it is refused.
    """
    if not (folder / FACTS_FILE).is_file():
        raise DataError(f"{shown} already exists and is not an export of judgekit.", hint=_ELSEWHERE)
    if not force:
        raise DataError(f"{shown} already exists.", hint=f"Replace it with --force. {_ELSEWHERE}")
    if others := _files_of_others(folder):
        raise DataError(
            f"{shown} holds what judgekit did not write, and would lose it:",
            problems=others,
            hint=f"Move these files elsewhere. {_ELSEWHERE}",
        )


def listed_files(folder: Path) -> dict[str, str]:
    """The files of an export but its facts, each with what it is known by again."""
    found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: _fingerprint(path) for name, path in found.items() if name != FACTS_FILE}


def _files_of_others(folder: Path) -> list[str]:
    """What in an export is not as judgekit wrote it."""
    try:
        known = ExportManifest.read(folder / FACTS_FILE).files
    except WorkspaceError:  # damaged, or of another version: then by their names
        known = None
    found: list[str] = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() and not path.is_symlink() and any(path.iterdir()):
            continue  # what is in it is looked at by itself
        if path.is_symlink() or not path.is_file():
            found.append(name)
        elif known is None:
            found += [] if any(fnmatch(name, pattern) for pattern in _NAMES) else [name]
        elif name not in (FACTS_FILE, *known):
            found.append(name)
        elif name != FACTS_FILE and known[name] != _fingerprint(path):
            found.append(f"{name} (it was changed)")
    return found


def _fingerprint(path: Path) -> str:
    """A file's size and the hash of its beginning: enough to notice an edited text, and quick for weights."""
    with path.open("rb") as file:
        return f"{path.stat().st_size}-{hashlib.sha256(file.read(_HASHED_BYTES)).hexdigest()[:32]}"
