"""What a shell may complete: names of what the workspace holds, from its folders alone, so that it answers at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import typer

from judgekit.errors import WorkspaceError
from judgekit.workspace.layout import DATASETS_FOLDER, JUDGES_FOLDER, STUDIES, find_root, stored_names


def _names_in(part: str) -> Callable[[typer.Context, str], list[str]]:
    def complete(context: typer.Context, incomplete: str) -> list[str]:
        folder = context.params.get("workspace") or context.find_root().params.get("workspace")
        try:
            names = stored_names(find_root(None if folder is None else Path(folder)), part)
        except WorkspaceError:  # somebody else's; the command itself says so
            return []
        return [name for name in names if name.startswith(incomplete)]

    return complete


dataset_names, judge_names, study_names = map(_names_in, (DATASETS_FOLDER, JUDGES_FOLDER, STUDIES))
