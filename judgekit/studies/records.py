"""The folder of a study: what it is made of, and one finished run after the other. A kill loses the run it interrupts.

studies/<name>/
  manifest.json       dataset, template, backbone and settings; written first
  runs/<key>.npy      label logits of a run on the test items, float32 `[N, K]`
  runs/<key>.json     its settings and figures; written last: a run without it is not there
  report.html  table.md  runs.csv
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.errors import WorkspaceError
from judgekit.workspace.atomic import replaced_file
from judgekit.workspace.layout import MANIFEST_FILE
from judgekit.workspace.manifest import read_stamped, stamp, write_json

RUNS_FOLDER = "runs"
_WORDS = {
    "content_hash": "the items of the dataset",
    "dataset": "the dataset",
    "template": "its template",
    "backbone": "the backbone",
}


class Record(NamedTuple):
    """A finished run."""

    facts: dict[str, Any]
    logits: NDArray[np.float32]
    """On the test items, after calibration, `[N, K]`."""


class Records:
    """The finished runs of one study.

    Args:
        folder: where they lie; need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, facts: dict[str, Any], *, force: bool) -> None:
        """Begin the study, or go on with the one that is there.

        Args:
            facts: `dataset`, `content_hash`, `template`, `backbone` and `settings`, as JSON values.
            force: forget what is there.

        Raises:
            WorkspaceError: what is there was made of something else.
        """
        manifest = self.folder / MANIFEST_FILE
        facts = json.loads(json.dumps(facts))  # tuples become lists, as in the file
        if force:
            manifest.unlink(missing_ok=True)  # first: without it the rest is nothing
        if not manifest.is_file():
            shutil.rmtree(self.folder, ignore_errors=True)
            (self.folder / RUNS_FOLDER).mkdir(parents=True)
            write_json(manifest, stamp(facts))
            return
        found = read_stamped(manifest)
        changed = [words for key, words in _WORDS.items() if found[key] != facts[key]]
        then, now = found["settings"], facts["settings"]
        changed += [
            f"--{key.replace('_', '-')}: {then.get(key)} then, {now.get(key)} now"
            for key in sorted(then | now)
            if then.get(key) != now.get(key)
        ]
        if changed:
            raise WorkspaceError(
                f"The study {self.folder.name!r} was started with something else; these differ:",
                problems=changed,
                hint="Give this study a --name of its own, or start that one anew with --force.",
            )

    def has(self, key: str) -> bool:
        """Whether a run is finished."""
        return self._path(key).is_file()

    def save(self, key: str, record: Record) -> None:
        """Keep a finished run."""
        with replaced_file(self._path(key).with_suffix(".npy")) as path:
            np.save(path, record.logits, allow_pickle=False)
        write_json(self._path(key), stamp(record.facts))

    def load(self, key: str) -> Record:
        """A finished run.

        Raises:
            WorkspaceError: its files are damaged.
        """
        path = self._path(key).with_suffix(".npy")
        facts = read_stamped(self._path(key))
        try:
            return Record(facts, np.load(path, allow_pickle=False))
        except (OSError, ValueError, EOFError) as error:
            raise WorkspaceError(
                f"{path} cannot be read: {error}.", hint=f"Delete {self._path(key)}; the study makes that run again."
            ) from error

    def _path(self, key: str) -> Path:
        return self.folder / RUNS_FOLDER / f"{key}.json"
