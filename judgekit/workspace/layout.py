"""Where things lie. This file knows paths and names, never what is inside a file.

<root>/
  workspace.json          format version, judgekit version, created (UTC)
  judgekit.toml           settings of the user, optional
  pseudonyms.key          the workspace's own secret, from which annotators get their pseudonyms
  datasets/<name>/        a finished dataset; its manifest.json is written last
  judges/<name>/          a finished judge; its manifest.json is written last
  studies/<name>/         the finished runs of a study; its manifest.json is written first, as runs are added one by one
  syntheses/<name>/       judgments of a dataset's items that a teacher wrote, each on disk as it came
  answers/                what endpoints answered when judges were compared with them, by the hash of what was asked
  .staging/               what is being built, and the checkpoints of unfinished training;
                          deleting it loses unfinished work and nothing else
  .locks/                 lock files of running commands
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from platformdirs import user_config_path, user_data_path

from judgekit.errors import WorkspaceError
from judgekit.workspace.ownership import refuse_strangers

LOCAL_NAME = ".judgekit"
ENVIRONMENT_VARIABLE = "JUDGEKIT_WORKSPACE"
WORKSPACE_FILE = "workspace.json"
SETTINGS_FILE = "judgekit.toml"
USER_SETTINGS_FILE = "config.toml"
SECRET_FILE = "pseudonyms.key"
MANIFEST_FILE = "manifest.json"
DATASETS_FOLDER = "datasets"
JUDGES_FOLDER = "judges"
STUDIES = "studies"
SYNTHESES = "syntheses"
ANSWERS = "answers"
STAGING = ".staging"
LOCKS = ".locks"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
# Windows refuses these as file names whatever their suffix is.
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


def find_root(given: Path | None = None, *, start: Path | None = None) -> Path:
    """The folder of the workspace to use, which need not exist yet.

    The workspace that `given` or the environment names, else the nearest one upward, else the user's personal one.

    Args:
        given: the --workspace option.
        start: where to begin looking upward; None begins in the current folder.

    Raises:
        WorkspaceError: the nearest one upward belongs to another user.
    """
    return named_root(given) or nearest_root(start) or personal_root()


def named_root(given: Path | None = None) -> Path | None:
    """The workspace that the --workspace option, or else `$JUDGEKIT_WORKSPACE`, names; None where neither is set.

    Both may name a workspace itself or the folder that `judgekit init` made one in, which then has a `.judgekit/`.
    """
    chosen = given or os.environ.get(ENVIRONMENT_VARIABLE)
    if not chosen:
        return None
    folder = Path(chosen).expanduser().absolute()
    return folder / LOCAL_NAME if is_workspace(folder / LOCAL_NAME) else folder


def nearest_root(start: Path | None = None) -> Path | None:
    """The `.judgekit/` of the current folder, or of `start`, or of the nearest folder above; None where none is.

    The search ends at the border of the file system, as a mounted folder may come from anywhere.

    Raises:
        WorkspaceError: the one that is found belongs to another user.
    """
    here = (start or Path.cwd()).absolute()
    device = here.stat().st_dev
    for folder in (here, *here.parents):
        if folder.stat().st_dev != device:
            return None
        if is_workspace(root := folder / LOCAL_NAME):
            refuse_strangers(root, WORKSPACE_FILE, SETTINGS_FILE)
            return root
    return None


def user_settings_file() -> Path:
    """The settings that a user has for all workspaces."""
    return user_config_path("judgekit", appauthor=False) / USER_SETTINGS_FILE


def personal_root() -> Path:
    """The workspace of a user who made none: a folder of the platform for data of applications."""
    return user_data_path("judgekit", appauthor=False)


def is_workspace(folder: Path) -> bool:
    """Whether a workspace was made there."""
    return (folder / WORKSPACE_FILE).is_file()


def stored_names(root: Path, part: str) -> list[str]:
    """Names of what a part of a workspace holds (`DATASETS_FOLDER`, `JUDGES_FOLDER`, `STUDIES`), in their order."""
    return sorted(path.parent.name for path in (root / part).glob(f"*/{MANIFEST_FILE}"))


def check_name(name: str) -> str:
    """`name`, if it can be the name of a dataset or a judge on every platform.

    Raises:
        WorkspaceError: it cannot.
    """
    if not _NAME.fullmatch(name) or name.endswith(".") or name.split(".")[0].lower() in _RESERVED:
        raise WorkspaceError(
            f"{name!r} cannot be a name. A name starts with a letter or digit and has letters, digits, '.', '_' and "
            "'-', at most 80 characters, and is not a device name."
        )
    return name


def name_from_file(path: Path) -> str:
    """A dataset name made of a file's name: `SNLI train (v2).csv` becomes `SNLI-train-v2`."""
    stem = path.name.split(".")[0] or path.name.strip(".")
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:80] or "dataset"
    return f"{name}-data" if name.lower() in _RESERVED else name
