"""How often a judge was looked at on the same items: a test part that judges are chosen by is no test any more.

The number stands beside the items: with the dataset for its own test part, whichever judge is evaluated, and with the
judge for a file.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from judgekit.dataset.manifest import LOOKS_FILE
from judgekit.errors import WorkspaceError
from judgekit.workspace.manifest import Document
from judgekit.workspace.store import Workspace


class Looks(Document):
    """Evaluations by a digest of the ids of their items."""

    evaluations: dict[str, int]


def count_look(folder: Path, ids: Sequence[str], place: Workspace | None) -> int | None:
    """Add one to the evaluations on some items, under the lock of the workspace.

    Args:
        folder: of a dataset or a judge.
        ids: of the items, in any order.
        place: the workspace that the folder is in; None for a judge in a folder of its own.

    Returns:
        The evaluations with this one; None where the folder cannot be written to or was damaged.
    """
    key = hashlib.blake2b("\x1f".join(sorted(ids)).encode(), digest_size=8).hexdigest()
    path = folder / LOOKS_FILE
    if not os.access(folder, os.W_OK):
        return None
    try:
        with place.commit_lock() if place else nullcontext():
            before = Looks.read(path).evaluations if path.is_file() else {}
            times = before.get(key, 0) + 1
            Looks(evaluations={**before, key: times}).write(path)
    except (OSError, WorkspaceError):
        return None
    return times
