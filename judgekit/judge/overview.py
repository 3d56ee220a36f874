"""What a workspace holds, from the manifests; loads no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from judgekit.core.json_values import json_values
from judgekit.dataset.manifest import DatasetManifest
from judgekit.judge.manifest import JudgeManifest
from judgekit.workspace.store import Damaged, Entry


class WorkspaceContents(NamedTuple):
    """The datasets and judges of a workspace, oldest first, the trainings that were interrupted, and the studies.

    Examples:
        >>> contents = show()
        >>> [(entry.name, entry.manifest.items) for entry in contents.datasets]
        [('votes', 60)]
    """

    workspace: Path
    datasets: list[Entry[DatasetManifest]]
    judges: list[Entry[JudgeManifest]]
    unfinished: list[str]
    studies: list[str]
    damaged: list[Damaged]
    """Datasets and judges that cannot be read, which the lists above lack."""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        found = {
            kind: [{"name": entry.name, **entry.manifest.to_json()} for entry in entries]
            for kind, entries in (("datasets", self.datasets), ("judges", self.judges))
        }
        return json_values({**self._asdict(), **found})
