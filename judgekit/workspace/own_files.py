"""Which files of a workspace are judgekit's: all others are the user's, and are neither hidden nor lost."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from judgekit.workspace import atomic, layout


def hide_from_git(root: Path) -> None:
    """Write a `.gitignore` into a workspace that has none: the data of annotators must not slip in by `git add .`.

    A folder that holds something else already is the user's, and so is its .gitignore.
    """
    own = {
        layout.WORKSPACE_FILE, layout.SETTINGS_FILE, layout.SECRET_FILE, layout.DATASETS_FOLDER, layout.JUDGES_FOLDER,
        layout.STUDIES, layout.ANSWERS, layout.STAGING, layout.LOCKS,
    }  # fmt: skip
    if {path.name for path in root.iterdir()} <= own:
        atomic.write_text(root / ".gitignore", "*\n")


def carry_over(old: Path, new: Path, *, own: Sequence[str]) -> None:
    """Put the user's own files in a folder that is replaced into the one that replaces it.

    Args:
        old: the folder that is replaced.
        new: the one that replaces it.
        own: names of what judgekit writes into such a folder.
    """
    if not old.is_dir() or old.is_symlink():  # what a link leads to stays as it is
        return
    for path in old.iterdir():
        if path.name in own or atomic.is_partial(path) or (new / path.name).exists():
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.copytree(path, new / path.name, symlinks=True)
        else:
            shutil.copy2(path, new / path.name, follow_symlinks=False)
