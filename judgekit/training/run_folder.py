"""The folder of an unfinished training run: what the run is made of, and whether it is finished after all.

This file loads no torch, so that `show` can list the runs; their states are read in `checkpoints`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

from judgekit.config import TrainSettings
from judgekit.config.training import BEFORE_FOLDS
from judgekit.errors import WorkspaceError
from judgekit.models.identity import BackboneIdentity
from judgekit.workspace.atomic import move_folder
from judgekit.workspace.claims import claimed, remove
from judgekit.workspace.manifest import Manifest
from judgekit.workspace.store import Workspace

RUN_FILE = "run.json"
STATE_FILE = "state.safetensors"
STAGES_FOLDER = "stages"
"""Of a generative training: a folder for each of its stages, with the checkpoints of TRL's trainer."""
INITIAL_FILE = "initial.safetensors"
"""The adapter that a training began with, where it was not a fresh one."""
WHOLE_FILE = "whole"
"""Stands in a checkpoint that was written to its end."""


def _without_folds(values: dict[str, Any]) -> dict[str, Any]:
    """Version 1 knew neither folds nor a probe."""
    then = values.get("settings")
    return {**values, "settings": {**BEFORE_FOLDS, **then} if isinstance(then, dict) else then}


class RunManifest(Manifest):
    """What a run is made of; it can only go on with the same."""

    VERSION = 2
    UPGRADES: ClassVar = (_without_folds,)

    dataset: str
    content_hash: str
    """Of the dataset's items."""
    template: str
    """Source of the dataset's template."""
    backbone: BackboneIdentity
    settings: TrainSettings
    force: bool
    """Whether the judge of that name may be replaced."""
    run_id: str
    """The judge's manifest names it: then the run is finished."""


def newest_whole(folder: Path) -> Path | None:
    """The checkpoint of a stage that it goes on from; None where there is none."""
    found = [path.parent for path in folder.glob(f"checkpoint-*/{WHOLE_FILE}")]
    return max(found, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


class RunFolder:
    """The folder of one unfinished run. What is written into it is there in full or not at all.

    Args:
        folder: where it lies; need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def is_started(self) -> bool:
        """Whether there is a run to resume, be it from its very beginning."""
        return (self.folder / RUN_FILE).is_file()

    @property
    def has_state(self) -> bool:
        """Whether there is work that starting anew would lose."""
        if not self.is_started:
            return False
        return (self.folder / STATE_FILE).is_file() or any(self.folder.glob(f"{STAGES_FOLDER}/*/*/{WHOLE_FILE}"))

    def start(self, manifest: RunManifest) -> None:
        """Begin a run anew, and forget what was there."""
        self.discard()
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with claimed(lambda word: self._beside("new", word), Path.mkdir) as folder:
            try:
                manifest.write(folder / RUN_FILE)
                move_folder(folder, self.folder)
            finally:
                remove(folder)

    def manifest(self) -> RunManifest:
        """What the run is made of.

        Raises:
            WorkspaceError: the file is damaged or of a newer judgekit.
        """
        return RunManifest.read(self.folder / RUN_FILE)

    def allow_replacing(self) -> RunManifest:
        """Let the run replace a judge, which it was not started to do."""
        manifest = self.manifest().model_copy(update={"force": True})
        manifest.write(self.folder / RUN_FILE)
        return manifest

    def discard(self) -> None:
        """Delete the folder; a kill on the way leaves no half of it in its place."""
        gone = self._beside("discarded", uuid4().hex[:8])
        with suppress(FileNotFoundError):  # another process may delete it too
            self.folder.rename(gone)
        remove(gone)

    def _beside(self, word: str, end: str) -> Path:
        return self.folder.with_name(f"{word}-{self.folder.name}-{end}")


def unfinished(place: Workspace, finished: Mapping[str, str | None]) -> dict[str, RunFolder]:
    """The runs that can be resumed, by the name of their judge.

    A run that was killed after its judge was committed and before its checkpoint was discarded is finished: the judge's
    manifest names it. Its folder is discarded here.

    Args:
        place: the workspace.
        finished: the run that made each judge that is there, by the judge's name.
    """
    found = {name: RunFolder(place.run_folder(name)) for name in place.unfinished_runs()}
    found = {name: run for name, run in found.items() if run.is_started}
    for name in found.keys() & finished.keys():
        with suppress(WorkspaceError):  # a damaged run is listed, and says what is wrong with it when it is resumed
            if finished[name] == found[name].manifest().run_id:
                found.pop(name).discard()
    return found
