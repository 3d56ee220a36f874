"""Trained judges on disk: found by name or folder, and copied elsewhere."""

from __future__ import annotations

import shutil
from os import PathLike
from pathlib import Path

from judgekit.errors import WorkspaceError
from judgekit.judge.manifest import ADAPTER_FOLDER, JUDGES, JudgeManifest
from judgekit.workspace.atomic import replaced_folder
from judgekit.workspace.layout import MANIFEST_FILE, find_root
from judgekit.workspace.store import Entry, Workspace, open_folder


def find_judge(
    judge: str | PathLike[str] | None, workspace: Path | None
) -> tuple[Entry[JudgeManifest], Workspace | None]:
    """A judge by its name in the workspace, else by its folder, and the workspace that it is in.

    Args:
        judge: a name, or a folder; None takes the newest of the workspace.
        workspace: the workspace's folder; None finds one.

    Raises:
        WorkspaceError: there is no such judge, or it is damaged.
    """
    root = find_root(workspace)
    if judge is not None:
        folder = Path(judge).expanduser()
        may_be_name = isinstance(judge, str) and folder.name == judge
        is_name = may_be_name and (root / JUDGES.folder / judge).is_dir()
        if not is_name and (not may_be_name or (folder / MANIFEST_FILE).is_file()):
            return open_folder(JUDGES, folder), None if workspace is None else Workspace(root)
    place = Workspace(root)
    return place.open(JUDGES, None if judge is None else str(judge)), place


def copy_judge(source: Path, target: Path, *, force: bool) -> None:
    """Copy the folder of a judge, whole or not at all; folders above the new one are made.

    Raises:
        WorkspaceError: something else than a judge is there, or a judge and `force` is false.
    """
    is_judge = (target / MANIFEST_FILE).is_file() and (target / ADAPTER_FOLDER).is_dir()
    is_empty = target.is_dir() and not any(target.iterdir())
    if target.exists() and not is_judge and not is_empty:
        raise WorkspaceError(f"{target} already exists and is not a judge.", hint="Choose another folder.")
    if is_judge and not force:
        raise WorkspaceError(f"There is a judge in {target} already.", hint="Replace it with force=True.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with replaced_folder(target) as staged:
        mode = staged.stat().st_mode  # as the umask gives it, whatever the judge's own folder has
        shutil.copytree(source, staged, dirs_exist_ok=True, copy_function=shutil.copyfile)
        for folder in (staged, *(path for path in staged.rglob("*") if path.is_dir())):
            folder.chmod(mode)
