"""`judgekit.toml` in the workspace: one table per verb, one key per setting; below flags and environment."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from judgekit.config import (
    CheckSettings,
    EvaluateSettings,
    ExportSettings,
    IngestSettings,
    ScoreSettings,
    Settings,
    StudySettings,
    TrainSettings,
)
from judgekit.errors import SettingsError
from judgekit.workspace.layout import SETTINGS_FILE, find_root

VERBS: dict[str, type[Settings]] = {
    "ingest": IngestSettings,
    "check": CheckSettings,
    "train": TrainSettings,
    "score": ScoreSettings,
    "evaluate": EvaluateSettings,
    "export": ExportSettings,
    "study": StudySettings,
}


def read_defaults(workspace: Path | None) -> dict[str, dict[str, Any]]:
    """The settings of each verb that the workspace's file gives; empty where there is no file.

    Args:
        workspace: the --workspace option.

    Raises:
        SettingsError: the file is not valid TOML, names a verb or setting that does not exist, or a value out of range.
    """
    path = find_root(workspace) / SETTINGS_FILE
    if not path.is_file():
        return {}
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.") from error
    problems: list[str] = []
    for verb, values in tables.items():
        if verb not in VERBS or not isinstance(values, dict):
            problems.append(f"[{verb}]: no verb has that name and settings; those that do are {', '.join(VERBS)}")
            continue
        try:
            VERBS[verb].from_json(values)
        except SettingsError as error:
            problems.append(f"[{verb}] {' '.join([error.message, *error.problems, error.hint]).rstrip()}")
    if problems:
        raise SettingsError(f"{path} cannot be used:", problems=problems)
    return tables
