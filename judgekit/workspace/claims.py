"""What is being written belongs to a living process, which holds a lock on the file or folder itself.

The operating system frees the lock when the process dies, however it dies and in whichever container: what nobody
holds was left by a dead process, and is deleted. Where locks do not exist (Windows, some network file systems) nobody
can tell; there what nothing has been written into for a week is deleted.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}
_ATTEMPTS = 5
_LEFT_AFTER_SECONDS = 7 * 24 * 3600


@contextmanager
def claimed(name: Callable[[str], Path], make: Callable[[Path], None]) -> Generator[Path]:
    """A new file or folder that nobody takes for left over while the block runs.

    Args:
        name: makes its path from a few random characters.
        make: creates it; raises FileExistsError where something is there.
    """
    path, handle = _made(name, make)
    try:
        yield path
    finally:
        if handle is not None:
            os.close(handle)


@contextmanager
def held(path: Path) -> Generator[bool]:
    """Hold a folder that outlives its writers while the block runs; false where a living process holds it.

    Where locks do not exist it is true for all.
    """
    handle, is_ours = None, True
    try:
        handle = _locked(path)
        is_ours = handle is not None
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
    try:
        yield is_ours
    finally:
        if handle is not None:
            os.close(handle)


def clear_dead(paths: Iterable[Path]) -> None:
    """Delete those of some files and folders that no living process writes; what cannot be deleted stays."""
    for path in paths:
        with suppress(OSError):
            if path.is_symlink():  # it cannot be held: a replacement put it aside
                path.unlink()
                continue
            try:
                handle = _locked(path)
            except OSError as error:
                if error.errno in NO_LOCKS and _is_old(path):
                    remove(path)
                continue
            if handle is None:
                continue
            try:
                remove(path)
            finally:
                os.close(handle)


def _is_old(path: Path) -> bool:
    """Whether nothing has been written into a file or folder for a week."""
    newest = max(one.lstat().st_mtime for one in (path, *path.rglob("*")))
    return time.time() - newest > _LEFT_AFTER_SECONDS


def remove(path: Path) -> None:
    """Delete a file, a folder with all that is in it, or a link and not what it leads to; what fails stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _made(name: Callable[[str], Path], make: Callable[[Path], None]) -> tuple[Path, int | None]:
    """A new file or folder and the handle of its lock, None where locks do not exist."""
    for _ in range(_ATTEMPTS):
        path = name(uuid4().hex[:8])
        make(path)
        try:
            handle = _locked(path)
        except OSError:
            if path.exists():
                return path, None
            continue  # another process took it for left over before it was locked
        if handle is None:
            continue
        return path, handle
    raise FileNotFoundError(f"{name('*')} was deleted again and again while it was made.")


def _locked(path: Path) -> int | None:
    """A handle that holds the lock of a file or folder; None where another process holds it.

    Raises:
        OSError: it is gone, or there are no locks.
    """
    if fcntl is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        there = path.lstat()
        if (there.st_dev, there.st_ino) != ((held := os.fstat(handle)).st_dev, held.st_ino):
            raise FileNotFoundError(path)
    except BlockingIOError:
        os.close(handle)
        return None
    except OSError:
        os.close(handle)
        raise
    return handle
