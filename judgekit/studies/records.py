"""The folder of a study: what it is made of, and one finished run after the other. A kill loses the run it interrupts.

studies/<name>/
  manifest.json       dataset, template, backbone and settings; written first
  runs/<key>.npy      label logits of a run on the test items, float32 `[N, K]`
  runs/<key>.json     its settings and figures; written last: a run without it is not there
  report.html  table.md  runs.csv
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.errors import WorkspaceError
from judgekit.studies.manifest import FinishedRun, StudyManifest, TrainingFigures
from judgekit.workspace.atomic import replaced_file
from judgekit.workspace.layout import MANIFEST_FILE

RUNS_FOLDER = "runs"
REPORT_FILES = ("report.html", "table.md", "runs.csv")
_COLUMNS = (
    "seed", "key", "kl", "accuracy", "validation_kl", "temperature", "label_mass", "training_items", "per_item",
    "epochs", "learning_rate", "steps", "best_step", "seconds", "items_per_second", "peak_memory", "alpha", "epsilon",
    "adversary",
)  # fmt: skip


class Record(NamedTuple):
    """A finished run."""

    run: FinishedRun
    logits: NDArray[np.float32]
    """On the test items, after calibration, `[N, K]`."""


class Records:
    """The finished runs of one study.

    Args:
        folder: where they lie; need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, manifest: StudyManifest, *, force: bool) -> None:
        """Begin the study, or go on with the one that is there.

        Args:
            manifest: what its runs have in common.
            force: forget what is there.

        Raises:
            WorkspaceError: what is there was made of something else.
        """
        path = self.folder / MANIFEST_FILE
        if force:
            path.unlink(missing_ok=True)  # first: without it the rest is nothing
        if not path.is_file():
            self._forget()
            (self.folder / RUNS_FOLDER).mkdir(parents=True, exist_ok=True)
            manifest.write(path)
        elif changed := StudyManifest.read(path).changed_in(manifest):
            raise WorkspaceError(
                f"The study {self.folder.name!r} was started with something else; these differ:",
                problems=changed,
                hint="Give this study a --name of its own, or start that one anew with --force.",
            )

    def _forget(self) -> None:
        """Delete what a study writes, and nothing else that lies in its folder."""
        own = [*(self.folder / RUNS_FOLDER).glob("*.json"), *(self.folder / RUNS_FOLDER).glob("*.npy")]
        for path in (*own, *(self.folder / name for name in REPORT_FILES)):
            path.unlink(missing_ok=True)

    def has(self, key: str) -> bool:
        """Whether a run is finished."""
        return self._path(key).is_file()

    def save(self, record: Record) -> None:
        """Keep a finished run."""
        path = self._path(record.run.key)
        with replaced_file(path.with_suffix(".npy")) as logits:
            np.save(logits, record.logits, allow_pickle=False)
        record.run.write(path)

    def load(self, key: str, shape: tuple[int, ...] | None = None) -> Record:
        """A finished run; `shape` of its logits is `[N, K]`, None where that is not known.

        Raises:
            WorkspaceError: its files are damaged.
        """
        path = self._path(key).with_suffix(".npy")
        run = FinishedRun.read(self._path(key))
        try:
            logits = np.load(path, allow_pickle=False)
            if logits.dtype != np.float32 or logits.shape != (shape or logits.shape) or not np.isfinite(logits).all():
                raise ValueError(f"finite logits of the shape {shape} are expected")
            return Record(run, logits)
        except (OSError, ValueError, EOFError) as error:
            raise WorkspaceError(
                f"{path} cannot be read: {error}.", hint=f"Delete {self._path(key)}; the study makes that run again."
            ) from error

    def _path(self, key: str) -> Path:
        return self.folder / RUNS_FOLDER / f"{key}.json"


def runs_table(variants: Mapping[str, Sequence[Record]]) -> str:
    """The runs as CSV, one row per variant and seed; runs that several variants share have one key."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["variant", *_COLUMNS])
    for name, records in variants.items():
        for run, _ in records:
            training = dict.fromkeys(TrainingFigures.model_fields) if run.training is None else run.training.to_json()
            cells = {**run.settings.to_json(), **run.to_json(), **training, "temperature": run.calibration.temperature}
            writer.writerow([name, *(cells[column] for column in _COLUMNS)])
    return text.getvalue()
