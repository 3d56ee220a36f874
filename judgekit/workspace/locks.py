"""Locks between commands that work in one workspace: files under `.locks/` that the operating system holds."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from judgekit.errors import WorkspaceError
from judgekit.workspace.claims import NO_LOCKS
from judgekit.workspace.layout import LOCKS


@contextmanager
def held(root: Path, name: str, *, timeout: float, busy: WorkspaceError) -> Generator[None]:
    """Hold a lock of a workspace; the operating system frees it if this process dies.

    Args:
        root: the workspace.
        name: of the lock.
        timeout: seconds to wait for another process.
        busy: raised when it does not give the lock back.

    Raises:
        WorkspaceError: another process holds it, or the file system has no locks.
    """
    folder = root / LOCKS
    folder.mkdir(parents=True, exist_ok=True)
    # A marker in the place of a lock would outlive a process that is killed.
    lock = FileLock(folder / f"{name}.lock", fallback_to_soft=False)
    try:
        lock.acquire(timeout=timeout)
    except Timeout as error:
        raise busy from error
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        raise WorkspaceError(
            f"The file system of {root} has no locks ({error.strerror}), so two commands could write at once.",
            hint="Keep the workspace on another one: --workspace FOLDER, or export JUDGEKIT_WORKSPACE=FOLDER",
        ) from error
    try:
        yield
    finally:
        lock.release()
