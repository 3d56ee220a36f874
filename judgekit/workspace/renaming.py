"""Renames that the operating system does in one step: onto a name that is free, and of two names for each other.

Python has neither. Where a file system cannot do them, `rename_free` has a way that is as safe, and `exchange` says so.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

# ENOSYS and EPERM are also what a container's filter of system calls answers.
UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EPERM}
_AT_FDCWD = -100


def rename_free(source: Path, destination: Path) -> None:
    """Rename a file or folder to a place that is free.

    Raises:
        FileExistsError: something is there, be it an empty folder or a link that leads nowhere.
    """
    if os.name == "nt":  # its rename replaces nothing
        source.rename(destination)
    elif not _rename_by_system(source, destination, is_exchange=False):
        _rename_free_in_steps(source, destination)


def exchange(one: Path, other: Path) -> bool:
    """Let two names that are there change their places, whatever they name; False where this cannot be done."""
    return os.name != "nt" and _rename_by_system(one, other, is_exchange=True)


def _rename_free_in_steps(source: Path, destination: Path) -> None:
    """The same by what every file system can do without replacing anything but an empty folder."""
    if source.is_dir() and not source.is_symlink():
        if os.path.lexists(destination):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(destination))
        try:
            source.rename(destination)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.ENOTDIR):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(destination)) from error
            raise
        return
    try:
        os.link(source, destination, follow_symlinks=False)
    except OSError as error:
        if error.errno not in UNSUPPORTED | {errno.EMLINK}:
            raise
        with destination.open("xb"):
            source.replace(destination)
    else:
        source.unlink()


def _rename_by_system(source: Path, destination: Path, *, is_exchange: bool) -> bool:
    call = _system_call()
    if call is None:
        return False
    number = call(os.fsencode(source), os.fsencode(destination), is_exchange)
    if number in UNSUPPORTED:
        return False
    if number:
        raise OSError(number, os.strerror(number), str(source), None, str(destination))
    return True


@cache
def _system_call() -> Callable[[bytes, bytes, bool], int] | None:
    """The rename of Linux or macOS that takes flags, as a function that returns an error's number or 0."""
    name = "renamex_np" if sys.platform == "darwin" else "renameat2"
    function = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    if function is None:
        return None
    if sys.platform == "darwin":
        function.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint]
    else:
        function.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]

    def call(source: bytes, destination: bytes, is_exchange: bool) -> int:
        if sys.platform == "darwin":
            failed = function(source, destination, 2 if is_exchange else 4)  # RENAME_SWAP, RENAME_EXCL
        else:
            flag = 2 if is_exchange else 1  # RENAME_EXCHANGE, RENAME_NOREPLACE
            failed = function(_AT_FDCWD, source, _AT_FDCWD, destination, flag)
        return ctypes.get_errno() if failed else 0

    return call
