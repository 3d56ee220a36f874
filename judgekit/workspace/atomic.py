"""Writing files and folders whole or not at all. This file knows nothing of workspaces.

A file is written beside its place, flushed to the disk and renamed over it. A folder is renamed into place after all
its files are flushed. A kill leaves either the old or the new content, and at worst a leftover in the same folder.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def replaced_file(path: Path) -> Generator[Path]:
    """A path to write to; it becomes `path` when the block ends well, and is deleted when it does not.

    The temporary path keeps the suffix of `path`, for writers that choose a format by it.
    """
    temporary = path.with_name(f".{path.stem[:80]}.{uuid4().hex[:8]}.partial{path.suffix}")
    try:
        yield temporary
        sync_file(temporary)
        temporary.replace(path)
        _sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replaced_folder(path: Path) -> Generator[Path]:
    """A folder to build in; it becomes `path` when the block ends well, in place of what is there, else it vanishes."""
    staging = path.with_name(f".{path.name[:80]}.{uuid4().hex[:8]}.partial")
    replaced = staging.with_suffix(".replaced")
    staging.mkdir()
    try:
        yield staging
        if path.exists():
            path.rename(replaced)
        try:
            move_folder(staging, path)
        finally:
            if replaced.exists() and not path.exists():
                replaced.rename(path)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    shutil.rmtree(replaced, ignore_errors=True)


def write_text(path: Path, text: str, *, mode: int = 0o666) -> None:
    """Write `text` as UTF-8 with line feeds, whole or not at all; `mode` is narrowed by the process's umask."""
    with replaced_file(path) as temporary:
        temporary.touch(mode)
        temporary.write_text(text, encoding="utf-8", newline="\n")


def sync_file(path: Path) -> None:
    """Flush one file's content to the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def move_folder(source: Path, destination: Path) -> None:
    """Rename a folder to a place that is free, with everything in it flushed to the disk first.

    Its files may be read by whoever may read the folder: safetensors writes them for their owner alone.
    """
    mode = source.stat().st_mode & 0o666
    for path in source.rglob("*"):
        if path.is_file():
            path.chmod(mode)
            sync_file(path)
    destination.parent.mkdir(parents=True, exist_ok=True)
    source.rename(destination)
    _sync_folder(destination.parent)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder for flushing; its rename is journalled
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
