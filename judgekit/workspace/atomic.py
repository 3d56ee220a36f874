"""Writing files and folders whole or not at all. This file knows nothing of workspaces.

What is written stands under another name beside its place (`.judgekit-….partial`) until it is whole and flushed to the
disk; then one rename puts it there. A kill leaves the old or the new content, and at worst such a partial, which the
next writer to that folder deletes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from judgekit.workspace.claims import claimed, clear_dead, remove
from judgekit.workspace.renaming import exchange, rename_free

_PREFIX, _PARTIAL, _ASIDE = ".judgekit-", ".partial", ".replaced"
_LONGEST_SUFFIX = 20


@contextmanager
def replaced_file(path: Path, *, replace: bool = True, mode: int = 0o666) -> Generator[Path]:
    """A path to write to; it becomes `path` when the block ends well, and is deleted when it does not.

    The temporary path keeps the suffix of `path`, for writers that choose a format by it. Where `path` is a link, the
    file it leads to is written.

    Args:
        path: the file to be.
        replace: whether a file that is there is replaced.
        mode: the file's permissions, which the process's umask narrows.

    Raises:
        FileExistsError: something has come to `path` that may not be replaced.
    """
    path = Path(os.path.realpath(path))
    suffix = path.suffix if len(os.fsencode(path.suffix)) <= _LONGEST_SUFFIX else ""
    clear_partials(path.parent)

    def make(temporary: Path) -> None:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))

    with claimed(lambda word: path.with_name(f"{_PREFIX}{word}{_PARTIAL}{suffix}"), make) as temporary:
        try:
            yield temporary
            sync_file(temporary)
            if replace:
                temporary.replace(path)
            else:
                rename_free(temporary, path)
            _sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def replaced_folder(path: Path, *, check: Callable[[Path], None] | None = None) -> Generator[Path]:
    """A folder to build in; it becomes `path` when the block ends well, else it vanishes.

    Args:
        path: the folder to be; where it is a link, the folder it leads to.
        check: raises where a folder must not be replaced; None replaces none.

    Raises:
        FileExistsError: something has come to `path` that may not be replaced.
    """
    path = Path(os.path.realpath(path))
    clear_partials(path.parent)
    with claimed(lambda word: path.with_name(f"{_PREFIX}{word}{_PARTIAL}"), Path.mkdir) as staging:
        try:
            yield staging
            put_folder(staging, path, check=check, aside=staging.with_suffix(_ASIDE))
        finally:
            remove(staging)


def clear_partials(folder: Path) -> None:
    """Delete what dead processes left half-written in a folder."""
    clear_dead(folder.glob(f"{_PREFIX}*{_PARTIAL}*"))


def is_partial(path: Path) -> bool:
    """Whether a file or folder is one that is half-written."""
    return path.name.startswith(_PREFIX) and _PARTIAL in path.name


def write_text(path: Path, text: str, *, mode: int = 0o666) -> None:
    """Write `text` as UTF-8 with line feeds, whole or not at all; `mode` is narrowed by the process's umask."""
    with replaced_file(path, mode=mode) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def append_line(path: Path, line: str) -> None:
    """Add a line to a file, flushed to the disk; one that a kill has left half stays a line of its own.

    Args:
        path: may not be there; the folders above it are made.
        line: without a line end, in UTF-8.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        is_begun = file.tell() > 0
        if is_begun:
            file.seek(-1, os.SEEK_END)
            is_begun = file.read(1) != b"\n"
        file.write(b"\n" * is_begun + line.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def sync_file(path: Path) -> None:
    """Flush one file's content to the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def move_folder(source: Path, destination: Path) -> None:
    """Rename a folder to a place that is free, with everything in it flushed to the disk first."""
    _flush(source)
    destination.parent.mkdir(parents=True, exist_ok=True)
    rename_free(source, destination)
    _sync_folder(destination.parent)


def put_folder(source: Path, destination: Path, *, check: Callable[[Path], None] | None, aside: Path) -> None:
    """Rename a folder into its place, and delete what was there.

    Args:
        source: the folder, built whole.
        destination: its place.
        check: raises where what is there must not be replaced; asked once more when it is out of the way, and put back
            if something has come into it meanwhile. None replaces nothing.
        aside: where the old one stands for a moment on file systems that cannot exchange two names.

    Raises:
        FileExistsError: something is there, and `check` is None.
    """
    try:
        move_folder(source, destination)
    except FileExistsError:
        if check is None:
            raise
        check(destination)
        _exchange(source, destination, aside)
        try:
            check(source)
        except BaseException:
            _exchange(source, destination, aside)
            raise
        _sync_folder(destination.parent)
        remove(source)


def _exchange(one: Path, other: Path, aside: Path) -> None:
    if exchange(one, other):
        return
    other.rename(aside)
    try:
        rename_free(one, other)
    except BaseException:
        rename_free(aside, other)
        raise
    rename_free(aside, one)


def _flush(folder: Path) -> None:
    """Flush the files of a folder to the disk.

    They may be read by whoever may read the folder: safetensors writes them for their owner alone.
    """
    mode = folder.stat().st_mode & 0o666
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(mode)
            sync_file(path)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder for flushing; its rename is journalled
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
