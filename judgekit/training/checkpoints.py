"""The checkpoint of an unfinished training run: one safetensors file beside the manifest of what it belongs to."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from judgekit.errors import WorkspaceError
from judgekit.training.run_folder import STATE_FILE, RunFolder
from judgekit.training.stages import Readings
from judgekit.training.state import LoopState
from judgekit.workspace.atomic import replaced_file

_READING = "reading/"
_FOLD_FILE = "fold-{}.safetensors"


def _is_reading(name: str) -> bool:
    return name.startswith(_READING)


class Checkpoint(RunFolder):
    """The folder of an unfinished run with the state of its training."""

    def save(self, state: LoopState) -> None:
        """Keep the state of the run; tensors and progress in one file, so that they cannot disagree."""
        with replaced_file(self.folder / STATE_FILE) as path:
            readings = {f"{_READING}{n}": torch.from_numpy(one) for n, one in enumerate(state.readings)}
            save_file(state.tensors | readings, path, metadata={"progress": json.dumps(state.progress())})

    def load(self, stage: int) -> LoopState | None:
        """The state of a stage that `save` kept last; None if that stage ended before it kept one, or is over.

        Raises:
            WorkspaceError: the file is damaged.
        """
        path = self.folder / STATE_FILE
        if not path.is_file():
            return None
        try:
            with safe_open(path, framework="pt") as file:
                progress = json.loads(file.metadata()["progress"])
            if progress.get("stage", 0) != stage:  # an older judgekit had one stage
                return None
            tensors = load_file(path)
        except SafetensorError as error:
            raise _damaged(path, error) from error
        readings = [tensors.pop(f"{_READING}{n}").numpy() for n in range(sum(map(_is_reading, tensors)))]
        return LoopState(**progress, readings=readings, tensors=tensors)

    def readings(self, fold: int) -> Readings | None:
        """What a finished fold read of its held-out items, `[E, N, K]`; None if it is not finished.

        Raises:
            WorkspaceError: the file is damaged.
        """
        path = self.folder / _FOLD_FILE.format(fold)
        if not path.is_file():
            return None
        try:
            return load_file(path)[_READING].numpy()
        except (SafetensorError, KeyError) as error:
            raise _damaged(path, error) from error

    def save_readings(self, fold: int, readings: Readings) -> None:
        """Keep what a finished fold read, from which on its state is not needed."""
        with replaced_file(self.folder / _FOLD_FILE.format(fold)) as path:
            save_file({_READING: torch.from_numpy(readings)}, path)


def _damaged(path: Path, error: Exception) -> WorkspaceError:
    return WorkspaceError(f"{path} cannot be read: {error}.", hint="Start the training anew with --force.")
