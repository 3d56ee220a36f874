"""`judgekit init`: make a workspace."""

from __future__ import annotations

from pathlib import Path

from judgekit.version import __version__
from judgekit.workspace.layout import LOCAL_NAME, find_root
from judgekit.workspace.store import Workspace


def init(folder: str | Path | None = None) -> Path:
    """Make a workspace, or leave the one that is there as it is.

    Args:
        folder: the workspace's own folder, or one that has a `.judgekit/` already; None makes `.judgekit/` in the
            current folder.

    Returns:
        the workspace's folder.

    Raises:
        WorkspaceError: the folder is a file, or a newer judgekit made the workspace.

    Examples:
        >>> init("project/.judgekit").name
        '.judgekit'
    """
    place = Path.cwd() / LOCAL_NAME if folder is None else find_root(Path(folder))
    return Workspace.create(place, version=__version__).root
