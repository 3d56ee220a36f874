"""JSON files that say what a folder holds. The manifest is written last: a folder without one is unfinished."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from judgekit.errors import WorkspaceError
from judgekit.workspace import atomic

FORMAT_VERSION = 1


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write a mapping as readable JSON, whole or not at all."""
    atomic.write_text(path, json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        WorkspaceError: the file is missing, or does not hold a JSON object; it is never replaced in silence.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise WorkspaceError(f"{path} is missing.") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise WorkspaceError(
            f"{path} is not readable JSON: {error}.", hint="Restore it from a copy, or delete its folder."
        ) from error
    if not isinstance(values, dict):
        raise WorkspaceError(f"{path} holds no JSON object.", hint="Restore it from a copy, or delete its folder.")
    return cast("dict[str, Any]", values)


def stamp(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` below the format version and the time of writing (UTC, ISO 8601)."""
    created = datetime.now(UTC).isoformat(timespec="microseconds")
    return {"format_version": FORMAT_VERSION, "created": created, **values}


def read_stamped(path: Path) -> dict[str, Any]:
    """Read what `stamp` wrote.

    Raises:
        WorkspaceError: the file was written by a newer judgekit, or has no format version.
    """
    values = read_json(path)
    version = values.get("format_version")
    if not isinstance(version, int):
        raise WorkspaceError(f"{path} has no format version.", hint="Restore it from a copy, or delete its folder.")
    if version > FORMAT_VERSION:
        raise WorkspaceError(
            f"{path} has format version {version}; this judgekit reads up to {FORMAT_VERSION}.",
            hint="Update judgekit: pip install --upgrade annotation-judgekit",
        )
    return values
