"""What the machine refuses: a full disk, a folder that cannot be written to, memory that runs out.

Such an error is nobody's bug: it becomes a sentence and exit code 3. What libraries written in Rust raise carries the
number of the system's error in its text alone.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from typing import Any, cast

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CLOSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_OTHER = {
    errno.ENAMETOOLONG,
    errno.EMFILE,
    errno.ENFILE,
    errno.EIO,
    errno.ENOLCK,
    errno.ENOSYS,
    errno.ESTALE,
    errno.EXDEV,
}
_NUMBER = re.compile(r"os error (\d+)|Errno (\d+)")
_MEMORY = ("out of memory", "not enough memory", "allocate memory", "memory allocation", "bad_alloc", "bad allocation")
_LIBRARIES = {"safetensors": "SafetensorError", "polars.exceptions": "PolarsError"}
_KEPT = "What was finished is kept; an interrupted training or study goes on with --resume or by itself."


def machine_errors() -> tuple[type[BaseException], ...]:
    """The kinds of errors that may be the machine's, of what is loaded; never loads a library."""
    loaded = [getattr(sys.modules.get(module), name, None) for module, name in _LIBRARIES.items()]
    found = [cast("type[BaseException]", kind) for kind in loaded if kind is not None]
    return (OSError, MemoryError, RuntimeError, *found)


def in_words(error: BaseException) -> str | None:
    """A sentence about an error of the machine, with what helps; None for any other error, which is a bug."""
    if isinstance(error, MemoryError) or any(sign in str(error) for sign in _MEMORY):
        return (
            "There is not enough memory. Nothing half-done is left in place.\n"
            f"Close other programs, or ask for less at once: --batch-size, --max-length. {_KEPT}"
        )
    number = _number(error)
    if number is None or number not in _FULL | _CLOSED | _OTHER:
        return None
    names: list[Any] = [getattr(error, "filename", None), getattr(error, "filename2", None)]
    place = next((os.fsdecode(name) for name in names if isinstance(name, str | bytes | os.PathLike)), "")
    what = f"{os.strerror(number)}{f': {place}' if place else ''}."
    if number in _FULL:
        return f"{what}\nFree some space, or write elsewhere, then run the command again. {_KEPT}"
    if number in _CLOSED:
        return f"{what}\nWrite elsewhere, or ask for the right to write there. {_KEPT}"
    return f"{what}\nMend it or choose another place, then run the command again. {_KEPT}"


def _number(error: BaseException) -> int | None:
    """The number of the system's error, as the exception has it or as its text says."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    found = _NUMBER.search(str(error))
    return None if found is None else int(found[1] or found[2])
