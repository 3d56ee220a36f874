"""Where things lie. This file knows paths and names, never what is inside a file.

<root>/
  workspace.json          format version, judgekit version, created (UTC)
  judgekit.toml           settings of the user, optional
  pseudonyms.key          the workspace's own secret, from which annotators get their pseudonyms
  datasets/<name>/        a finished dataset; its manifest.json is written last
  judges/<name>/          a finished judge; its manifest.json is written last
  studies/<name>/         the finished runs of a study; its manifest.json is written first, as runs are added one by one
  .staging/               what is being built, and the checkpoints of unfinished training;
                          deleting it loses unfinished work and nothing else
  .locks/                 lock files of running commands
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from platformdirs import user_data_path

from judgekit.errors import WorkspaceError

LOCAL_NAME = ".judgekit"
ENVIRONMENT_VARIABLE = "JUDGEKIT_WORKSPACE"
WORKSPACE_FILE = "workspace.json"
SETTINGS_FILE = "judgekit.toml"
SECRET_FILE = "pseudonyms.key"
MANIFEST_FILE = "manifest.json"
DATASETS_FOLDER = "datasets"
JUDGES_FOLDER = "judges"
STUDIES = "studies"
STAGING = ".staging"
LOCKS = ".locks"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
# Windows refuses these as file names whatever their suffix is.
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


def find_root(given: Path | None = None, *, start: Path | None = None) -> Path:
    """The folder of the workspace to use, which need not exist yet.

    Looks at `given` (the --workspace option), then `$JUDGEKIT_WORKSPACE`, then the nearest `.judgekit/` from `start`
    (default: the current folder) upward, then the user's data folder of this platform.
    """
    chosen = given or os.environ.get(ENVIRONMENT_VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        if (folder / LOCAL_NAME / WORKSPACE_FILE).is_file():
            return folder / LOCAL_NAME
    return user_data_path("judgekit", appauthor=False)


def check_name(name: str) -> str:
    """`name`, if it can be the name of a dataset or a judge on every platform.

    Raises:
        WorkspaceError: it cannot.
    """
    if not _NAME.fullmatch(name) or name.endswith(".") or name.split(".")[0].lower() in _RESERVED:
        raise WorkspaceError(
            f"{name!r} cannot be a name. A name starts with a letter or digit and has letters, digits, '.', '_' and "
            "'-', at most 80 characters, and is no device name."
        )
    return name


def name_from_file(path: Path) -> str:
    """A dataset name made of a file's name: `SNLI train (v2).csv` becomes `SNLI-train-v2`."""
    stem = path.name.split(".")[0] or path.name.strip(".")
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:80] or "dataset"
    return f"{name}-data" if name.lower() in _RESERVED else name
