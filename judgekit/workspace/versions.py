"""Reading several files of one version: a folder may be replaced by another process between two of them.

A writer never waits for a reader. A reader looks at the manifest again when it has read the rest, and what it has read
counts only if the manifest is still the one that it began with.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from judgekit.errors import WorkspaceError
from judgekit.workspace.store import Entry

T = TypeVar("T")

_ATTEMPTS = 3


class ReplacedError(WorkspaceError):
    """What was being read was replaced meanwhile; begun again, it reads the new version."""


class OneVersion:
    """A block that reads files of one version of a folder, or fails.

    Args:
        entry: the version.
        word: what it is, such as `judge`.

    Raises:
        ReplacedError: another version is there when the block ends, be it well or with an error.
    """

    def __init__(self, entry: Entry[Any], word: str) -> None:
        self._entry, self._word = entry, word

    def __enter__(self) -> None:
        """Begin to read."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Look whether the version is still there. Of two versions at once any error may come, so all are looked at."""
        if (error is None or isinstance(error, Exception)) and not self._entry.is_current:
            raise ReplacedError(
                f"The {self._word} {self._entry.name!r} in {self._entry.path} was replaced or changed while it was "
                "being read. Nothing was written.",
                hint="Run the command again; in Python, open it again.",
            ) from error


def of_one_version(work: Callable[[], T]) -> T:
    """What `work` returns; it is begun again, at most twice, when what it reads is replaced.

    Raises:
        ReplacedError: it was replaced each time.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return work()
        except ReplacedError:
            continue
    return work()
