"""`judgekit init`: make a workspace."""

from __future__ import annotations

from pathlib import Path

from judgekit.version import __version__
from judgekit.workspace.layout import LOCAL_NAME
from judgekit.workspace.store import Workspace


def init(folder: str | Path | None = None) -> Path:
    """Make a workspace, or leave the one that is there as it is.

    Args:
        folder: the workspace's own folder; None makes `.judgekit/` in the current folder.

    Returns:
        the workspace's folder.

    Raises:
        WorkspaceError: the folder is a file, or a newer judgekit made the workspace.
    """
    place = Path(folder).expanduser().absolute() if folder is not None else Path.cwd() / LOCAL_NAME
    return Workspace.create(place, version=__version__).root
