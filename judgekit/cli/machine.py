"""What the machine refuses: a full disk, a folder that cannot be written to, memory that runs out.

Such an error is nobody's bug: it becomes a sentence and exit code 3. What libraries written in Rust raise carries the
number of the system's error in its text alone.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Generator
from typing import Any, cast

try:
    import resource
except ImportError:  # Windows
    resource = None

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CLOSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_OTHER = {
    errno.ENAMETOOLONG,
    errno.EEXIST,
    errno.ELOOP,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EMFILE,
    errno.ENFILE,
    errno.EIO,
    errno.ENOLCK,
    errno.ENOSYS,
    errno.ESTALE,
    errno.EXDEV,
}
_NEEDED = 3 * 2**30
"""Bytes of addresses that a command's libraries take, of which memory is the smaller part."""
_NUMBER = re.compile(r"os error (\d+)|Errno (\d+)")
_MEMORY = (
    "out of memory", "not enough memory", "allocate memory", "memory allocation", "bad_alloc", "bad allocation",
    "failed to map segment", "could not spawn thread", "thread creation failed", "resource temporarily unavailable",
)  # fmt: skip
_LIBRARIES = {"safetensors": "SafetensorError", "polars.exceptions": "PolarsError"}
_KEPT = "What was finished is kept; an interrupted training or study goes on with --resume or by itself."


def machine_errors() -> tuple[type[BaseException], ...]:
    """The kinds of errors that may be the machine's, of what is loaded; never loads a library."""
    loaded = [getattr(sys.modules.get(module), name, None) for module, name in _LIBRARIES.items()]
    found = [cast("type[BaseException]", kind) for kind in loaded if kind is not None]
    # What a library written in Rust ends with when a thread is refused; each has a kind of its own.
    panics = [kind for kind in BaseException.__subclasses__() if kind.__module__ == "pyo3_runtime"]
    # Of a library that was loaded in part.
    half_loaded = (NameError, AttributeError, SystemError) if is_narrow() else ()
    return (OSError, MemoryError, RuntimeError, ImportError, *found, *panics, *half_loaded)


def is_narrow() -> bool:
    """Whether the process may take fewer addresses than its libraries need, as `ulimit -v` says."""
    return 0 <= _limit() < _NEEDED


def narrowness() -> str:
    """A sentence about it."""
    return (
        f"This process may take {_limit() / 2**20:,.0f} MB of addresses (ulimit -v); the libraries of judgekit take "
        f"about {_NEEDED / 2**30:.0f} GB, and with fewer some of them end without a word."
    )


def _limit() -> int:
    """Bytes of addresses that the process may take; -1 without a limit."""
    if resource is None:
        return -1
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return -1 if limit == resource.RLIM_INFINITY else limit


def in_words(error: BaseException) -> str | None:
    """A sentence about an error of the machine, with what helps; None for any other error, which is a bug."""
    number = _number(error)
    if number is None or number not in _FULL | _CLOSED | _OTHER:
        is_memory = any(isinstance(one, MemoryError) or _tells_of_memory(one) for one in _with_causes(error))
        if not is_memory and (not is_narrow() or isinstance(error, OSError)):
            return None
        return (
            "There is not enough memory. Nothing half-done is left in place.\n"
            f"Close other programs, or ask for less at once: --batch-size, --max-length. {_KEPT}"
        )
    names: list[Any] = [getattr(error, "filename", None), getattr(error, "filename2", None)]
    place = next((os.fsdecode(name) for name in names if isinstance(name, str | bytes | os.PathLike)), "")
    what = f"{os.strerror(number)}{f': {place}' if place else ''}."
    if number in _FULL:
        return f"{what}\nFree some space, or write elsewhere, then run the command again. {_KEPT}"
    if number in _CLOSED:
        return f"{what}\nWrite elsewhere, or ask for the right to write there. {_KEPT}"
    return f"{what}\nMend it or choose another place, then run the command again. {_KEPT}"


def _with_causes(error: BaseException | None) -> Generator[BaseException]:
    """An error, and what a library came upon that could not be loaded: its own error stands above the machine's."""
    while error is not None:
        yield error
        error = (error.__cause__ or error.__context__) if isinstance(error, ImportError) else None


def _tells_of_memory(error: BaseException) -> bool:
    return any(sign in str(error).lower() for sign in _MEMORY)


def _number(error: BaseException) -> int | None:
    """The number of the system's error, as the exception has it or as its text says."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    found = _NUMBER.search(str(error))
    return None if found is None else int(found[1] or found[2])
