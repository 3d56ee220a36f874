"""Settings in files: `judgekit.toml` of the workspace over `config.toml` of the user; below flags and environment.

One table per verb, one key per setting. A workspace may come from anybody, with a cloned repository: what lets code run
or reaches the network counts in the user's own file alone.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from judgekit.config import (
    CheckSettings,
    EstimateSettings,
    EvaluateSettings,
    ExportSettings,
    GateSettings,
    IngestSettings,
    PlanSettings,
    ScoreSettings,
    SelectSettings,
    ServeSettings,
    Settings,
    StudySettings,
    SynthesizeSettings,
    TrainSettings,
)
from judgekit.errors import SettingsError
from judgekit.workspace.layout import SETTINGS_FILE, find_root, user_settings_file

VERBS: dict[str, type[Settings]] = {
    "ingest": IngestSettings,
    "check": CheckSettings,
    "plan": PlanSettings,
    "synthesize": SynthesizeSettings,
    "train": TrainSettings,
    "score": ScoreSettings,
    "evaluate": EvaluateSettings,
    "estimate": EstimateSettings,
    "gate": GateSettings,
    "select": SelectSettings,
    "report": EvaluateSettings,
    "export": ExportSettings,
    "serve": ServeSettings,
    "study": StudySettings,
}


def read_defaults(workspace: Path | None) -> dict[str, dict[str, Any]]:
    """The settings of each verb that the files give; empty where there are none.

    Args:
        workspace: the --workspace option.

    Raises:
        SettingsError: a file is not valid TOML, names a verb or setting that does not exist or may not stand there, or
            a value is out of range.
        WorkspaceError: the workspace that was found belongs to another user.
    """
    own, place = _read(user_settings_file(), is_own=True), _read(find_root(workspace) / SETTINGS_FILE, is_own=False)
    return {verb: {**own.get(verb, {}), **place.get(verb, {})} for verb in own.keys() | place.keys()}


def workspace_settings(root: Path, verb: str) -> dict[str, Any]:
    """The settings of a verb that the file of a workspace gives, for a person to see."""
    return _read(root / SETTINGS_FILE, is_own=False).get(verb, {})


def _read(path: Path, *, is_own: bool) -> dict[str, dict[str, Any]]:
    """The tables of one file; of the user's own, or of a workspace."""
    if not path.is_file():
        return {}
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
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
        code, outside = values.keys() & VERBS[verb].running_code(), VERBS[verb].reaching_out(values)
        for name in sorted(code | outside) if not is_own else ():
            flag, what = "--" + name.replace("_", "-"), "let code run" if name in code else "reach the network"
            problems.append(
                f"[{verb}] {name}: a workspace, which may come from anybody, cannot {what}; give {flag} with the "
                f"command, or set it in your own file, {user_settings_file()}"
            )
    if problems:
        raise SettingsError(f"{path} cannot be used:", problems=problems)
    return tables
