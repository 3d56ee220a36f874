"""The checkpoint of an unfinished training run: one safetensors file and what it belongs to."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from judgekit.errors import WorkspaceError
from judgekit.training.loop import LoopState
from judgekit.workspace.atomic import move_folder, replaced_file
from judgekit.workspace.manifest import read_stamped, stamp, write_json

RUN_FILE = "run.json"
STATE_FILE = "state.safetensors"


class Checkpoint:
    """The folder of one unfinished run; every write is whole or not at all.

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
        return self.is_started and (self.folder / STATE_FILE).is_file()

    def start(self, run: dict[str, Any]) -> None:
        """Begin a run anew: forget what was there, note what the run is made of."""
        self.discard()
        folder = self._beside("new")
        folder.mkdir(parents=True)
        write_json(folder / RUN_FILE, stamp(run))
        move_folder(folder, self.folder)

    def run(self) -> dict[str, Any]:
        """What `start` noted.

        Raises:
            WorkspaceError: the file is damaged or of a newer judgekit.
        """
        return read_stamped(self.folder / RUN_FILE)

    def save(self, state: LoopState) -> None:
        """Keep the state of the run; tensors and progress in one file, so that they cannot disagree."""
        with replaced_file(self.folder / STATE_FILE) as path:
            save_file(state.tensors, path, metadata={"progress": json.dumps(state.progress())})

    def load(self) -> LoopState | None:
        """The state that `save` kept last; None if the run ended before it kept one.

        Raises:
            WorkspaceError: the file is damaged.
        """
        path = self.folder / STATE_FILE
        if not path.is_file():
            return None
        try:
            with safe_open(path, framework="pt") as file:
                progress = json.loads(file.metadata()["progress"])
            return LoopState(**progress, tensors=load_file(path))
        except SafetensorError as error:
            raise WorkspaceError(
                f"{path} cannot be read: {error}.", hint="Start the training anew with --force."
            ) from error

    def discard(self) -> None:
        """Delete the folder; a kill on the way leaves no half of it in its place."""
        gone = self._beside("discarded")
        if self.folder.exists():
            self.folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def _beside(self, word: str) -> Path:
        return self.folder.with_name(f"{word}-{self.folder.name}-{uuid4().hex[:8]}")
