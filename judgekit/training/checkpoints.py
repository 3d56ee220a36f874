"""The checkpoint of an unfinished training run: one safetensors file beside the manifest of what it belongs to."""

from __future__ import annotations

import json

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from judgekit.errors import WorkspaceError
from judgekit.training.run_folder import STATE_FILE, RunFolder
from judgekit.training.state import LoopState
from judgekit.workspace.atomic import replaced_file


class Checkpoint(RunFolder):
    """The folder of an unfinished run with the state of its training."""

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
