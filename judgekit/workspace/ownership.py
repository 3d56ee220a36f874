"""Whose workspace it is: one that was merely found, and belongs to somebody else, is not obeyed."""

from __future__ import annotations

import os
from pathlib import Path

from judgekit.errors import WorkspaceError


def refuse_strangers(root: Path, *files: str) -> None:
    """Refuse a workspace of another user that nobody named, by the rule that git calls `safe.directory`.

    Its settings would choose what is computed, and the user's data would be written into a folder of somebody else.
    root accepts what belongs to the user who called `sudo`. Windows has no such owners; nothing is checked there.

    Args:
        root: the workspace that was found.
        files: names of the files in it that are read first; a missing one is not looked at.

    Raises:
        WorkspaceError: the folder, what it links to, or one of the files belongs to another user.
    """
    if not hasattr(os, "geteuid"):
        return
    own = {os.geteuid()}
    if own == {0} and os.environ.get("SUDO_UID", "").isdecimal():
        own.add(int(os.environ["SUDO_UID"]))
    found = [root, *filter(Path.exists, (root / name for name in files))]
    owners = {owner for path in found for owner in (path.lstat().st_uid, path.stat().st_uid)}
    if not owners <= own:
        raise WorkspaceError(
            f"The workspace {root} belongs to {_name(min(owners - own))}, not to {_name(os.geteuid())}. It is not used "
            "unless you name it: its settings would be obeyed, and your data would be written into it.",
            hint=f"Make one here: judgekit init   (or, if you trust that user: --workspace {root}, "
            f"for all commands: export JUDGEKIT_WORKSPACE={root})",
        )


def _name(uid: int) -> str:
    """The name of a user, or where there is none the number."""
    try:
        import pwd

        return f"the user {pwd.getpwuid(uid).pw_name!r}"
    except (ImportError, KeyError):
        return f"user {uid}"
